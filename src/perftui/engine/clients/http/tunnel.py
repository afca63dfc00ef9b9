"""TLS through a forward proxy: a CONNECT tunnel before the handshake. Plain requests need only another request line."""

from __future__ import annotations

import ssl

from perftui.engine.clients.http.pool import HttpPool
from perftui.engine.clients.http.reader import MOST_HEAD_BYTES
from perftui.engine.clients.http.secure import TlsConnection
from perftui.engine.clients.http.target import Endpoint
from perftui.model.text import safe_text


class TunnelConnection(TlsConnection):
    """A TLS connection whose first exchange is with the proxy."""

    __slots__ = ("_answer", "_open", "_request")

    def __init__(self, pool: HttpPool, context: ssl.SSLContext, server_name: str, endpoint: Endpoint) -> None:
        super().__init__(pool, context, server_name)
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        authority = f"{host}:{endpoint.port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        if endpoint.proxy is not None and endpoint.proxy.authorization:
            lines.append(f"Proxy-Authorization: {endpoint.proxy.authorization}")
        self._request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self._answer = b""
        self._open = False

    def established(self) -> None:
        """The proxy is there, or the tunnel through it is ready for requests."""
        if self._open:
            super().established()
        elif self.transport is not None:
            self.transport.write(self._request)

    def take(self, data: bytes, now_ns: int) -> None:
        """The proxy's answer first, then encrypted bytes."""
        if self._open:
            super().take(data, now_ns)
            return
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._answer) > MOST_HEAD_BYTES:
                self.fail("proxy", "the proxy's answer does not end")
            return
        words = self._answer[:end].split(b"\r\n", 1)[0].split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].startswith(b"2"):
            line = self._answer[:end].split(b"\r\n", 1)[0].decode("latin-1")
            self.fail("proxy", f"the proxy answered {safe_text(line, 80)}")
            return
        rest = self._answer[end + 4 :]
        self._open = True
        super().established()
        if rest:
            super().take(rest, now_ns)

    def lost(self, exc: Exception | None) -> None:
        """The connection ended, perhaps before the tunnel was open."""
        if not self._open and self.transport is not None and self.operation is not None:
            self.pool.forget(self)
            self.fail("proxy", "the proxy closed the connection")
        else:
            super().lost(exc)
