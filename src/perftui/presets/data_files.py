"""CSV and JSON-lines files whose columns are values."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.text_files import decode_text, file_problem, read_text

if TYPE_CHECKING:
    from _csv import Reader

MOST_BYTES = 256 * 1024 * 1024
_START_BYTES = 64 * 1024
_DELIMITERS = ",;\t|"
_LOOKED_AT = 20
_MOST_PROBLEMS = 5
Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Every row of a data file: JSON objects of `.jsonl`/`.ndjson`, otherwise CSV with a first line of names.

    Raises:
        UsageError: not readable, empty, or not of that format.
    """
    text = read_text(path, MOST_BYTES)
    rows = _json_rows(text, path) if path.suffix.lower() in {".jsonl", ".ndjson"} else _csv_rows(text, path)
    if not rows:
        raise UsageError(f"{safe_text(str(path))}: no rows; a data file needs at least one")
    return rows


def read_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns, from the first row alone.

    Raises:
        UsageError: as read_rows.
    """
    if problem := file_problem(path, MOST_BYTES):
        raise UsageError(f"{safe_text(str(path))}: {problem}")
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except OSError as error:
        raise UsageError(f"{safe_text(str(path))}: {error.strerror or error}") from error
    shown = safe_text(str(path))
    whole = start if len(start) < _START_BYTES else start[: start.rfind(b"\n") + 1] or start
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        first = next((line for line in whole.splitlines() if line.strip()), b"")
        rows = _json_rows(decode_text(first, shown), path)
        return tuple(rows[0]) if rows else ()
    first = whole.partition(b"\n")[0]
    names = next(_reader(decode_text(first, shown), _delimiter(whole.decode("utf-8-sig", "replace"), path)), [])
    _check_names(names, shown)
    return tuple(names)


def _json_rows(text: str, path: Path) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.DecodeError, RecursionError) as error:
            raise UsageError(f"{safe_text(str(path))}:{number}: no JSON object: {safe_text(str(error))}") from error
    return rows


def _csv_rows(text: str, path: Path) -> list[Row]:
    shown = safe_text(str(path))
    reader = _reader(text, _delimiter(text[:_START_BYTES], path))
    rows: list[Row] = []
    problems: list[str] = []
    try:
        names = next(reader, [])
        _check_names(names, shown)
        for fields in reader:
            if len(fields) == len(names):
                rows.append(dict(zip(names, fields, strict=True)))
            elif fields:
                problems.append(f"{shown}:{reader.line_num}: {len(fields)} fields, but {len(names)} names in line 1")
    except csv.Error as error:
        problems.append(f"{shown}:{reader.line_num}: {safe_text(str(error))}")
    if len(problems) > _MOST_PROBLEMS:
        problems[_MOST_PROBLEMS:] = [f"{shown}: {len(problems) - _MOST_PROBLEMS:,} more lines like these"]
    if problems:
        raise UsageError(*problems)
    return rows


def _reader(text: str, delimiter: str) -> Reader:
    return csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)


def _delimiter(start: str, path: Path) -> str:
    """What separates the fields: that of the candidates which cuts the first lines into the most, and all alike."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    best, most = ",", 1
    for candidate in _DELIMITERS:
        counts = set()
        with suppress(csv.Error):  # the last line may be cut in a quoted field
            for fields in islice(_reader(start, candidate), _LOOKED_AT):
                counts |= {len(fields)} if fields else set()
        if len(counts) == 1 and (count := counts.pop()) > most:
            best, most = candidate, count
    if most == 1:  # lines that disagree: the names alone tell
        first = start.partition("\n")[0]
        best = max(_DELIMITERS, key=first.count) if any(map(first.count, _DELIMITERS)) else ","
    return best


def _check_names(names: list[str], shown: str) -> None:
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise UsageError(f"{shown}:1: the column {safe_text(double[0], 60)!r} is there twice; values are found by name")
