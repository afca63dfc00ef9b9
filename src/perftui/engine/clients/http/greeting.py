"""Whether a port speaks TLS at all, before a load of requests finds out that it does not."""

from __future__ import annotations

import ssl

import anyio
from anyio.streams.tls import TLSStream

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.http.target import Endpoint
from perftui.model.errors import UnreachableError
from perftui.model.plan import Target

_GREETING_S = 5.0
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
            if endpoint.unix_socket:
                stream: anyio.abc.ByteStream = await anyio.connect_unix(endpoint.unix_socket)
            else:
                stream = await anyio.connect_tcp(*addresses[0])
            async with stream:
                await TLSStream.wrap(stream, server_side=False, ssl_context=context, hostname=endpoint.host)
        except ssl.SSLError as error:
            reason = error.reason or ""
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
            return  # it hangs up: for the load to count
    if reason in _PLAIN:
        url = target.url.partition("://")[2]
        raise UnreachableError(f"{target.url}: this port speaks plain HTTP, not TLS: try http://{url}")
