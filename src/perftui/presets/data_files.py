"""CSV and JSON-lines files whose columns are values."""

from __future__ import annotations

import codecs
import csv
import io
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.text_files import decode_text, file_problem, read_data

if TYPE_CHECKING:
    from _csv import Reader

MOST_BYTES = 256 * 1024 * 1024
_START_BYTES = 64 * 1024
_DELIMITERS = ",;\t|"
_LOOKED_AT = 20
_MOST_PROBLEMS = 5
_MOST_ROWS = 10_000_000
"""More take longer to read than a run waits for its workers."""
_FEW_ROWS = 20_000
"""Of so few the dictionaries are some megabytes, and a request that needs one finds it made."""
_TOO_MANY = f"more than {_MOST_ROWS:,} rows; a part of them will do"
Row = dict[str, Any]


class Rows(Sequence[Row]):
    """The rows of a data file, each cut out of the text and parsed when it is asked for.

    Ten million dictionaries would be gigabytes in every worker; these are the bytes of the file and eight more a row.
    """

    __slots__ = ("_data", "_ends", "_parse", "_starts")

    def __init__(self, data: bytes, parse: Callable[[str], Row]) -> None:
        """No rows yet.

        Args:
            data: of the whole file, UTF-8.
            parse: makes a row of its text.
        """
        self._data = data
        self._parse = parse
        self._starts = array("I")
        self._ends = array("I")

    def add(self, start: int, end: int) -> bool:
        """Take a row that is from one byte to another; False: there are too many."""
        self._starts.append(start)
        self._ends.append(end)
        return len(self._starts) <= _MOST_ROWS

    def __len__(self) -> int:
        """How many there are."""
        return len(self._starts)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        """One of them, or some."""
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        return self._parse(self._data[self._starts[at] : self._ends[at]].decode())


def read_rows(path: Path) -> Sequence[Row]:
    """Every row of a data file: JSON objects of `.jsonl`/`.ndjson`, otherwise CSV with a first line of names.

    Raises:
        UsageError: not readable, empty, or not of that format.
    """
    shown = safe_text(str(path))
    data = _text_bytes(read_data(path, MOST_BYTES), shown)
    try:
        rows = _json_rows(data, shown) if _is_json(path) else _csv_rows(data, path)
    except UnicodeDecodeError:
        decode_text(data, shown)  # says at which byte of all
        raise
    if not rows:
        raise UsageError(f"{shown}: no rows; a data file needs at least one")
    return list(rows) if len(rows) <= _FEW_ROWS else rows


def read_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns, from the first row alone.

    Raises:
        UsageError: as read_rows.
    """
    shown = safe_text(str(path))
    if problem := file_problem(path, MOST_BYTES):
        raise UsageError(f"{shown}: {problem}")
    try:
        with path.open("rb") as file:
            start = _text_bytes(file.read(_START_BYTES), shown)
            file.seek(0)
            lines = chain.from_iterable(_lines(decode_text(line, shown).encode()) for line in file)
            if _is_json(path):
                first = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
                return next((tuple(_json_row(line, f"{shown}:{number}")) for number, line in first), ())
            names = _names(_reader(lines, _delimiter(start.decode("utf-8", "replace"), path)), shown)
    except OSError as error:
        raise UsageError(f"{shown}: {error.strerror or error}") from error
    except csv.Error as error:
        raise UsageError(f"{shown}:1: {_told(error)}") from error
    return tuple(names)


def _is_json(path: Path) -> bool:
    return path.suffix.lower() in {".jsonl", ".ndjson"}


def _text_bytes(data: bytes, shown: str) -> bytes:
    """The bytes of a text without a byte order mark; UTF-16 without one is UTF-8, but never what was meant."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if (at := data.find(0)) >= 0:
        raise UsageError(f"{shown}: NUL at byte {at:,}, as UTF-16 has them; save it as UTF-8")
    return data


def _lines(data: bytes) -> Iterator[str]:
    """Its lines with their ends, which only line feeds and carriage returns are."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")


def _json_rows(data: bytes, shown: str) -> Rows:
    rows = Rows(data, lambda text: _json_row(text, shown))
    at = 0
    for number, line in enumerate(_lines(data), 1):
        start, at = at, at + len(line.encode())
        if line.strip():
            _json_row(line, f"{shown}:{number}")
            if not rows.add(start, at):
                raise UsageError(f"{shown}:{number}: {_TOO_MANY}")
    return rows


def _json_row(text: str, where: str) -> Row:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"{where}: no JSON object: {safe_text(str(error))}") from error


def _csv_rows(data: bytes, path: Path) -> Rows:
    shown = safe_text(str(path))
    at = 0

    def measured() -> Iterator[str]:
        nonlocal at
        for line in _lines(data):
            at += len(line.encode())
            yield line

    delimiter = _delimiter(data[:_START_BYTES].decode("utf-8", "replace"), path)
    reader = _reader(measured(), delimiter)
    names: list[str] = []
    rows = Rows(data, lambda text: dict(zip(names, _fields(text, delimiter), strict=True)))
    problems: list[str] = []
    try:
        names = _names(reader, shown)
        start = at
        for fields in reader:
            if fields and len(fields) != len(names):
                problems.append(f"{shown}:{reader.line_num}: {len(fields)} fields, but {len(names)} names in line 1")
            elif fields and not rows.add(start, at):
                problems.append(f"{shown}:{reader.line_num}: {_TOO_MANY}")
                break
            start = at
    except csv.Error as error:
        problems.append(f"{shown}:{reader.line_num}: {_told(error)}")
    if len(problems) > _MOST_PROBLEMS:
        problems[_MOST_PROBLEMS:] = [f"{shown}: {len(problems) - _MOST_PROBLEMS:,} more lines like these"]
    if problems:
        raise UsageError(*problems)
    return rows


def _fields(text: str, delimiter: str) -> list[str]:
    """Those of one row that is right. Every request asks for one, and most rows quote nothing."""
    return next(_reader((text,), delimiter)) if '"' in text else text.rstrip("\r\n").split(delimiter)


def _told(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"a field of more than {csv.field_size_limit():,} characters; JSON lines (.jsonl) may hold it"
    return safe_text(str(error))


def _reader(lines: Iterable[str], delimiter: str) -> Reader:
    return csv.reader(lines, strict=True, delimiter=delimiter)


def _names(reader: Reader, shown: str) -> list[str]:
    """The first row that is not empty, its names all different."""
    names = next((fields for fields in reader if fields), [])
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UsageError(f"{shown}:1: the column {safe_text(name, 60)!r} is there twice; values are found by name")
        seen.add(name)
    return names


def _delimiter(start: str, path: Path) -> str:
    """What separates the fields: that of the candidates which cuts the first lines into the most, and all alike."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    best, most = ",", 1
    for candidate in _DELIMITERS:
        counts = set()
        with suppress(csv.Error):  # the last line may be cut in a quoted field
            for fields in islice(_reader(io.StringIO(start, newline=""), candidate), _LOOKED_AT):
                counts |= {len(fields)} if fields else set()
        if len(counts) == 1 and (count := counts.pop()) > most:
            best, most = candidate, count
    if most == 1:  # lines that disagree: the names alone tell
        first = start.partition("\n")[0]
        best = max(_DELIMITERS, key=first.count) if any(map(first.count, _DELIMITERS)) else ","
    return best
