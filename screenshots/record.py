"""Records the runs that pictures and snapshot tests are made of: real ones, against the demo service on this machine.

    python screenshots/record.py [NAME ...]      record anew
    python screenshots/record.py --judge         only compute the records of what is recorded anew

Takes about eight minutes. Journals are kept as they were written; only the names of machine and run are replaced.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import anyio
import msgspec
from places import few_places

from perftui.analysis.record import complete_record
from perftui.demo.server import start_demo
from perftui.engine.control.client import ControlClient
from perftui.engine.control.messages import CommandKind
from perftui.engine.runner.launch import RunHandle, start_runner
from perftui.engine.runner.request import RunRequest
from perftui.metrics.timeline import Timeline
from perftui.model.journal import End, Header
from perftui.model.plan import Check, Load, Objective, Operation, Plan, Stage, Target
from perftui.presets.loading import load_plan, parse_preset
from perftui.presets.overrides import Overrides
from perftui.store.journal import JOURNAL_NAME, read_journal
from perftui.store.journal_writer import JournalWriter
from perftui.store.liveness import is_live
from perftui.store.records import write_record

RECORDED = Path(__file__).parent.parent / "tests" / "recorded_runs"
PORT = 8000
URL = f"http://127.0.0.1:{PORT}"
Steps = Callable[[RunHandle, int], None]
"""What happens while the run goes on; gets the run and the process of the service."""


def _read(duration_s: float = 30.0) -> Plan:
    return load_plan("read", URL, Overrides(duration_s=duration_s, warmup_s=5.0))


def _held(level: float, duration_s: float, warmup_s: float = 2.0) -> Load:
    return Load(stages=(Stage(duration_s=duration_s, to=level),), start_level=level, warmup_s=warmup_s)


def _unstable() -> Plan:
    plan = _read(30.0)
    added = (
        Operation(name="checkout", weight=1, path="/fail?rate=0.2&status=503"),
        Operation(name="old link", weight=0.3, path="/api/items/999999"),
    )
    return msgspec.structs.replace(plan, name="checkout", operations=(*plan.operations, *added))


def _overloaded() -> Plan:
    return Plan(
        name="stress",
        title="More than one worker can send",
        kind="stress",
        target=Target(url=URL),
        load=msgspec.structs.replace(_held(15_000.0, 16.0), workers=1, auto_stop=False),
        operations=(Operation(name="health", path="/health"),),
        objectives=(Objective(metric="response_time.p95", target="< 500ms", critical="< 1s"),),
    )


def _ramp() -> Plan:
    stages = (Stage(duration_s=10, to=200), Stage(duration_s=15, to=200), Stage(duration_s=5, to=50))
    plan = _read(30.0)
    return msgspec.structs.replace(plan, name="ramp", load=Load(stages=stages, start_level=20, warmup_s=2.0))


def _release(fail: float) -> Plan:
    """A shop before and after a release that makes one answer in a hundred fail."""
    plan = _read(30.0)
    stages = (Stage(duration_s=12, to=60), Stage(duration_s=6, to=150), Stage(duration_s=17, to=150))
    order = Operation(name="place order", weight=2, path=f"/fail?rate={fail}&status=503")
    slow = Operation(name="report", weight=0.5, path="/slow?ms=12&jitter=8")
    return msgspec.structs.replace(
        plan,
        name="shop",
        load=Load(stages=stages, start_level=60, warmup_s=5.0),
        operations=(*plan.operations, order, slow),
    )


def _report(page_ms: int) -> Plan:
    """One plan for two services, of which the second answers later: the runs can be compared."""
    os.environ["PAGE_MS"] = str(page_ms)
    return Plan(
        name="report",
        title="A page that became slower",
        target=Target(url=URL),
        load=_held(120.0, 60.0, warmup_s=5.0),
        operations=(
            Operation(name="report", weight=3, path="/slow?ms=${env:PAGE_MS}&jitter=8"),
            Operation(name="show item", weight=1, path="/api/items/${rand:1..500}"),
        ),
        objectives=(Objective(metric="response_time.p95", target="< 50ms", critical="< 100ms"),),
    )


def _modes() -> Plan:
    """A service that answers in three ways: from its cache, from its disk, from another service."""
    kinds = (("cached", 6, 50, 6), ("from disk", 3, 80, 6), ("from upstream", 1, 250, 20))
    return Plan(
        name="catalogue",
        title="Three ways to answer",
        target=Target(url=URL),
        load=_held(120.0, 55.0, warmup_s=5.0),
        operations=tuple(
            Operation(name=name, weight=weight, path=f"/slow?ms={ms}&jitter={jitter}")
            for name, weight, ms, jitter in kinds
        ),
        objectives=(Objective(metric="response_time.p95", target="< 400ms", critical="< 1s"),),
    )


def _knee() -> Plan:
    """A ramp through what a service with few places can do."""
    stages = (Stage(duration_s=40, to=240), Stage(duration_s=10, to=40))
    return Plan(
        name="knee",
        title="A ramp through the knee",
        kind="stress",
        target=Target(url=f"http://127.0.0.1:{PORT + 1}", timeout_s=3.0),
        load=Load(stages=stages, start_level=10, warmup_s=2.0, auto_stop=False),
        operations=(Operation(name="book a seat", path="/"),),
        objectives=(Objective(metric="response_time.p95", target="< 200ms", critical="< 1s"),),
    )


_TARGETS = """
schema = 1
name = "booking"
title = "A shop, its seats and its database under one rising load"
[target]
url = "http://127.0.0.1:8000"
[targets.seats]
url = "http://127.0.0.1:8001"
[targets.db]
url = "sqlite:///demo.db"
[load]
start = 60
stages = [{ duration = "25s", to = 340 }, { duration = "10s", to = 60 }]
warmup = "2s"
auto_stop = false
[[operations]]
name = "list items"
weight = 1
path = "/api/items"
[[operations]]
name = "book a seat"
weight = 3
target = "seats"
path = "/"
[[operations]]
name = "item by id"
weight = 1
target = "db"
sql = "select id, name, price from items where id = :id"
params = { id = "${rand:1..500}" }
checks = [{ rows = 1 }]
[[objectives]]
metric = "response_time.p95"
target = "< 250ms"
critical = "< 2s"
"""


def _several() -> Plan:
    """Three targets under one ramp: which of them slows first is on one time axis."""
    return parse_preset(_TARGETS, "booking.toml")


def _many() -> Plan:
    names = ("list", "show", "search", "stats", "browse", "filter")
    places = ("front page", "catalogue", "basket", "account", "orders")
    operations = tuple(
        Operation(name=f"{name} {place}", weight=1 + (number * 7) % 9, path=f"/api/items/{number + 1}")
        for number, (name, place) in enumerate((name, place) for place in places for name in names)
    )
    return Plan(name="everything", target=Target(url=URL), load=_held(120.0, 6.0), operations=operations)


def _long() -> Plan:
    path = "/internal/gateway/eu-central-1/tenants/4711-super-long-tenant-name/services/catalogue-read-model/v2/items"
    operation = Operation(
        name="list every item of the catalogue with all of its variants, prices and availabilities per warehouse",
        path="/with/a/long/path",
        checks=(Check(status=(404,)),),
    )
    return Plan(
        name="catalogue-read-model-regression",
        target=Target(url=URL + path),
        load=_held(50.0, 8.0),
        operations=(operation,),
    )


def _users() -> Plan:
    plan = _read(20.0)
    load = Load(mode="users", stages=(Stage(duration_s=20, to=8),), start_level=8, warmup_s=2.0, think_s=(0.02, 0.08))
    return msgspec.structs.replace(plan, name="browse", load=load)


def _send(run_id: str, kind: CommandKind, *, level: float | None = None, text: str = "") -> None:
    async def send() -> None:
        await ControlClient(run_id).send(kind, level=level, text=text, origin="tui")

    anyio.run(send)


def _mark(run: RunHandle, _pid: int) -> None:
    time.sleep(16)
    _send(run.run_id, "mark", text="deployed 1.4")


def _steer(run: RunHandle, _pid: int) -> None:
    time.sleep(13)
    _send(run.run_id, "pause")
    time.sleep(2)
    _send(run.run_id, "resume")
    time.sleep(4)
    _send(run.run_id, "level", level=240.0)
    time.sleep(3)
    _send(run.run_id, "mark", text="cache off")


def _outage(run: RunHandle, pid: int) -> None:
    """The service is killed and comes back after a while."""
    time.sleep(16)
    os.kill(pid, signal.SIGKILL)
    time.sleep(1.5)
    with start_demo(port=PORT):
        _wait(run)


def _stall(run: RunHandle, pid: int) -> None:
    """The service stands still for a while, in the middle."""
    time.sleep(38)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(2)
    os.kill(pid, signal.SIGCONT)
    _wait(run)


def _wait(run: RunHandle, _pid: int = 0) -> None:
    """Let it run."""
    while is_live(run.path):
        time.sleep(0.2)


RUNS: dict[str, tuple[Callable[[], Plan], Steps, str]] = {
    "read-before": (_read, _wait, "1.3"),
    "read": (_read, _mark, "1.4"),
    "release-before": (lambda: _release(0.0), _wait, "1.3"),
    "release": (lambda: _release(0.012), _mark, "1.4"),
    "errors": (_unstable, _outage, ""),
    "invalid": (_overloaded, _wait, ""),
    "steered": (_ramp, _steer, ""),
    "many": (_many, _wait, ""),
    "long-url": (_long, _wait, ""),
    "users": (_users, _wait, ""),
    "modes": (_modes, _stall, "2.0"),
    "knee": (_knee, _wait, ""),
    "report-before": (lambda: _report(14), _wait, "1.3"),
    "report": (lambda: _report(22), _wait, "1.4"),
    "targets": (_several, _wait, ""),
}
"""Name of the folder: the plan, what happens meanwhile, the label."""


@contextmanager
def _own_directories() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pt-") as name:
        for kind in ("DATA", "CONFIG", "RUNTIME"):
            os.environ[f"PERFTUI_{kind}_DIR"] = str(Path(name) / kind.lower())
        yield Path(name)


def record(name: str) -> None:
    """Run it, and keep its journal under another name."""
    make, steps, label = RUNS[name]
    with _own_directories() as place, chdir(place), start_demo(PORT, "demo.db") as demo, few_places(PORT + 1):
        plan = make()
        if plan.target.url.startswith(URL):
            plan = msgspec.structs.replace(plan, target=msgspec.structs.replace(plan.target, pid=demo.pid))
        handle = anyio.run(start_runner, RunRequest(plan=plan, label=label))
        steps(handle, demo.pid)
        _wait(handle)
        keep(handle.path, name)


def keep(path: Path, name: str) -> None:
    """Copy a journal line by line; the machine gets another name, the record is computed anew."""
    lines, problem = read_journal(path)
    if problem is not None:
        raise ValueError(problem)
    target = RECORDED / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    writer = JournalWriter(target / JOURNAL_NAME)
    place = list(RUNS).index(name)
    for line in lines:
        kept = line
        if isinstance(line, Header):
            machine = {"host": "bench", "host_id": "0" * 16, "kernel": "Linux", "cpu_model": ""}
            kept = msgspec.structs.replace(
                line,
                id=f"20261120-2045{place:02d}-{line.plan.name}-{place:04x}",
                started_at=f"2026-11-20T20:45:{place:02d}Z",
                environment=msgspec.structs.replace(line.environment, **machine),
            )
        elif isinstance(line, End):
            kept = msgspec.structs.replace(line, ended_at=f"2026-11-20T20:46:{place:02d}Z")
        writer.append(kept)
    writer.close()
    judge(target)


def judge(path: Path) -> None:
    """Compute the record of a recorded run from its journal, as the program judges runs now."""
    timeline = Timeline()
    for line in read_journal(path)[0]:
        timeline.add(line)
    if timeline.header is None:
        raise ValueError(f"{path}: no header")
    write_record(path, complete_record(timeline.header, timeline, timeline.end))


if __name__ == "__main__":
    if sys.argv[1:] == ["--judge"]:
        for name in RUNS:
            judge(RECORDED / name)
    else:
        for name in sys.argv[1:] or RUNS:
            record(name)
            size = sum(file.stat().st_size for file in (RECORDED / name).iterdir())
            sys.stdout.write(f"{name}: {size / 1000:.0f} kB\n")
