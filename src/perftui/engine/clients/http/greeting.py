"""Whether a port speaks TLS at all, before a load of requests finds out that it does not."""

from __future__ import annotations

import contextlib
import ssl

import anyio
from anyio.streams.tls import TLSStream

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.http.target import Endpoint
from perftui.model.errors import UnreachableError
from perftui.model.plan import Target

_GREETING_S = 5.0
_HTTP = b"HTTP/"
_PLAIN = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"}
"""What OpenSSL calls the first bytes of an answer that is no TLS."""


async def check_tls(target: Target, addresses: Addresses) -> None:
    """Begin TLS once. Whether the certificate is right is the load's to find out, and to count.

    Raises:
        UnreachableError: the port answers in plain text.
    """
    endpoint = Endpoint.of(target)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    reason = ""
    with anyio.move_on_after(min(_GREETING_S, target.timeout_s)):
        try:
            async with await _connected(endpoint, addresses) as stream:
                await TLSStream.wrap(stream, server_side=False, ssl_context=context, hostname=endpoint.host)
        except ssl.SSLError as error:
            reason = error.reason or ""
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
            return  # it hangs up: for the load to count
    if reason in _PLAIN:
        url = target.url.partition("://")[2]
        if await _speaks_http(endpoint, addresses, target.timeout_s):
            raise UnreachableError(f"{target.url}: this port speaks plain HTTP, not TLS: try http://{url}")
        raise UnreachableError(f"{target.url}: this port speaks neither TLS nor HTTP: is it the right one?")


async def _connected(endpoint: Endpoint, addresses: Addresses) -> anyio.abc.SocketStream:
    if endpoint.unix_socket:
        return await anyio.connect_unix(endpoint.unix_socket)
    return await anyio.connect_tcp(*addresses[0])


async def _speaks_http(endpoint: Endpoint, addresses: Addresses, timeout_s: float) -> bool:
    """Ask in plain text for what no server has to look up: a request that asks for nothing."""
    answer = b""
    with anyio.move_on_after(min(_GREETING_S, timeout_s)):
        with contextlib.suppress(OSError, anyio.BrokenResourceError, anyio.EndOfStream):
            async with await _connected(endpoint, addresses) as stream:
                await stream.send(f"OPTIONS * HTTP/1.1\r\nHost: {endpoint.host_header}\r\n\r\n".encode())
                while len(answer) < len(_HTTP):
                    answer += await stream.receive(len(_HTTP) - len(answer))
    return answer == _HTTP
