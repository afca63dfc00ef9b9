"""Files that somebody made to hurt: refused with one line, quickly, in little memory."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.analysis.recovery import recover
from perftui.model.errors import UsageError
from perftui.model.interval import Cell, HistogramData, Interval
from perftui.model.journal import Header, JournalLine
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Environment, Record
from perftui.store.journal_format import encode_line
from perftui.store.loading import MOST_FILE_BYTES, load_run
from perftui.store.records import record_document, record_toml
from support.bombs import zlib_bomb

PLAN = Plan(
    name="read",
    target=Target(url="http://127.0.0.1:8000"),
    load=Load(stages=(Stage(duration_s=10, to=5),)),
    operations=(Operation(name="list", path="/"),),
)
RECORD = Record(id="20261121-080000-read-aaaa", plan=PLAN, status="finished")


def exported(**changes: object) -> bytes:
    return json.dumps(record_document(RECORD) | changes).encode()


def interval(**histogram: object) -> dict[str, object]:
    cell = {"counts": {"scheduled": 1, "started": 1, "ok": 1}, "service_time": histogram}
    return {"type": "interval", "at_s": 0, "duration_s": 1, "phase": "measure", "cells": {"measure": {"list": cell}}}


def hdr(packed: bytes) -> str:
    return base64.b64encode((0x1C849314).to_bytes(4, "big") + len(packed).to_bytes(4, "big") + packed).decode()


def bomb(size: int) -> str:
    return base64.b64encode(zlib_bomb(size)).decode()


BOMBS: dict[str, Callable[[int], bytes]] = {
    "bomb": lambda size: exported(intervals=[interval(count=1, hdr_v2=bomb(size))]),
    "bomb as v2": lambda size: exported(intervals=[interval(count=1, hdr_v2=hdr(zlib_bomb(size)))]),
    "packed bomb": lambda size: exported(intervals=[interval(count=1, packed=bomb(size))]),
}
CRAFTED: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)) * 100,
    "utf-16": exported().decode().encode("utf-16"),
    "deep json": b'{"schema":1,"kind":"run","id":' + b"[" * 100_000,
    "deep json in an unknown key": b'{"schema":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep toml": b"schema = 1\nid = " + b"[" * 100_000,
    "huge integer": exported(round="N").replace(b'"N"', b"9" * 5000),
    "huge integer in toml": b"schema = 1\nround = " + b"9" * 5000,
    "nan": exported(steered=float("nan")),
    "counts of 2**63": exported(whole_run={"scheduled": 2**63}),
    "counts below zero": exported(intervals=[interval(count=-1, packed="AAAA")]),
    "newer": exported(schema=2),
    "no schema": b"{}",
    "schema as text": exported(schema="1"),
    "another kind": exported(kind="comparison"),
    "no intervals": exported(intervals={"a": 1}),
    "v2 header with many digits": exported(
        intervals=[
            interval(
                count=1,
                hdr_v2=hdr(
                    zlib.compress(
                        (0x1C849313).to_bytes(4, "big") + (4).to_bytes(4, "big") + bytes(4) + (99).to_bytes(4, "big")
                        + (1).to_bytes(8, "big") + (2**62).to_bytes(8, "big") + bytes(8) + b"\x02\x02\x02\x02"
                    )
                ),
            )
        ]
    ),
}  # fmt: skip


NAMES = [*CRAFTED, *BOMBS]


def crafted(name: str, bomb_bytes: int = 20_000_000) -> bytes:
    return BOMBS[name](bomb_bytes) if name in BOMBS else CRAFTED[name]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", NAMES)
def test_a_crafted_file_is_refused_with_a_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(crafted(name))
    begin_s = time.process_time()
    with pytest.raises(UsageError) as raised:
        load_run(str(path))
    assert time.process_time() - begin_s < 1
    assert len(str(raised.value)) < 600
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_crafted_files_take_little_memory(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        (tmp_path / f"{number}.json").write_bytes(crafted(name, 300_000_000))
    program = """
import resource, sys
from pathlib import Path
from perftui.analysis.recovery import recover
from perftui.model.errors import UsageError
from perftui.model.interval import Cell, HistogramData, Interval
from perftui.model.journal import Header, JournalLine
from perftui.store.loading import load_run
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        load_run(str(path))
    except UsageError:
        pass
status = Path("/proc/self/status")
if status.exists():  # ru_maxrss would be that of the process that started this one, if it was larger
    print(next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM")))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300_000_000


@pytest.mark.slow
def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with path.open("wb") as file:
        file.truncate(MOST_FILE_BYTES + 1)
    with pytest.raises(UsageError, match="larger than 256 MiB"):
        load_run(str(path))


@pytest.mark.parametrize("what", ["pipe", "folder"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    import os

    path = tmp_path / "x"
    os.mkfifo(path) if what == "pipe" else path.mkdir()
    with pytest.raises(UsageError):
        load_run(str(path))


def test_exports_of_both_kinds_load_back(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(exported())
    (tmp_path / "run.toml").write_text(record_toml(RECORD))
    assert load_run(str(tmp_path / "run.json")).record == RECORD
    assert load_run(str(tmp_path / "run.toml")).record == RECORD


def test_unknown_keys_of_a_newer_minor_version_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(exported(shiny={"a": [1]}))
    assert load_run(str(path)).record == RECORD


def crafted_folder(path: Path, **histogram: object) -> Path:
    """A run whose journal has good checksums and an impossible histogram."""
    path.mkdir()
    (path / "run.toml").write_text(record_toml(RECORD))
    bad = HistogramData(**histogram)  # type: ignore[arg-type]  # as the test says
    lines: list[JournalLine] = [
        Header(id=RECORD.id, plan=PLAN, started_at="", environment=Environment()),
        Interval(at_s=0, duration_s=1, phase="measure", cells={"measure": {"list": Cell(service_time=bad)}}),
    ]
    (path / "journal.jsonl").write_bytes(b"".join(encode_line(number, line) for number, line in enumerate(lines)))
    return path


@pytest.mark.parametrize(
    "histogram",
    [
        {"count": 3, "packed": "AAAA"},
        {"count": -1, "packed": ""},
        {"count": 1, "packed": ""},
        {"count": 2**62, "packed": "eJwDAAAAAAE="},
    ],
)
def test_a_crafted_journal_is_refused(tmp_path: Path, histogram: dict[str, object]) -> None:
    assert_refused(crafted_folder(tmp_path / "run", **histogram))


def test_a_journal_with_a_bomb_is_refused(tmp_path: Path) -> None:
    assert_refused(crafted_folder(tmp_path / "run", count=1, packed=bomb(20_000_000)))


def assert_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="damaged"):
        load_run(str(folder))
    (folder / "run.toml").unlink()
    with pytest.raises(UsageError, match="damaged"):
        recover(folder)


def test_a_file_that_an_editor_or_a_shell_saved_is_read_or_its_encoding_told(tmp_path: Path) -> None:
    marked, wide = tmp_path / "marked.json", tmp_path / "wide.json"
    marked.write_bytes(b"\xef\xbb\xbf" + exported())
    assert load_run(str(marked)).record.id == RECORD.id
    wide.write_bytes(exported().decode().encode("utf-16"))
    with pytest.raises(UsageError, match=r"wide\.json: is UTF-16, as some shells write; save it as UTF-8"):
        load_run(str(wide))
