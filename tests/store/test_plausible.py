"""Records and journals with numbers that no run has: refused in one line, wherever they are read."""

from __future__ import annotations

import math
import time
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perftui.analysis.recovery import recover
from perftui.model.errors import UsageError
from perftui.presets.loading import read_preset
from perftui.presets.toml_files import deep_key
from perftui.store.index import RunIndex
from perftui.store.journal import read_journal
from perftui.store.loading import load_folder
from perftui.store.records import parse_record, read_record, record_document, to_toml
from support.recorded_runs import RECORDED

PLACES = (
    ("whole_run", "scheduled"),
    ("summary", "total", "counts", "ok"),
    ("summary", "total", "rate_per_s"),
    ("summary", "total", "service_time_ms", "p95"),
    ("summary", "duration_s"),
    ("plan", "load", "warmup_s"),
    ("plan", "target", "timeout_s"),
)
ABSURD = (10**18, 2**63, -(2**70), 1e300, math.inf, math.nan)


def crafted(folder: Path, place: tuple[str, ...], value: float) -> Path:
    document: Any = record_document(read_record(RECORDED / "read"))
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    folder.mkdir(parents=True)
    (folder / "run.toml").write_text(to_toml(document), encoding="utf-8")
    return folder


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_record_with_an_absurd_number_is_refused(tmp_path: Path, place: tuple[str, ...], value: float) -> None:
    folder = crafted(tmp_path / "runs" / "crafted", place, value)
    with pytest.raises(UsageError, match="not a run of perftui"):
        load_folder(folder)
    [row] = RunIndex(folder.parent).rows()
    assert "not a run of perftui" in row.problem


@pytest.mark.parametrize("field", ["at_s", "duration_s"])
@pytest.mark.parametrize("value", [2**63, 1e300, -1.0, 10**12])
def test_a_journal_with_an_absurd_moment_ends_there(tmp_path: Path, field: str, value: float) -> None:
    lines = (RECORDED / "read" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    numbers = [number for number, line in enumerate(lines) if b'"type":"interval"' in line]
    document = msgspec.json.decode(lines[numbers[3]].rpartition(b"\t")[0])
    document["line"][field] = value
    body = msgspec.json.encode(document)
    lines[numbers[3]] = b"%b\t%08x\n" % (body, zlib.crc32(body))
    (tmp_path / "journal.jsonl").write_bytes(b"".join(lines))
    read, problem = read_journal(tmp_path)
    assert len(read) == numbers[3]
    assert problem is not None
    assert "the seconds before it are kept" in problem
    assert recover(tmp_path).summary.total.counts.conserved


def test_counts_that_no_run_has_are_not_recovered(tmp_path: Path) -> None:
    lines = (RECORDED / "read" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    changed = []
    for line in lines:
        document = msgspec.json.decode(line.rpartition(b"\t")[0])
        for cells in document["line"].get("cells", {}).values():
            for cell in cells.values():
                cell["counts"]["ok"] = 10**18
        body = msgspec.json.encode(document)
        changed.append(b"%b\t%08x\n" % (body, zlib.crc32(body)))
    (tmp_path / "journal.jsonl").write_bytes(b"".join(changed))
    with pytest.raises(UsageError, match="damaged"):
        recover(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "a." * 50_000 + "b = 1",
        "[" + "a." * 50_000 + "b]",
        "x = {" + "a." * 50_000 + "b = 1}",
        '"a".' * 50_000 + "b = 1",
        "a . " * 50_000 + "b = 1",
    ],
    ids=["key", "table", "inline", "quoted", "spaced"],
)
def test_a_key_of_many_parts_takes_no_time(line: str) -> None:
    begin_s = time.process_time()
    with pytest.raises(UsageError, match=r":2: a key of more than 64 parts"):
        parse_record(f"schema = 1\n{line}\n".encode(), "run.toml")
    with pytest.raises(UsageError, match=r":2: a key of more than 64 parts"):
        read_preset(f"schema = 1\n{line}\n", "x.toml")
    assert time.process_time() - begin_s < 1


@pytest.mark.slow
def test_long_texts_are_searched_in_linear_time() -> None:
    begin_s = time.process_time()
    for text in (
        "a" * 4_000_000,
        '"' * 1_000_000,
        "a.b " * 1_000_000,
        '"a' * 1_000_000,
        "a.1" * 1_000_000 + " =",
        '"' + '\\"' * 1_000_000,
    ):
        deep_key(text)
    assert time.process_time() - begin_s < 10
