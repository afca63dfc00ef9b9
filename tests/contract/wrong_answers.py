"""What stores say when they are wrong, protocol by protocol: the same attacks on each, and some that only one knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack

from support.wrong_server import Answer, cut_after, drip, flood, say, silence

CUT, PROTOCOL, TIMEOUT, LARGE = ({"closed", "reset"}, {"protocol"}, {"timeout"}, {"body_too_large"})
Wrong = tuple[str, Answer, set[str]]
"""A name, an answer, and the error classes that it may end under; none: it is fine."""


@dataclass(frozen=True)
class Store:
    """One protocol. `good` is a whole answer with one value."""

    name: str
    url: str
    operation: str
    check: str
    """What looks into the answer."""
    hello: Mapping[bytes, bytes]
    good: bytes
    middle: int
    """Where in it the value begins."""
    begin: bytes
    """Of an answer without end."""
    piece: Callable[[int], bytes]
    """What goes on and on in it."""
    wrong: Sequence[Wrong] = ()
    """Further ones."""
    greeting: bytes = b""
    beside: frozenset[str] = field(default_factory=frozenset)
    """Classes that a broken answer may have here besides `protocol`."""

    @property
    def answers(self) -> list[Wrong]:
        """All of it."""
        protocol = PROTOCOL | self.beside
        return [
            ("drip", drip(self.good), set()),
            ("cut before the value", cut_after(self.good[: self.middle]), CUT),
            ("cut within the value", cut_after(self.good[: self.middle + 2]), CUT),
            ("cut before the end", cut_after(self.good[:-1]), CUT),
            ("flood", flood(self.begin, self.piece), LARGE),
            ("HTTP", say(b"HTTP/1.1 200 OK\r\n\r\n"), protocol | TIMEOUT),
            ("noise", say(bytes(range(255, 127, -1)) * 40 + b"\r\n"), protocol | TIMEOUT),
            ("half an answer", say(self.good[:-1]), TIMEOUT),
            ("silence", silence, TIMEOUT),
            *self.wrong,
        ]


REDIS = Store(
    name="redis",
    url="redis://127.0.0.1:{port}",
    operation='redis = ["GET", "a"]',
    check="not_nil = true",
    hello={b"PING": b"+PONG\r\n"},
    good=b"$5\r\nhello\r\n",
    middle=4,
    begin=b"$999999999\r\n",
    piece=lambda _: bytes(65536),
    wrong=[
        ("a billion members", say(b"*1000000000\r\n"), PROTOCOL),
        ("a billion within", say(b"*1\r\n*1\r\n*2000000000\r\n"), PROTOCOL),
        ("nested without end", say(b"*1\r\n" * 2000), PROTOCOL),
        ("a length below zero", say(b"$-5\r\n"), PROTOCOL),
        ("a map whose name is a map", say(b"%1\r\n%1\r\n+a\r\n:1\r\n:2\r\n"), PROTOCOL),
        ("an error that is none", say(b"-\x1b]52;c;bad\x07\r\n"), {"redis.other"}),
        ("two answers to one question", say(b"$3\r\none\r\n$3\r\ntwo\r\n"), set()),
    ],
)
MEMCACHED = Store(
    name="memcached",
    url="memcached://127.0.0.1:{port}",
    operation='memcached = ["get", "a"]',
    check="not_nil = true",
    hello={b"get hello": b"END\r\n"},
    good=b"VALUE a 0 5\r\nhello\r\nEND\r\n",
    middle=13,
    begin=b"VALUE a 0 999999999\r\n",
    piece=lambda _: bytes(65536),
    wrong=[
        ("an endless length", say(b"VALUE a 0 99999999999\r\n"), PROTOCOL | LARGE),
        ("longer than said", say(b"VALUE a 0 2\r\nlong\r\nEND\r\n"), PROTOCOL),
        ("another word", say(b"what?\r\n"), PROTOCOL),
        ("a line without end", say(b"x" * 5000), PROTOCOL),
    ],
)


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One of PostgreSQL's."""
    return kind + pack("!i", 4 + len(body)) + body


_DESCRIBED = message(b"1") + message(b"t", b"\0\0") + message(b"T", b"\0\1a\0" + bytes(6) + b"\0\0\0\x19" + bytes(8))
_ROW = message(b"D", b"\0\1\0\0\0\3one")
READY = message(b"Z", b"I")
_SELECTED = _DESCRIBED + message(b"2") + _ROW + message(b"C", b"SELECT 1\0")


def error(severity: bytes, code: bytes) -> bytes:
    """An error of PostgreSQL."""
    return message(b"E", b"S%b\0V%b\0C%b\0Mno\x1b[2J\0\0" % (severity, severity, code))


POSTGRESQL = Store(
    name="postgresql",
    url="postgresql://app@127.0.0.1:{port}/x",
    operation='sql = "select a from b"',
    check="rows = 1",
    hello={
        b"\x04\xd2\x16\x2f": b"N",  # TLS is asked for
        b"\0\3\0\0": message(b"R", bytes(4))
        + message(b"S", b"server_version\x0016.0\0")
        + message(b"S", b"client_encoding\0UTF8\0")
        + message(b"K", bytes(8))
        + READY,
        b"\x04\xd2\x16\x2e": b"",  # to stop a statement
    },
    good=_SELECTED + READY,
    middle=len(_SELECTED) - 18,
    begin=_DESCRIBED + message(b"2"),
    piece=lambda _: message(b"D", b"\0\1" + pack("!i", 1 << 18) + bytes(1 << 18)),
    wrong=[
        ("twice", say(_SELECTED + READY + READY), set()),
        ("a notice before", say(message(b"N", b"") + _SELECTED + READY), set()),
        ("an endless length", say(_DESCRIBED + b"D\x7f\xff\xff\xff"), PROTOCOL),
        ("a length below zero", say(_DESCRIBED + b"D\xff\xff\xff\xff"), PROTOCOL),
        ("a length below its own", say(_DESCRIBED + b"D\0\0\0\3"), PROTOCOL),
        ("ready without an answer", say(READY), PROTOCOL),
        ("ready without an end", say(_SELECTED[:-14] + READY), PROTOCOL),
        ("a row of something else", say(_ROW + READY), PROTOCOL),
        ("a row after the end", say(_SELECTED + _ROW + READY), PROTOCOL),
        ("columns without end", say(message(b"T", b"\xff\xffa\0") + READY), PROTOCOL),
        ("a kind that is none", say(message(b"?", b"") + READY), PROTOCOL),
        ("an error", say(error(b"ERROR", b"42601") + READY), {"sql.42601"}),
        ("an error that is none", say(error(b"ERROR", b"\x1b[2J") + READY), {"sql.other"}),
        ("an error without words", say(message(b"E", b"") + READY), {"sql.other"}),
        ("the end", say(error(b"FATAL", b"57P01")), {"sql.57P01"}),
        ("never ready", say(_SELECTED), TIMEOUT),
    ],
)
