"""TLS over a connection, driven by the protocol itself through memory buffers.

The event loops' own TLS transports cost four to five times as much per request. What is left is OpenSSL's: of the
2.7 us that a request and its answer cost here nearly all are spent in it, whatever the size of the buffers. On a socket
of its own it would read twice for every record, header and content, where the event loop reads once.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, ClassVar

from perftui.engine.clients.failures import tls_error
from perftui.engine.clients.stream import StreamLane
from perftui.model.errors import UsageError
from perftui.model.plan import Tls

_READ_BYTES = 64 * 1024


def client_context(settings: Tls, speaks: str = "http/1.1") -> ssl.SSLContext:
    """The TLS settings of a target: verification against the system's or a private CA, client certificate.

    Args:
        settings: of the target.
        speaks: protocol that is offered to the server; empty: none is.

    Raises:
        UsageError: a certificate or key cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        raise UsageError(f"target.tls.ca_file: cannot use {settings.ca_file!r}: {error}") from error
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert_file:
        encrypted = UsageError(
            f"target.tls.key_file: {settings.key_file or settings.cert_file!r} asks for a pass phrase, and nobody is "
            "asked; use a key without one, that only you can read: openssl pkey -in KEY -out NEW"
        )

        def refuse() -> str:
            raise encrypted

        try:
            # without a function of ours OpenSSL asks at the terminal, of every process, and waits
            context.load_cert_chain(settings.cert_file, settings.key_file or None, password=refuse)
        except OSError as error:
            raise UsageError(f"target.tls.cert_file: cannot use {settings.cert_file!r}: {error}") from error
    if speaks:
        context.set_alpn_protocols([speaks])
    return context


class TlsLane(StreamLane):
    """What makes the bytes of a connection encrypted ones: stands before the connection's own class.

    It has no fields of its own, because two bases cannot both have some: they are StreamLane's.
    """

    __slots__ = ()

    _take_plain: ClassVar[Callable[[TlsLane, bytes, int], None]]

    def __init_subclass__(cls) -> None:
        """Find what takes the decrypted bytes once: asked for at every answer, `super()` costs more than the call."""
        super().__init_subclass__()
        cls._take_plain = super().take

    def use_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """Speak TLS from the first byte on; called once, before the connection opens."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        core: Any = getattr(self._tls, "_sslobj", self._tls)  # does the same without a call of Python around each
        self._decrypt, self._encrypt = core.read, core.write
        self._ready = False
        self._began_ns = 0

    def established(self) -> None:
        """The bytes flow: begin the handshake; the request follows it."""
        self._began_ns = perf_counter_ns()
        self._shake_hands()

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except (ssl.SSLError, ssl.CertificateError) as error:
            self._flush()  # the alert tells the server why
            self.fail(*tls_error(error))
            return
        self._ready = True
        self.tls_ns = perf_counter_ns() - self._began_ns
        if self.operation is None:
            self.close()
        else:
            super().established()

    def _flush(self) -> None:
        if self._outgoing.pending and self.transport is not None:
            self.transport.write(self._outgoing.read())

    def writing_to(self, transport: asyncio.Transport) -> Callable[[bytes], None]:
        """Encrypt and hand to the transport."""
        encrypt, encrypted, hand_over = self._encrypt, self._outgoing.read, super().writing_to(transport)

        def write(data: bytes) -> None:
            encrypt(data)
            hand_over(encrypted())

        return write

    def take(self, data: bytes, now_ns: int) -> None:
        """Encrypted bytes. What they hold is handed on in one piece: the short way needs a whole response."""
        self._incoming.write(data)
        if not self._ready:
            self._shake_hands()
            if not self._ready:
                return
        decrypt, incoming = self._decrypt, self._incoming
        plain = b""
        ended = False
        try:
            plain = decrypt(_READ_BYTES)
            ended = not plain
            while incoming.pending and not ended:
                piece = decrypt(_READ_BYTES)
                ended = not piece
                plain += piece
        except ssl.SSLWantReadError:
            pass  # the rest of a record is still to come
        except ssl.SSLZeroReturnError:
            ended = True
        except ssl.SSLError as error:
            self.fail(*tls_error(error))
            return
        if plain:
            self._take_plain(plain, now_ns)
        if self._outgoing.pending:  # an answer to a key update
            self._flush()
        if ended and self.transport is not None:
            self.transport.close()

    def lost(self, exc: Exception | None) -> None:
        """The connection ended, perhaps before the handshake did."""
        if self._ready or self.transport is None or self.operation is None:
            super().lost(exc)
        else:
            self.pool.forget(self)
            self.fail("tls.other", "connection closed during the handshake")

    def waiting_for(self) -> str:
        """The error class of a deadline that passes now."""
        return super().waiting_for() if self._ready or self.transport is None else "tls.timeout"
