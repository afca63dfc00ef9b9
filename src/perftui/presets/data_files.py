"""CSV and JSON-lines files whose columns are values."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.text_files import decode_text, file_problem, read_text

MOST_BYTES = 256 * 1024 * 1024
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
            start = file.read(64 * 1024)
    except OSError as error:
        raise UsageError(f"{safe_text(str(path))}: {error.strerror or error}") from error
    lines = start.splitlines(keepends=True)
    is_json = path.suffix.lower() in {".jsonl", ".ndjson"}
    text = decode_text(lines[0], safe_text(str(path))) if lines else ""
    if is_json:
        return tuple(_json_rows(text, path)[0]) if text.strip() else ()
    return tuple(next(csv.reader([text]), ()))


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
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        names = next(reader, [])
        for fields in reader:
            if not fields:
                continue
            if len(fields) != len(names):
                raise UsageError(
                    f"{safe_text(str(path))}:{reader.line_num}: {len(fields)} fields, but {len(names)} names in line 1"
                )
            rows.append(dict(zip(names, fields, strict=True)))
    except csv.Error as error:
        raise UsageError(f"{safe_text(str(path))}:{reader.line_num}: {safe_text(str(error))}") from error
    return rows
