from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.model.interval import Cell, Counts, ErrorSample, Event, Interval
from perftui.model.journal import End, Header, JournalLine
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Environment
from perftui.store.files import FileCalls
from perftui.store.journal import JournalFollower, read_journal, segment_path
from perftui.store.journal_format import encode_line
from perftui.store.journal_writer import MOST_WAITING, SYNC_EVERY_S, JournalWriter
from perftui.store.liveness import is_live

PLAN = Plan(
    name="read",
    target=Target(url="http://127.0.0.1:8000"),
    load=Load(stages=(Stage(duration_s=10, to=5),)),
    operations=(Operation(name="list", path="/"),),
)
HEADER = Header(id="a", plan=PLAN, started_at="2026-11-21T08:00:00+00:00", environment=Environment())


def interval(at_s: int) -> Interval:
    cell = Cell(counts=Counts(scheduled=5, started=5, ok=5))
    return Interval(at_s=at_s, duration_s=1, phase="measure", level=5, asked=5, cells={"measure": {"list": cell}})


def journal_lines(seconds: int) -> list[JournalLine]:
    sample = ErrorSample(error_class="http.500", operation="list", at_s=0.5, body_start='{"a":null}')
    middle: list[JournalLine] = [interval(at) for at in range(seconds)]
    return [
        HEADER,
        Event(at_s=0, kind="phase", detail="measure"),
        sample,
        *middle,
        End(status="finished", ended_at="x"),
    ]


def write(path: Path, lines: list[JournalLine]) -> None:
    writer = JournalWriter(path)
    for line in lines:
        writer.append(line)
    writer.close()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lines = journal_lines(4)
    write(tmp_path / "journal.jsonl", lines)
    assert read_journal(tmp_path) == (lines, None)


def test_a_follower_sees_only_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    raw = [encode_line(number, line) for number, line in enumerate(journal_lines(2))]
    follower = JournalFollower(tmp_path)
    follower_of_file = JournalFollower(path)
    assert follower_of_file.poll() == []
    path.write_bytes(raw[0] + raw[1][:10])
    assert follower_of_file.poll() == [HEADER]
    with path.open("ab") as file:
        file.write(raw[1][10:] + raw[2])
    assert follower_of_file.poll() == journal_lines(2)[1:3]
    assert follower_of_file.problem is None
    del follower


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused_when_written(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        encode_line(0, Event(at_s=bad, kind="mark"))


def test_cut_at_every_byte_every_whole_line_is_kept(tmp_path: Path) -> None:
    lines = journal_lines(3)
    raw = [encode_line(number, line) for number, line in enumerate(lines)]
    data = b"".join(raw)
    path = tmp_path / "journal.jsonl"
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        whole = data[:cut].count(b"\n")
        read, problem = read_journal(path)
        assert read == lines[:whole]
        assert (problem is None) == (cut == 0 or data[cut - 1 : cut] == b"\n")


def test_every_flipped_byte_is_found_and_the_lines_before_it_are_kept(tmp_path: Path) -> None:
    lines = journal_lines(3)
    raw = [encode_line(number, line) for number, line in enumerate(lines)]
    path = tmp_path / "journal.jsonl"
    before, victim, after = b"".join(raw[:3]), raw[3], b"".join(raw[4:])
    for position in range(len(victim)):
        for mask in (0x01, 0x20, 0x80):
            changed = bytearray(victim)
            changed[position] ^= mask
            path.write_bytes(before + bytes(changed) + after)
            read, problem = read_journal(path)
            assert read == lines[:3]
            assert problem is not None
            assert f"byte {len(before)}" in problem


def test_a_missing_line_ends_the_reading(tmp_path: Path) -> None:
    raw = [encode_line(number, line) for number, line in enumerate(journal_lines(3))]
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"".join([*raw[:3], *raw[4:]]))
    read, problem = read_journal(path)
    assert read == journal_lines(3)[:3]
    assert problem is not None
    assert "missing" in problem


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    import zlib

    path = tmp_path / "journal.jsonl"
    body = b'{"v":2,"n":0,"line":{"type":"header"}}'
    path.write_bytes(b"%b\t%08x\n" % (body, zlib.crc32(body)))
    with pytest.raises(UsageError, match="newer perftui"):
        read_journal(path)


@pytest.mark.parametrize(
    "data",
    [b"\x00" * 5000, b"[" * 100_000 + b"\n", b"\n\n\n", random.Random(4).randbytes(4096)],
    ids=["zeros", "brackets", "empty lines", "noise"],
)
def test_rubbish_is_no_journal(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(data)
    read, problem = read_journal(path)
    assert read == []
    assert problem is not None


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "real.jsonl", journal_lines(1))
    link = tmp_path / "journal.jsonl"
    link.symlink_to(tmp_path / "real.jsonl")
    with pytest.raises(UsageError):
        read_journal(link)
    with pytest.raises(FileExistsError):
        JournalWriter(link)


