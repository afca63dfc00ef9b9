"""One connection to Memcached: lines, and values of a length that a line says."""

from __future__ import annotations

from perftui.engine.clients.exchange import MOST_ANSWER_BYTES, ExchangeLane
from perftui.engine.clients.reply import Reply
from perftui.engine.clients.stream_pool import StreamPool
from perftui.engine.clients.tls import TlsLane
from perftui.model.text import safe_text

_MOST_LINE = 2048
_WORDS = frozenset({b"STORED", b"NOT_STORED", b"EXISTS", b"DELETED", b"TOUCHED", b"OK"})
_ABSENT = b"NOT_FOUND"
_REFUSALS = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")


class MemcachedConnection(ExchangeLane):
    """A connection. An answer is a line, or values and the line END."""

    __slots__ = ("_buffer", "_values")

    def __init__(self, pool: StreamPool) -> None:
        super().__init__(pool)
        self._buffer = bytearray()
        self._values: list[str] = []

    def take(self, data: bytes, now_ns: int) -> None:
        """Bytes of an answer."""
        if self.operation is None:  # bytes nobody asked for: the next answer could not be trusted
            self.close()
            return
        if not self._received:
            self.first_ns = now_ns
        self._received += len(data)
        if self._received > MOST_ANSWER_BYTES:
            self.fail("body_too_large", f"more than {MOST_ANSWER_BYTES >> 20} MiB of an answer")
            return
        self._buffer += data
        try:
            self._read(now_ns)
        except ValueError as error:
            self.fail("protocol", safe_text(str(error), 120))

    def _read(self, now_ns: int) -> None:
        """Read line by line until the answer is complete.

        Raises:
            ValueError: it is none.
        """
        buffer = self._buffer
        while (end := buffer.find(b"\r\n", 0, _MOST_LINE)) >= 0:
            line = bytes(buffer[:end])
            if not line.startswith(b"VALUE "):
                del buffer[: end + 2]
                self._end(line, now_ns)
                return
            words = line.split(b" ")
            if len(words) not in {4, 5} or not words[3].isdigit() or len(words[3]) > 9:
                raise ValueError(f"no line of Memcached: {line[:80]!r}")
            after = end + 2 + int(words[3])
            if len(buffer) < after + 2:
                return
            if buffer[after : after + 2] != b"\r\n":
                raise ValueError("a value is longer than its length")
            self._values.append(bytes(buffer[end + 2 : after]).decode("utf-8", "replace"))
            del buffer[: after + 2]
        if len(buffer) >= _MOST_LINE and not buffer.startswith(b"VALUE "):
            raise ValueError("a line that does not end")

    def _end(self, line: bytes, now_ns: int) -> None:
        values, self._values = self._values, []
        kind = line.split(b" ", 1)[0]
        failure = None
        if kind == b"END":
            value: object = values[0] if len(values) == 1 else values or None
            reply = Reply(value, body_bytes=self._received, rows=len(values))
        elif kind in _REFUSALS:
            failure = f"memcached.{kind.decode()}", safe_text(line.decode("utf-8", "replace"), 200)
            reply = Reply(body_bytes=self._received)
        elif line == _ABSENT:
            reply = Reply(body_bytes=self._received, rows=0)
        elif line in _WORDS or line.isdigit() or kind == b"VERSION":
            reply = Reply(int(line) if line.isdigit() else line.decode(), body_bytes=self._received)
        else:
            raise ValueError(f"no line of Memcached: {line[:80]!r}")
        keeps = not self._buffer and kind != b"ERROR"
        self._finish(reply, failure, now_ns, keeps=keeps)


class MemcachedTlsConnection(TlsLane, MemcachedConnection):
    """A connection whose bytes are encrypted."""

    __slots__ = ()


class MemcachedPool(StreamPool):
    """A pool whose lanes are connections to Memcached."""

    plain = MemcachedConnection
    encrypted = MemcachedTlsConnection
    encrypted_scheme = "memcacheds"
