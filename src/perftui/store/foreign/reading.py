"""Which tool wrote a file, and what it says."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.store.files import read_limited
from perftui.store.foreign import csv_results, json_results, text_results
from perftui.store.foreign.result import Result, loaded
from perftui.store.loading import LoadedRun

TOOLS = ("oha", "k6", "vegeta", "autocannon", "wrk", "wrk2", "hey", "locust")
MOST_FILE_BYTES = 256 * 1024 * 1024


def read(path: Path) -> LoadedRun:
    """The result of another tool as a run; `foreign_lacks` says what it does not tell.

    Raises:
        UsageError: the file cannot be read, no known tool wrote it, or it is damaged.
    """
    source = safe_text(str(path))
    data = read_limited(path, MOST_FILE_BYTES)
    try:
        result = _result(data)
    except (ValueError, RecursionError, csv.Error) as error:
        raise UsageError(f"{source}: {safe_text(str(error))}") from error
    if result is None:
        raise UsageError(f"{source}: no run of perftui and no result of {', '.join(TOOLS)}")
    return loaded(result, path, data)


def _result(data: bytes) -> Result | None:
    text = data.decode("utf-8", errors="replace").lstrip("\ufeff")
    if text.lstrip()[:1] == "{":
        document = msgspec.json.decode(text)
        reader = json_results.reader_of(document)
        return reader(document) if reader else None
    if text_results.is_wrk(text):
        return text_results.wrk(text)
    fields = next(csv.reader(text[:65536].splitlines()[:1]), [])
    if csv_results.is_hey(fields):
        return csv_results.hey(text)
    if csv_results.is_locust(fields):
        return csv_results.locust(text)
    return None