class FailingCalls(FileCalls):
    """Fails the n-th call of a kind, once or from then on."""

    def __init__(self, kind: str, nth: int, *, lasting: bool, short: bool = False) -> None:
        self.kind, self.nth, self.lasting, self.short = kind, nth, lasting, short
        self.calls = 0
        self.failed = 0

    def healed(self) -> None:
        self.lasting = False
        self.nth = 0

    def _hit(self, kind: str) -> bool:
        if kind != self.kind:
            return False
        self.calls += 1
        hit = self.calls >= self.nth > 0 if self.lasting else self.calls == self.nth
        self.failed += hit
        return hit

    def write(self, descriptor: int, data: bytes) -> int:
        if self._hit("write"):
            if self.short:
                return os.write(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        if self._hit("fsync"):
            raise OSError(5, "Input/output error")
        os.fsync(descriptor)

    def truncate(self, descriptor: int, length: int) -> None:
        if self._hit("truncate"):
            raise OSError(5, "Input/output error")
        os.ftruncate(descriptor, length)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize(("kind", "short"), [("write", False), ("write", True), ("fsync", False)])
@pytest.mark.slow
def test_whichever_call_fails_nothing_is_lost_once_the_disk_is_back(
    tmp_path: Path, kind: str, *, short: bool, lasting: bool
) -> None:
    lines = journal_lines(30)
    for nth in range(1, 200):
        folder = tmp_path / str(nth)
        folder.mkdir()
        calls, clock = FailingCalls(kind, nth, lasting=lasting, short=short), Clock()
        writer = JournalWriter(folder / "journal.jsonl", calls, clock)
        seen_problem = False
        for position, line in enumerate(lines):
            clock.now += 1
            if position == len(lines) - 8:
                calls.healed()
            writer.append(line)
            seen_problem = seen_problem or writer.problem is not None
            committed, _ = read_journal(folder)
            assert committed == lines[: len(committed)]
            assert len(committed) + writer.waiting >= position + 1
        failed_before = calls.failed
        writer.close()
        assert read_journal(folder) == (lines, None)
        if not calls.failed:
            break
        assert bool(failed_before) == seen_problem, f"call {nth}: told exactly when something failed"
    else:
        pytest.fail("the loop never came to a run without a failure")
    # each line is one write; the disk is asked for certainty at the start, every five seconds, and at the end
    assert nth > (len(lines) - 8 if kind == "write" else len(lines) / SYNC_EVERY_S)


def test_when_cutting_back_fails_too_a_new_segment_goes_on(tmp_path: Path) -> None:
    class Both(FailingCalls):
        def truncate(self, descriptor: int, length: int) -> None:
            raise OSError(5, "Input/output error")

    lines = journal_lines(20)
    clock = Clock()
    writer = JournalWriter(tmp_path / "journal.jsonl", Both("write", 7, lasting=False, short=True), clock)
    for line in lines:
        clock.now += 1
        writer.append(line)
    writer.close()
    assert segment_path(tmp_path / "journal.jsonl", 2).exists()
    assert read_journal(tmp_path) == (lines, None)


def test_a_disk_that_stays_full_keeps_fifteen_minutes_and_says_what_was_lost(tmp_path: Path) -> None:
    calls, clock = FailingCalls("write", 3, lasting=True), Clock()
    writer = JournalWriter(tmp_path / "journal.jsonl", calls, clock)
    every: list[JournalLine] = [HEADER, *(interval(at) for at in range(2000))]
    for line in every:
        clock.now += 1
        writer.append(line)
    assert writer.problem is not None
    assert "No space left" in writer.problem
    calls.healed()
    clock.now += 10
    writer.append(interval(2000))
    writer.close()
    read, problem = read_journal(tmp_path)
    assert problem is None
    kept = [line.at_s for line in read if isinstance(line, Interval)]
    assert kept == [0, *range(2001 - MOST_WAITING, 2001)]
    [lost] = [line for line in read if isinstance(line, Event)]
    assert lost.kind == "disk"
    assert lost.detail.startswith(f"{2000 - MOST_WAITING} lines")


def test_a_deleted_folder_leaves_the_run_in_memory(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    clock = Clock()
    writer = JournalWriter(folder / "journal.jsonl", clock=clock)
    lines = journal_lines(20)
    for position, line in enumerate(lines):
        clock.now += 1
        if position == 5:
            (folder / "journal.jsonl").unlink()
            folder.rmdir()
        writer.append(line)
    assert writer.problem is not None
    assert writer.waiting
    writer.close()


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_only_the_owner_reads_it_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "journal.jsonl", journal_lines(1))
    finally:
        os.umask(before)
    assert (tmp_path / "journal.jsonl").stat().st_mode & 0o777 == 0o600


def test_live_until_the_writer_closes_or_its_process_is_killed(tmp_path: Path) -> None:
    assert not is_live(tmp_path)
    writer = JournalWriter(tmp_path / "journal.jsonl")
    assert is_live(tmp_path)
    writer.close()
    assert not is_live(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    program = (
        "import sys, time; from pathlib import Path; from perftui.store.journal_writer import JournalWriter\n"
        "writer = JournalWriter(Path(sys.argv[1])); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(other / "journal.jsonl")], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_live(other)
        process.kill()
        process.wait()
    assert not is_live(other)
