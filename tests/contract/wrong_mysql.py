"""A MySQL server that is wrong: in its greeting, at the log-in, and in every part of a result."""

from __future__ import annotations

from struct import pack

from contract.wrong_answers import CUT, LARGE, PROTOCOL, TIMEOUT, Store, Wrong
from support.wrong_server import Answer, cut_after, flood, say


def packet(number: int, body: bytes) -> bytes:
    """One of its packets."""
    return pack("<i", len(body))[:3] + bytes([number % 256]) + body


OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"
_PLUGIN = b"mysql_native_password\0"


def greeting(plugin: bytes = _PLUGIN) -> bytes:
    """What it begins with: a server of version 8 that knows no TLS."""
    return packet(
        0,
        b"\x0a8.0.36\0" + pack("<i", 7) + b"saltsalt\0" + b"\xff\xf7" + b"\xff" + b"\2\0" + b"\x0f\x80" + b"\x15"
        + bytes(10) + b"saltsaltsalt\0" + plugin,
    )  # fmt: skip


def switched(plugin: bytes) -> dict[bytes, bytes]:
    """A log-in that is sent on to another way to identify."""
    return {_PLUGIN: packet(2, b"\xfe" + plugin)}


def failed(code: int, state: bytes, words: bytes, *, number: int = 1) -> bytes:
    """An error packet."""
    return packet(number, b"\xff" + pack("<H", code) + b"#" + state + words)


def _column(number: int) -> bytes:
    names = b"\3def" + b"\1d" + b"\1t" + b"\1t" + b"\1a" + b"\1a"
    return packet(number, names + b"\x0c" + pack("<HIBHB", 45, 1024, 253, 0, 0) + bytes(2))


HELLO = {_PLUGIN: packet(2, OK), b"AUTOCOMMIT": packet(1, OK), b"SET ": packet(1, OK), b"\1\0\0\0\1": b""}
HEAD = packet(1, b"\1") + _column(2)
_MARKED = HEAD + packet(3, EOF)
_ROW = b"\3one"


def _rest(rows: bytes, number: int) -> bytes:
    return rows + packet(number, EOF)


GOOD = _MARKED + _rest(packet(4, _ROW), 5)
_HUGE = b"\xff\xff\xff"
"""The length of a packet that goes on in the next one."""


def _endless_value() -> Answer:
    """One value of packets that all say that they go on."""
    first = b"\xfe" + pack("<Q", 1 << 40)
    body = bytes((1 << 24) - 1)
    return flood(
        _MARKED, lambda number: _HUGE + bytes([(4 + number) % 256]) + (first + body[9:] if number == 0 else body)
    )


WRONG: list[Wrong] = [
    ("an endless value", _endless_value(), LARGE),
    ("columns without end", say(packet(1, b"\xfe" + b"\xff" * 8) + _column(2)), PROTOCOL | TIMEOUT),
    ("columns beyond counting", say(packet(1, b"\xfd\xff\xff\xff") + _column(2)), PROTOCOL | TIMEOUT),
    ("a column that is none", say(packet(1, b"\1") + packet(2, b"\xfa")), PROTOCOL | TIMEOUT),
    ("cut between columns and rows", cut_after(_MARKED), CUT),
    ("cut after a row", cut_after(_MARKED + packet(4, _ROW)), CUT),
    ("a value longer than its row", say(_MARKED + packet(4, b"\x7fone") + packet(5, EOF)), PROTOCOL),
    (
        "a value larger than any memory",
        say(_MARKED + packet(4, b"\xfe" + pack("<q", (1 << 63) - 1) + b"one") + packet(5, EOF)),
        PROTOCOL,
    ),
    ("a value of less than nothing", say(_MARKED + packet(4, b"\xfe" + pack("<q", -3) + b"one")), PROTOCOL),
    ("a length that is none", say(_MARKED + packet(4, b"\xff\1\2") + packet(5, EOF)), PROTOCOL),
    ("an empty row", say(_MARKED + packet(4, b"") + packet(5, EOF)), PROTOCOL),
    ("a number out of turn", say(_MARKED + packet(9, _ROW)), PROTOCOL),
    (
        "an error amid rows",
        say(_MARKED + packet(4, _ROW) + packet(5, failed(1317, b"70100", b"over")[4:])),
        {"sql.70100"},
    ),
    ("an error", say(failed(1064, b"42000", b"no\x1b[2J")), {"sql.42000"}),
    ("an error without state", say(packet(1, b"\xff\x28\x04no")), {"sql.1064", "sql.HY000"}),
    ("an error of one byte", say(packet(1, b"\xff")), PROTOCOL),
    ("the server goes", say(failed(1053, b"08S01", b"shutdown")), {"sql.08S01"}),
    ("an empty packet", say(packet(1, b"")), PROTOCOL | TIMEOUT),
    ("a file is asked for", say(packet(1, b"\xfb/etc/passwd")), PROTOCOL),
    ("done, though rows were asked for", say(packet(1, OK)), {"check:looked"}),
]
MYSQL = Store(
    name="mysql",
    url="mysql://app@127.0.0.1:{port}/x",
    operation='sql = "select a from b"',
    check='name = "looked", rows = 1',
    hello=HELLO,
    greeting=greeting(),
    good=GOOD,
    middle=len(_MARKED) + 4,
    begin=_MARKED,
    piece=lambda number: packet(4 + number, b"\xfd" + pack("<i", 1 << 18)[:3] + bytes(1 << 18)),
    wrong=WRONG,
    beside=frozenset({"closed"}),
)
