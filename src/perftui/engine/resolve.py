"""The target's addresses, looked up before the start: no name is resolved in the timed path."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import anyio

from perftui.model.errors import UnreachableError, UsageError
from perftui.model.plan import Plan
from perftui.model.text import safe_text

LOOK_UP_S = 10.0
_PORTS = {"http": 80, "https": 443}

Addresses = tuple[tuple[str, int], ...]


def connects_to(plan: Plan) -> str:
    """The URL that connections are made to: the proxy's, or the target's."""
    return plan.target.proxy or plan.target.url


def host_and_port(url: str) -> tuple[str, int]:
    """Host and port of a URL.

    Raises:
        UsageError: it has no host, or its port is no port.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{safe_text(url)}: {error}") from error
    if not host:
        raise UsageError(f"{safe_text(url)}: has no host; write it as http://HOST:PORT")
    return host, port if port is not None else _PORTS.get(parts.scheme, 80)


async def resolve(plan: Plan) -> Addresses:
    """Address and port of every address of the host that connections go to; empty with a Unix socket.

    Raises:
        UnreachableError: the name is unknown, or the look-up fails or takes longer than 10 s.
        UsageError: the URL has no host.
    """
    if plan.target.unix_socket:
        return ()
    host, port = host_and_port(connects_to(plan))
    try:
        return ((str(ipaddress.ip_address(host)), port),)
    except ValueError:
        pass  # a name, not an address
    shown = safe_text(host)
    try:
        with anyio.fail_after(LOOK_UP_S):
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise UnreachableError(
            f"{shown}: its address was not found within {LOOK_UP_S:.0f} s; check the name server"
        ) from error
    except (OSError, UnicodeError) as error:
        said = (isinstance(error, OSError) and error.strerror) or error
        raise UnreachableError(f"{shown}: its address was not found ({said}); check the name") from error
    addresses = tuple(dict.fromkeys((str(entry[4][0]), port) for entry in found))
    # a server that listens on one family only is common: IPv4 first, the same way on every machine
    return tuple(sorted(addresses, key=lambda address: ":" in address[0]))
