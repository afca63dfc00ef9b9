"""Which tool wrote a file, and what it says."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.store.files import read_limited, without_mark
from perftui.store.foreign import (
    csv_results,
    json_reports,
    json_results,
    line_results,
    text_reports,
    text_results,
    xml_results,
)
from perftui.store.foreign.result import Result, loaded
from perftui.store.loading import LoadedRun
from perftui.store.plausible import check_record

TOOLS = (
    "oha", "k6", "vegeta", "autocannon", "wrk", "wrk2", "hey", "locust", "ab", "bombardier", "jmeter", "gatling",
    "pytest-benchmark",
)  # fmt: skip
MOST_FILE_BYTES = 256 * 1024 * 1024
_TEXTS: tuple[tuple[Callable[[str], bool], Callable[[str], Result]], ...] = (
    (text_results.is_wrk, text_results.wrk),
    (text_reports.is_ab, text_reports.ab),
    (text_reports.is_hey, text_reports.hey),
    (text_reports.is_bombardier, text_reports.bombardier),
    (line_results.is_gatling, line_results.gatling),
    (xml_results.is_jmeter, xml_results.jmeter),
)
_COLUMNS: tuple[tuple[Callable[[list[str]], bool], Callable[[str], Result]], ...] = (
    (csv_results.is_hey, csv_results.hey),
    (csv_results.is_locust, csv_results.locust),
    (csv_results.is_jmeter, csv_results.jmeter),
    (csv_results.is_k6, csv_results.k6),
)


def read(path: Path) -> LoadedRun:
    """The result of another tool as a run; `foreign_lacks` says what it does not tell.

    Raises:
        UsageError: the file cannot be read, no known tool wrote it, or it is damaged.
    """
    source = safe_text(str(path))
    data = without_mark(read_limited(path, MOST_FILE_BYTES), source)
    try:
        result = _result(data)
        run = loaded(result, path, data) if result is not None else None
        if run is not None:
            check_record(run.record)
    except (ValueError, RecursionError, csv.Error) as error:
        raise UsageError(f"{source}: {safe_text(str(error))}") from error
    if run is None:
        raise UsageError(f"{source}: no run of perftui and no result of {', '.join(TOOLS)}")
    return run


def _result(data: bytes) -> Result | None:
    text = data.decode("utf-8", errors="replace").lstrip("\ufeff")
    if line_results.is_k6(text):
        return line_results.k6(text)
    if text.lstrip()[:1] == "{":
        document = msgspec.json.decode(text)
        reader = json_results.reader_of(document) or json_reports.reader_of(document)
        return reader(document) if reader else None
    for is_its, read_its in _TEXTS:
        if is_its(text):
            return read_its(text)
    fields = next(csv.reader(text[:65536].splitlines()[:1], delimiter=csv_results.delimiter_of(text)), [])
    for has_its, read_its in _COLUMNS:
        if has_its(fields):
            return read_its(text)
    if data[:1] == b"\0" and b"gatling" in data[:2000].lower():
        raise ValueError("Gatling's log is binary since 3.12; name js/stats.json of its report instead")
    return None
