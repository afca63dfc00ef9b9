"""The worker as a process: commands at their moment, frames each second, and no life without a runner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from perftui.engine.fleet.messages import Command
from perftui.model.errors import UsageError
from perftui.model.plan import DataSource, Load, Operation, Stage
from support.fault_server import OK, Connection, answering, fault_server
from support.load_worker import LoadWorkers, Measured, make_plan, run_load

NS = 1_000_000_000


def commanded(plan_rate: float, duration_s: float, commands: dict[float, Command], *, delay_s: float = 0.0) -> Measured:
    """Run at a rate while commands are given at their moments (seconds from the origin)."""
    with (
        fault_server(answering(delay_s=delay_s)) as server,
        LoadWorkers(make_plan(server.url, rate=plan_rate, duration_s=duration_s)) as running,
    ):
        running.begin()
        for at_s, command in commands.items():
            at_ns = running.origin_ns + round(at_s * NS)
            # well before its moment, so that a busy machine is not too late for it
            time.sleep(max(0.0, (at_ns - time.perf_counter_ns()) / NS - 0.4))
            running.command(Command(kind=command.kind, at_ns=at_ns, factor=command.factor, headers=command.headers))
        measured = running.collect()
        measured.assert_conserved()
        return measured


@pytest.mark.alone
def test_pause_and_resume_keep_the_end() -> None:
    measured = commanded(100, 1.5, {0.5: Command(kind="pause", at_ns=0), 1.0: Command(kind="resume", at_ns=0)})
    assert measured.counts().ok == measured.counts().scheduled == 100
    assert 1.5 <= (measured.frames[-1].end_ns - measured.frames[0].start_ns) / NS < 2.5


@pytest.mark.alone
def test_scale_multiplies_the_rest() -> None:
    measured = commanded(100, 1.0, {0.5: Command(kind="scale", at_ns=0, factor=3.0)})
    assert measured.counts().ok == measured.counts().scheduled == 200
    assert sum(frame.asked for frame in measured.frames) == pytest.approx(200)


@pytest.mark.alone
def test_stop_answers_what_is_on_the_way() -> None:
    measured = commanded(100, 30, {0.5: Command(kind="stop", at_ns=0)}, delay_s=0.2)
    assert measured.counts().ok == measured.counts().scheduled == 50


@pytest.mark.alone
def test_abort_cancels_what_is_on_the_way() -> None:
    measured = commanded(100, 30, {0.5: Command(kind="abort", at_ns=0)}, delay_s=0.3)
    counts = measured.counts()
    assert counts.scheduled == 50
    # those of the last 300 ms, and more where the server is late with its answers
    assert 25 <= counts.cancelled < 50
    assert counts.ok == counts.scheduled - counts.cancelled


def test_new_headers() -> None:
    with fault_server(answering()) as server, LoadWorkers(make_plan(server.url, rate=50, duration_s=0.6)) as running:
        running.begin()
        running.command(Command(kind="headers", at_ns=0, headers={"Authorization": "Bearer new"}))
        running.collect()
        assert b"Authorization: Bearer new" in server.last_head


@pytest.mark.alone
def test_frames_are_whole_seconds_from_the_origin() -> None:
    with fault_server(answering()) as server, LoadWorkers(make_plan(server.url, rate=100, duration_s=2.3)) as running:
        running.begin()
        measured = running.collect()
        origin_ns = running.origin_ns
    assert [frame.seq for frame in measured.frames] == list(range(len(measured.frames)))
    assert [frame.start_ns - origin_ns for frame in measured.frames] == [0, NS, 2 * NS]
    assert [frame.end_ns - origin_ns for frame in measured.frames[:-1]] == [NS, 2 * NS]
    assert [frame.final for frame in measured.frames] == [False, False, True]
    late_ms = max(frame.health.loop_lag_max_ms for frame in measured.frames)
    for frame, due in zip(measured.frames, (100, 100, 30), strict=True):
        scheduled = sum(cell.counts.scheduled for cells in frame.cells.values() for cell in cells.values())
        # a frame ends a little early or, when the worker is held up, late; at 100/s every 10 ms are one request
        assert scheduled == pytest.approx(due, abs=1 + late_ms / 10)
    health = measured.frames[0].health
    assert 10e6 < health.memory_bytes < 200e6
    assert 0 < health.cpu_percent < 100


@pytest.mark.alone
def test_users_ramp() -> None:
    load = Load(
        mode="users", stages=(Stage(duration_s=1, to=10), Stage(duration_s=0.5, to=10), Stage(duration_s=0.5, to=0))
    )
    with fault_server(answering(delay_s=0.02)) as server:
        measured = run_load(make_plan(server.url, load=load))
    # 12.5 seconds of one user, each request takes a little more than 20 ms
    times = measured.histogram("service_time")
    assert times.min_us >= 20_000
    assert measured.counts().ok == pytest.approx(12.5e6 / (times.sum_us / times.total), rel=0.15)
    assert measured.counts(phase="ramp").scheduled > measured.counts(phase="measure").scheduled > 0
    assert measured.frames[0].connections.open_now == pytest.approx(10, abs=1)


@pytest.mark.alone
def test_think_time() -> None:
    load = Load(mode="users", stages=(Stage(duration_s=1, to=10),), start_level=10, think_s=(0.1, 0.1))
    with fault_server(answering()) as server:
        measured = run_load(make_plan(server.url, load=load))
    assert 70 <= measured.counts().ok <= 100  # ten each, fewer where the answers are slow


@pytest.mark.alone
def test_users_who_think_do_not_go_in_step() -> None:
    came: list[float] = []

    def handle(connection: Connection) -> None:
        while connection.read_request():
            came.append(time.monotonic())
            connection.send(OK)

    load = Load(mode="users", stages=(Stage(duration_s=2, to=40),), start_level=40, think_s=(1.0, 1.0))
    with fault_server(handle) as server:
        run_load(make_plan(server.url, load=load), workers=2)
    assert len(came) >= 60
    times = sorted(came)
    together = max(sum(at <= other < at + 0.05 for other in times) for at in times)
    assert together <= 20, together  # 2 when evenly spread, 40 in step; a busy machine bunches some


@pytest.mark.parametrize("mode", ["rate", "users"])
@pytest.mark.parametrize("workers", [1, 2])
def test_most_requests(mode: str, workers: int) -> None:
    load = Load(
        mode="rate" if mode == "rate" else "users",
        stages=(Stage(duration_s=20, to=100),),
        start_level=100,
        max_requests=41,
    )
    with fault_server(answering()) as server:
        measured = run_load(make_plan(server.url, load=load), workers=workers)
    assert measured.counts().ok == measured.counts().scheduled == 41
    assert all(frame.end_ns - measured.frames[0].start_ns < 5 * NS for frame in measured.frames)


@pytest.mark.alone
def test_full_cap_queues_then_drops() -> None:
    load = Load(mode="rate", stages=(Stage(duration_s=1, to=100),), start_level=100, in_flight_cap=2)
    with fault_server(answering(delay_s=0.1)) as server:
        measured = run_load(make_plan(server.url, load=load, timeout_s=0.3))
        assert server.connections == 2
    counts = measured.counts()
    assert counts.scheduled == 100
    assert measured.classes() == {"dropped.late": counts.dropped}
    assert 15 <= counts.ok <= 30  # two at once, ten per second each, and the drain
    assert counts.cancelled <= 4
    delays, responses = measured.histogram("start_delay"), measured.histogram("response_time")
    assert delays.quantiles_us((0.9,))[0] > 150_000
    assert responses.quantiles_us((0.9,))[0] > 250_000
    assert measured.quantile_us("service_time", 0.5) < 150_000  # what two at a time do not see
    assert max(frame.health.at_cap_s for frame in measured.frames) > 0.5


@pytest.mark.parametrize("path", ["/", "/${data:users.id}"])
def test_a_limit_of_connections_is_shared_in_turn(path: str, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id\n" + "\n".join(map(str, range(20))) + "\n")
    seen: Counter[bytes] = Counter()

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            seen[request.split(b" ", 2)[1]] += 1
            connection.sleep(0.005)
            connection.send(OK)

    load = Load(mode="users", stages=(Stage(duration_s=1, to=20),), start_level=20, connections=3)
    with fault_server(handle) as server:
        plan = make_plan(server.url, load=load, operations=[Operation(name="get", path=path)])
        source = DataSource(name="users", file=str(tmp_path / "users.csv"), order="per_user")
        measured = run_load(msgspec.structs.replace(plan, data=(source,)))
        assert server.connections == 3
    assert measured.counts().ok == measured.counts().scheduled > 60
    if path != "/":
        assert len(seen) == 20
        assert max(seen.values()) - min(seen.values()) <= 5


def test_no_life_without_a_runner() -> None:
    with fault_server(answering()) as server, LoadWorkers(make_plan(server.url, rate=100, duration_s=60)) as running:
        running.begin()
        time.sleep(0.3)
        process = running.processes[0]
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(3) == 0


def test_ctrl_c_is_for_the_runner() -> None:
    with fault_server(answering()) as server, LoadWorkers(make_plan(server.url, rate=50, duration_s=0.6)) as running:
        running.begin()
        time.sleep(0.2)
        os.kill(running.processes[0].pid, signal.SIGINT)
        assert running.collect().counts().ok == 30


def test_without_uvloop() -> None:
    code = "import sys; sys.modules['uvloop'] = None; from perftui.engine.worker.__main__ import main; main()"
    with fault_server(answering()) as server:
        measured = run_load(make_plan(server.url, rate=100, duration_s=0.5), program=(sys.executable, "-c", code))
    assert measured.counts().ok == measured.counts().scheduled == 50


def test_too_few_descriptors_are_the_generators_fault() -> None:
    code = "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (40, 40)); "
    code += "from perftui.engine.worker.__main__ import main; main()"
    with fault_server(answering(delay_s=0.3)) as server:
        measured = run_load(make_plan(server.url, rate=100, duration_s=1), program=(sys.executable, "-c", code))
    counts = measured.counts()
    assert measured.classes() == {"client.descriptors": counts.client_errors}
    assert counts.client_errors > 0
    assert counts.ok + counts.client_errors == counts.scheduled == 100
    assert "ulimit -n" in measured.samples[0].detail


def test_descriptors_that_only_have_to_be_allowed_are_allowed() -> None:
    code = "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (40, r.getrlimit(r.RLIMIT_NOFILE)[1])); "
    code += "from perftui.engine.worker.__main__ import main; main()"
    with fault_server(answering(delay_s=0.5)) as server:
        measured = run_load(make_plan(server.url, rate=100, duration_s=1), program=(sys.executable, "-c", code))
    assert measured.counts().ok == measured.counts().scheduled == 100


def test_a_plan_that_cannot_run() -> None:
    operations = [Operation(name="wrong", path="/${nonsense:1}")]
    with pytest.raises(UsageError, match="nonsense"):
        run_load(make_plan("http://127.0.0.1:1", rate=1, operations=operations))


def test_started_by_hand_it_explains_itself() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "perftui.engine.worker"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr == "perftui starts its workers itself; try: perftui --help\n"
