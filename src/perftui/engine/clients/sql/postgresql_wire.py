"""PostgreSQL's messages (protocol 3.0), as far as statements need them: made, cut apart, and values read from them.

Everything travels as text: the server knows the type of each parameter, and says the type of each column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from struct import Struct, unpack_from
from typing import Any, NamedTuple

from perftui.engine.clients.sql.reply import SqlReply
from perftui.engine.clients.sql.statements import Request, Statement
from perftui.engine.clients.task_driver import json_text

_LENGTH, _SHORT = Struct("!i"), Struct("!h")
SYNC = b"S\0\0\0\4"
_EXECUTE_AND_SYNC = b"E\0\0\0\x09\0\0\0\0\0" + SYNC
_AS_TEXT = b"\0\0\0\0"
NO_COPY = b"f" + _LENGTH.pack(4 + 16) + b"nothing to send\0" + SYNC
"""The answer to a statement that wants data copied."""

BEGIN, COMMIT, ROLLBACK = (
    b"Q" + _LENGTH.pack(5 + len(word)) + word + b"\0" for word in (b"begin", b"commit", b"rollback")
)
_names: dict[str, bytes] = {}
_number = count(1)


class Step(NamedTuple):
    """One question of a request, and what must be prepared before it on each connection; None: nothing."""

    wire: bytes
    prepared: bytes | None = None
    prepare: bytes = b""


class WireRequest(NamedTuple):
    """A request, ready to be sent."""

    first: Step
    rest: tuple[Step, ...]
    said: Request
    """As people read it."""


def encoded(request: Request) -> WireRequest:
    """The messages of a request; several statements stand between BEGIN and COMMIT."""
    steps = [_step(statement, values) for statement, values in request]
    if len(steps) == 1:
        return WireRequest(steps[0], (), request)
    return WireRequest(Step(BEGIN), (*steps, Step(COMMIT)), request)


def _step(statement: Statement, values: Sequence[Any]) -> Step:
    name = _names.get(statement.sql)
    if name is None:
        name = _names[statement.sql] = b"perftui_%d" % next(_number)
    parse = name + b"\0" + statement.sql.encode() + b"\0\0\0"
    describe = b"S" + name + b"\0"
    bind = [b"\0", name, b"\0\0\0", _SHORT.pack(len(values))]
    for value in values:
        if value is None:
            bind.append(b"\xff\xff\xff\xff")
        else:
            data = (value if isinstance(value, str) else json_text(value)).encode()
            bind += _LENGTH.pack(len(data)), data
    bind.append(b"\0\0")
    return Step(
        _message(b"B", b"".join(bind)) + _EXECUTE_AND_SYNC, name, _message(b"P", parse) + _message(b"D", describe)
    )


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + _LENGTH.pack(4 + len(body)) + body


def error_of(body: bytes) -> tuple[bool, str, str]:
    """Of an ErrorResponse: whether the connection ends with it, the SQLSTATE, and the message."""
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    severity = fields.get(b"V") or fields.get(b"S", "")
    return severity in {"FATAL", "PANIC"}, fields.get(b"C", ""), fields.get(b"M", "")


class Columns(NamedTuple):
    """Of the rows of a statement."""

    names: tuple[str, ...]
    readers: tuple[Callable[[str], Any], ...]


def columns_of(body: bytes) -> Columns:
    """What a RowDescription says.

    Raises:
        ValueError: it is none.
    """
    names, readers, at = [], [], 2
    for _ in range(_count(body)):
        end = body.index(b"\0", at)
        names.append(body[at:end].decode("utf-8", "replace"))
        if len(body) < end + 19:
            raise ValueError("a column without a type")
        (kind,) = unpack_from("!I", body, end + 7)
        readers.append(_READERS.get(kind, _as_it_is))
        at = end + 19
    return Columns(tuple(names), tuple(readers))


def _count(body: bytes) -> int:
    if len(body) < 2:
        raise ValueError("a message is too short")
    (number,) = unpack_from("!H", body)
    return int(number)


def changed_rows(tag: bytes) -> int:
    """How many rows a statement changed, as its tag says."""
    number = tag.rpartition(b" ")[2]
    return int(number) if number.isdigit() and len(number) < 19 else 0


class WireReply(SqlReply):
    """Rows as they came; values are made when somebody looks."""

    __slots__ = ("_readers",)

    def __init__(self, columns: Columns, records: Sequence[bytes], rows: int) -> None:
        super().__init__(columns.names, records, rows)
        self._readers = columns.readers

    def _made(self) -> object:
        names, readers = self._columns, self._readers
        return [dict(zip(names, _values(row, readers), strict=False)) for row in self._records]

    @property
    def is_nil(self) -> bool:
        """Whether no row was returned or changed, or the only value is NULL."""
        return not self.rows or (len(self._records) == 1 and self._records[0] == b"\0\1\xff\xff\xff\xff")


def _values(row: bytes, readers: Sequence[Callable[[str], Any]]) -> Iterator[Any]:
    at = 2
    for read in readers[: _count(row)]:
        if at + 4 > len(row):
            return
        (length,) = _LENGTH.unpack_from(row, at)
        at += 4
        if length < 0:
            yield None
            continue
        text = row[at : at + length].decode("utf-8", "replace")
        at += length
        try:
            yield read(text)
        except ValueError:  # the server says one thing and sends another
            yield text


def _as_it_is(text: str) -> str:
    return text


def _moment(text: str) -> str:
    """As ISO 8601 has it."""
    text = text.replace(" ", "T", 1)
    return f"{text[:-3]}Z" if text.endswith("+00") else text


_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([{},])|([^{},"]+)')
_ESCAPED = re.compile(r"\\(.)")


def _array_of(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def read_array(text: str) -> Any:  # noqa: ANN401 - lists within lists
        held: list[list[Any]] = [[]]
        for quoted, sign, bare in _ITEM.findall(text):
            if sign == "{":
                held.append([])
            elif sign == "}" and len(held) > 1:
                held[-2].append(held.pop())
            elif bare:
                held[-1].append(None if bare == "NULL" else read(bare))
            elif not sign:
                held[-1].append(read(_ESCAPED.sub(r"\1", quoted)))
        return held[0][0] if held[0] else text

    return read_array


def _truth(text: str) -> bool:
    return text == "t"


_READERS: dict[int, Callable[[str], Any]] = {
    16: _truth,
    **dict.fromkeys((20, 21, 23, 26), int),
    **dict.fromkeys((700, 701), float),
    **dict.fromkeys((1114, 1184), _moment),
    1000: _array_of(_truth),
    **dict.fromkeys((1005, 1007, 1016), _array_of(int)),
    **dict.fromkeys((1021, 1022), _array_of(float)),
    **dict.fromkeys((1009, 1015, 2951), _array_of(_as_it_is)),
}
"""By the number of a type (pg_type.oid): the rest is text."""
