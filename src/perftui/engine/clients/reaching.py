"""Whether the target takes connections, before the first request."""

from __future__ import annotations

import errno
import os

import anyio

from perftui.engine.clients.client import Addresses
from perftui.model.errors import UnreachableError
from perftui.model.plan import Target
from perftui.model.text import safe_text

CONNECT_S = 5.0


async def check_reachable(target: Target, addresses: Addresses) -> Addresses:
    """Connect once to each address, without sending anything, and say which took the connection.

    A name often means addresses of both families while the server listens on one: the others are not used.

    Raises:
        UnreachableError: no address takes a connection.
    """
    problems: dict[tuple[str, int], str] = {}

    async def try_out(host: str, port: int) -> None:
        problem = await _problem_of(target, host, port)
        if problem:
            problems[host, port] = problem

    tried = addresses or (("", 0),)
    async with anyio.create_task_group() as tasks:
        for host, port in tried:
            tasks.start_soon(try_out, host, port)
    if len(problems) == len(tried):
        raise UnreachableError(problems[tried[0]])
    return tuple(address for address in addresses if address not in problems)


async def _problem_of(target: Target, host: str, port: int) -> str:
    url = shown_url(target)
    limit_s = min(CONNECT_S, max(target.timeout_s, 0.1))
    try:
        with anyio.fail_after(limit_s):
            if target.unix_socket:
                stream: anyio.abc.ByteStream = await anyio.connect_unix(target.unix_socket)
            else:
                stream = await anyio.connect_tcp(host, port)
            await stream.aclose()
    except TimeoutError:
        return f"{url}: does not answer within {limit_s:g} s ({host}); check the address, or a firewall"
    except OSError as error:
        return _words(url, error)
    return ""


def _words(url: str, error: OSError) -> str:
    causes = [error, error.__cause__, *getattr(error.__cause__, "exceptions", ())]
    number = next((cause.errno for cause in causes if isinstance(cause, OSError) and (cause.errno or 0) > 0), None)
    if number == errno.ECONNREFUSED:
        return f"{url}: refuses connections; is the server running, and is the port right?"
    if number in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        return f"{url}: there is no route to it; check the network"
    # an address that is none has a number of its own, which is none of the system's
    said = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), str(error))
    return f"{url}: cannot be reached: {os.strerror(number) if number else safe_text(said)}"


def shown_url(target: Target) -> str:
    """The URL that connections go to, without what must not be shown."""
    return safe_text(_without_password(target.proxy or target.url))


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
