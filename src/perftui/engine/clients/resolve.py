"""The target's addresses, looked up before the start: no name is resolved in the timed path."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import anyio

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.registry import place_of
from perftui.model.errors import UnreachableError
from perftui.model.plan import Target
from perftui.model.text import safe_text

LOOK_UP_S = 10.0


async def resolve(target: Target) -> Addresses:
    """Address and port of every address of the host that connections go to; empty where none is needed (a Unix socket).

    Raises:
        UnreachableError: the name is unknown, or the look-up fails or takes longer than 10 s.
        UsageError: the URL has no host.
    """
    place = place_of(target)
    if place is None:
        return ()
    host, port = place
    try:
        return ((str(ipaddress.ip_address(host)), port),)
    except ValueError:
        pass  # a name, not an address
    shown = safe_text(host)
    try:
        with anyio.fail_after(LOOK_UP_S):
            found = await _look_up(host, port)
    except TimeoutError as error:
        raise UnreachableError(
            f"{shown}: its address was not found within {LOOK_UP_S:.0f} s; check the name server"
        ) from error
    except (OSError, UnicodeError) as error:
        said = (isinstance(error, OSError) and error.strerror) or error
        check = "the name server" if getattr(error, "errno", None) == socket.EAI_AGAIN else "the name"
        raise UnreachableError(f"{shown}: its address was not found ({said}); check {check}") from error
    addresses = tuple(dict.fromkeys((address, port) for address in found))
    # a server that listens on one family only is common: IPv4 first, the same way on every machine
    return tuple(sorted(addresses, key=lambda address: ":" in address[0]))


async def _look_up(host: str, port: int) -> list[str]:
    """The system's addresses of a name, asked for in a thread that nobody waits for.

    A look-up cannot be cancelled, and silent name servers hold it up for half a minute: a program that ends waits for
    the threads of a pool.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def tell(how: Callable[[Any], None], what: object) -> None:
        if not answer.done():
            how(what)

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            told = partial(tell, answer.set_exception, error)
        else:
            told = partial(tell, answer.set_result, [str(entry[4][0]) for entry in found])
        with suppress(RuntimeError):  # the loop is closed: it was too late
            loop.call_soon_threadsafe(told)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    return await answer
