"""Many runs, named, listed, deleted; runs that others have touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from perftui.model.errors import UsageError
from perftui.model.interval import Counts
from perftui.model.journal import End, Header
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Environment, LatencyStats, Record, Stats, Summary
from perftui.store import index
from perftui.store.baselines import clear_baseline, get_baseline, list_baselines, set_baseline
from perftui.store.files import FileCalls, make_private_directory, write_atomic
from perftui.store.index import INDEX_NAME, UNFINISHED
from perftui.store.journal_writer import JournalWriter
from perftui.store.library import RunLibrary
from perftui.store.paths import socket_path
from perftui.store.records import read_record, record_document, record_toml, write_record

PLAN = Plan(
    name="read",
    target=Target(url="http://127.0.0.1:8000"),
    load=Load(stages=(Stage(duration_s=10, to=5),)),
    operations=(Operation(name="list", path="/"), Operation(name="find", path="/search")),
)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MANY = 200


def record_of(run_id: str, minutes_ago: int = 0, **more: object) -> Record:
    stats = Stats(
        counts=Counts(scheduled=50, started=50, ok=49, errors=1),
        rate_per_s=5.0,
        error_rate=0.02,
        response_time_ms=LatencyStats(count=49, p95=12.5),
    )
    record = Record(
        id=run_id,
        plan=PLAN,
        status="finished",
        started_at=(NOW - timedelta(minutes=minutes_ago)).isoformat(),
        summary=Summary(duration_s=10, total=stats, operations={"list": stats, "find": stats}),
        verdict="pass",
    )
    return msgspec.structs.replace(record, **more)


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "data" / "runs")


def add(library: RunLibrary, minutes_ago: int = 0, **more: object) -> str:
    folder = library.create("read")
    write_record(folder.path, record_of(folder.id, minutes_ago, **more))
    return folder.id


def test_many_runs_are_listed_without_reading_them_again(library: RunLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def noted(path: Path) -> Record:
        read.append(path)
        return read_record(path)

    monkeypatch.setattr(index, "read_record", noted)
    for number in range(MANY):
        folder = library.create("read")
        (folder.path / "run.toml").write_text(record_toml(record_of(folder.id, number)))
    library.list()
    assert len(read) == MANY
    read.clear()
    rows = library.list()
    assert read == []
    assert len(rows) == MANY
    assert [row.started_at for row in rows] == sorted((row.started_at for row in rows), reverse=True)
    first = rows[0]
    assert (first.preset, first.url, first.rate, first.p95_ms, first.error_rate, first.verdict) == (
        "read", "http://127.0.0.1:8000", 5.0, 12.5, 0.02, "pass",
    )  # fmt: skip
    newest = add(library, -1)
    assert [library.list()[0].id, len(library.list())] == [newest, MANY + 1]
    assert read == [library.root / newest]


def test_a_changed_record_is_seen_and_a_damaged_index_is_made_again(library: RunLibrary) -> None:
    run_id = add(library)
    assert library.list()[0].label == ""
    write_record(library.root / run_id, record_of(run_id, label="renamed"))
    assert library.list()[0].label == "renamed"
    kept = library.root / INDEX_NAME
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for rubbish in (b"", b"{", b"\xff" * 100, b'{"schema":9,"entries":{}}', b"[" * 100_000):
        kept.write_bytes(rubbish)
        assert [row.label for row in library.list()] == ["renamed"]


def test_whatever_lies_around_is_a_row_or_ignored(library: RunLibrary, tmp_path: Path) -> None:
    good = add(library)
    (library.root / "note.txt").write_text("hello")
    (library.root / "empty").mkdir()
    (library.root / "broken").mkdir()
    (library.root / "broken" / "run.toml").write_text("schema = 1\nid = [")
    (library.root / "newer").mkdir()
    (library.root / "newer" / "run.toml").write_text("schema = 2\n")
    (library.root / "linked").symlink_to(tmp_path)
    (library.root / "bad name; rm").mkdir()
    rows = {row.id: row for row in library.list()}
    assert set(rows) == {good, "empty", "broken", "newer"}
    assert "not TOML" in rows["broken"].problem
    assert "schema 2" in rows["newer"].problem
    assert rows["empty"].problem


def test_an_unfinished_run_says_so(library: RunLibrary) -> None:
    folder = library.create("read")
    writer = JournalWriter(folder.path / "journal.jsonl")
    writer.append(Header(id=folder.id, plan=PLAN, started_at=NOW.isoformat(), environment=Environment(), label="x"))
    assert [(row.status, row.problem, row.label) for row in library.list()] == [("running", "", "x")]
    with pytest.raises(UsageError, match="is running"):
        library.delete(folder.path)
    writer.close()
    assert [(row.status, row.problem) for row in library.list()] == [("interrupted", UNFINISHED)]


def test_runs_are_found_by_id_prefix_latest_and_path(library: RunLibrary, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no saved runs"):
        library.find("latest")
    older, newer = add(library, 10), add(library, 1)
    assert library.find("latest").name == newer
    assert library.find(older).name == older
    assert library.find(older[:-1] if older[:-1] != newer[:-1] else older).name == older
    assert library.find(str(library.root / older)) == library.root / older
    with pytest.raises(UsageError, match="fits 2 runs"):
        library.find("20")
    for missing in ("nothing", "", "../../etc/no-such-file", "\x1b[2J"):
        with pytest.raises(UsageError) as raised:
            library.find(missing)
        assert "\x1b" not in str(raised.value)


def test_a_taken_id_is_not_used_again(library: RunLibrary) -> None:
    first = library.create("read", "20261121-080000-read-aaaa")
    second = library.create("read", "20261121-080000-read-aaaa")
    assert first.id == "20261121-080000-read-aaaa"
    assert second.id != first.id
    assert second.path.is_dir()


@pytest.mark.parametrize("name", ["read", "", "../x", "a b/c", "é", "x" * 500])
def test_an_id_is_always_a_file_name(library: RunLibrary, name: str) -> None:
    folder = library.create(name)
    assert folder.path.parent == library.root
    assert len(folder.id) <= 64
    assert set(folder.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_deleting_stays_within_the_library(library: RunLibrary, tmp_path: Path) -> None:
    run_id = add(library)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in (elsewhere, Path(), library.root, library.root / "..", library.root / run_id[:-1], Path(run_id)):
        with pytest.raises(UsageError):
            library.delete(folder)
    assert library.delete(library.root / run_id) == run_id
    assert library.list() == []
    assert elsewhere.is_dir()


def test_old_runs_are_neither_the_newest_nor_the_young_nor_protected_nor_live(library: RunLibrary) -> None:
    ids = [add(library, 60 * 24 * days) for days in range(6)]
    live = library.create("read")
    writer = JournalWriter(live.path / "journal.jsonl")
    writer.append(Header(id=live.id, plan=PLAN, started_at="2020-01-01T00:00:00+00:00", environment=Environment()))

    def old(keep: int | None, older_than_s: float | None, protected: Sequence[str] = ()) -> list[str]:
        return [row.id for row in library.old_runs(keep, older_than_s, protected=protected, now=NOW)]

    with pytest.raises(UsageError, match="--keep"):
        library.old_runs()
    assert old(4, 4.5 * 86400) == [ids[5]]
    assert old(None, 2.5 * 86400, protected=[ids[3]]) == ids[4:]
    assert old(1, None, protected=[ids[3]]) == [ids[1], ids[2], ids[4], ids[5]]
    assert old(0, None) == ids
    writer.close()
    assert old(0, None) == [*ids, live.id]


def test_a_baseline_is_chosen_found_and_forgotten(library: RunLibrary) -> None:
    first, second = add(library, 5), add(library, 4)
    assert get_baseline(PLAN, library) is None
    set_baseline(first, library=library)
    set_baseline(second, library=library)
    assert get_baseline(PLAN, library) == second
    assert [baseline.run_id for baseline in list_baselines(library)] == [second]
    assert get_baseline(msgspec.structs.replace(PLAN, name="other"), library) is None
    library.delete(library.root / second)
    assert get_baseline(PLAN, library) is None
    assert [baseline.run_id for baseline in clear_baseline("read", library)] == [second]
    assert list_baselines(library) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"steered": True}, "steered"),
        ({"status": "stopped"}, "did not run to its end"),
        ({"status": "running"}, "running"),
    ],
)
def test_runs_that_are_no_baselines(library: RunLibrary, more: dict[str, object], words: str) -> None:
    run_id = add(library, 0, **more)
    with pytest.raises(UsageError, match=words):
        set_baseline(run_id, library=library)


def test_a_record_comes_back_as_it_was_with_every_count_written(library: RunLibrary) -> None:
    record = record_of("a")
    document = record_document(record)
    assert document["summary"]["total"]["counts"]["dropped"] == 0
    assert document["whole_run"]["cancelled"] == 0
    run_id = add(library)
    assert read_record(library.root / run_id) == record_of(run_id)
    assert "dropped = 0" in record_toml(record)


class FailingDisk(FileCalls):
    def __init__(self, kind: str, nth: int) -> None:
        self.kind, self.nth, self.failed = kind, nth, False

    def _count(self, kind: str) -> None:
        if kind == self.kind:
            self.nth -= 1
            if self.nth == 0:
                self.failed = True
                raise OSError(5, "Input/output error")

    def write(self, descriptor: int, data: bytes) -> int:
        self._count("write")
        return os.write(descriptor, data[:4096])

    def fsync(self, descriptor: int) -> None:
        self._count("fsync")
        os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        self._count("rename")
        source.replace(target)


@pytest.mark.parametrize(("kind", "calls"), [("write", 5), ("fsync", 2), ("rename", 1)])
def test_whichever_call_fails_the_record_is_the_old_or_the_new_one(tmp_path: Path, kind: str, calls: int) -> None:
    """A write per 4 KiB of this disk, the file and then its folder made certain, one name changed."""
    old, new = b"old " * 5000, b"new " * 5000
    path = tmp_path / "run.toml"
    write_atomic(path, old)
    for nth in range(1, 50):
        disk = FailingDisk(kind, nth)
        path.write_bytes(old)
        try:
            write_atomic(path, new, disk)
        except OSError:
            assert path.read_bytes() in {old, new}
        else:
            assert path.read_bytes() == new
        assert [entry.name for entry in tmp_path.iterdir()] == ["run.toml"]
        if not disk.failed:
            break
    assert nth == calls + 1, f"each {kind} failed once, and then none"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_folders_are_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_private_directory(tmp_path / "a" / "runs")
        write_atomic(tmp_path / "a" / "runs" / "file", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "runs").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "runs" / "file").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(UsageError, match="symbolic link"):
        make_private_directory(tmp_path / "link")
    with pytest.raises(UsageError, match="not a folder"):
        make_private_directory(tmp_path / "a" / "runs" / "file")


def test_a_folder_that_is_there_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, open_ = tmp_path / "shared", tmp_path / "open"
    shared.mkdir()
    shared.chmod(0o1777)
    open_.mkdir()
    open_.chmod(0o755)
    monkeypatch.setenv("PERFTUI_RUNTIME_DIR", str(shared))
    assert socket_path("a-run").parent == shared / f"perftui-{os.getuid()}"
    assert stat.S_IMODE(socket_path("a-run").parent.stat().st_mode) == 0o700
    make_private_directory(open_)
    with pytest.raises(UsageError, match="other users may write there"):
        make_private_directory(shared)
    with pytest.raises(UsageError, match="other users may write there"):
        RunLibrary(shared).create("read")
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (shared, open_)] == [0o1777, 0o755]
    (shared / f"perftui-{os.getuid()}").rmdir()
    (shared / f"perftui-{os.getuid()}").symlink_to(open_)
    with pytest.raises(UsageError, match="symbolic link"):
        socket_path("a-run")


def test_a_journal_with_an_end_is_not_live(library: RunLibrary) -> None:
    folder = library.create("read")
    writer = JournalWriter(folder.path / "journal.jsonl")
    writer.append(Header(id=folder.id, plan=PLAN, started_at="x", environment=Environment()))
    writer.append(End(status="finished", ended_at="y"))
    assert library.is_live(folder.id)
    writer.close()
    assert not library.is_live(folder.id)
