"""Load, pool and worker in virtual time: the same numbers every time, exact to the microsecond, without waiting."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.engine.fleet.messages import Command, Frame
from perftui.metrics.sparse import Sparse
from perftui.model.interval import Counts
from perftui.model.plan import Journey, Load, Operation, Plan, Stage
from support.load_worker import Measured, make_plan, with_load
from support.virtual_time import NS, ORIGIN_NS, Answer, Script, Service, run_virtual

pytestmark = pytest.mark.quick

URL = "script://target"


def always(after_s: float) -> Script:
    return lambda _at_s, _number: Answer(after_s)


def command(second: float, kind: Any, factor: float = 1.0) -> Command:
    return Command(kind=kind, at_ns=ORIGIN_NS + round(second * NS), factor=factor)


def run(plan: Plan, script: Script, **options: Any) -> tuple[Measured, Service]:
    """What was measured is checked for conservation, and the frames for whole seconds without a gap."""
    measured, service = run_virtual(plan, script, **options)
    measured.assert_conserved()
    for before, after in zip(measured.frames, measured.frames[1:], strict=False):
        if after.worker == before.worker:
            assert (after.seq, after.start_ns) == (before.seq + 1, before.end_ns)
            assert (before.end_ns - ORIGIN_NS) % NS == 0
    assert service.sessions == service.busy == 0
    return measured, service


def scheduled(frames: Sequence[Frame]) -> list[int]:
    """Of each frame."""
    return [
        sum(cell.counts.scheduled for by_name in frame.cells.values() for cell in by_name.values()) for frame in frames
    ]


def span_us(times: Sparse) -> tuple[float, float]:
    return times.min_us, times.max_us


def test_a_constant_rate_is_exact_in_every_second() -> None:
    measured, service = run(make_plan(URL, rate=100, duration_s=10), always(0.025))
    assert measured.counts() == Counts(scheduled=1000, started=1000, ok=1000)
    assert scheduled(measured.frames) == [100] * 10 + [0]
    assert span_us(measured.histogram("start_delay")) == (0, 0)
    assert (
        span_us(measured.histogram("service_time")) == span_us(measured.histogram("response_time")) == (25_000, 25_000)
    )
    assert service.arrived_s == pytest.approx([number / 100 for number in range(1000)], abs=1e-6)
    assert service.most_busy == service.most_sessions == measured.opened == 3


def test_ten_minutes_pass_in_a_moment_and_lose_nothing() -> None:
    measured, _ = run(make_plan(URL, rate=3, duration_s=600), always(0.2))
    assert measured.counts() == Counts(scheduled=1800, started=1800, ok=1800)
    assert scheduled(measured.frames) == [3] * 600 + [0]


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_share_a_ramp_exactly(workers: int) -> None:
    load = Load(stages=(Stage(duration_s=4, to=50), Stage(duration_s=3, to=50)), start_level=10)
    measured, _ = run(make_plan(URL, load=load), always(0.01), workers=workers)
    assert measured.counts().ok == measured.counts().scheduled == (10 + 50) // 2 * 4 + 50 * 3


def test_who_comes_during_a_stall_waits_for_its_end() -> None:
    """Nothing is answered from 2 s to 4 s: of 100/s, 200 wait 2 s, 1.99 s, ... and all the same start when due."""
    measured, service = run(
        make_plan(URL, rate=100, duration_s=10), lambda at_s, _: Answer(max(0.01, 4 - at_s) if at_s >= 2 else 0.01)
    )
    times = measured.histogram("response_time")
    assert span_us(times) == pytest.approx((10_000, 2_000_000), rel=1e-3)
    assert times.quantiles_us((0.9,))[0] == pytest.approx(1_000_000, abs=15_000)
    assert span_us(measured.histogram("start_delay")) == (0, 0)
    assert service.most_busy == 200


def test_what_the_cap_holds_back_is_in_the_response_time() -> None:
    """Ten at a time of 100 ms each are 100/s; twice as much is asked for one second, and made up for in the next."""
    stages = (Stage(duration_s=1, to=200), Stage(duration_s=0, to=0), Stage(duration_s=1, to=0))
    load = Load(stages=stages, start_level=200, in_flight_cap=10)
    measured, service = run(make_plan(URL, load=load), always(0.1))
    assert measured.counts().ok == measured.counts().scheduled == 200
    assert service.most_busy == service.most_sessions == 10
    assert span_us(measured.histogram("service_time")) == (100_000, 100_000)
    delays = measured.histogram("start_delay")
    assert delays.min_us == 0
    # each round of ten begins 50 ms later than it was due, and the last is the twentieth
    assert delays.max_us == 950_000
    assert sum(frame.health.at_cap_s for frame in measured.frames) == pytest.approx(1.9, abs=0.01)


def test_what_waits_longer_than_the_timeout_is_dropped_and_never_sent() -> None:
    load = Load(stages=(Stage(duration_s=4, to=10),), start_level=10, in_flight_cap=1)
    measured, service = run(make_plan(URL, load=load, timeout_s=0.5), always(0.4))
    # one every 0.4 s; what still waits at the end is not sent any more
    assert measured.counts() == Counts(scheduled=40, started=10, ok=10, dropped=30)
    assert sum(measured.classes().values()) == 30
    assert len(service.arrived_s) == 10
    assert measured.histogram("start_delay").max_us <= 500_000


def test_a_target_that_never_answers_gives_timeouts_at_the_timeout() -> None:
    measured, service = run(make_plan(URL, rate=20, duration_s=2, timeout_s=0.5), always(1e9))
    assert measured.counts() == Counts(scheduled=40, started=40, timeouts=40)
    assert measured.classes() == {"timeout": 40}
    low_us, high_us = span_us(measured.histogram("response_time"))
    assert 500_000 <= low_us <= high_us <= 520_000 * 1.001  # looked at every 20 ms
    assert service.most_busy <= 11


def test_users_follow_their_answers() -> None:
    measured, service = run(make_plan(URL, users=3, duration_s=10), always(0.1))
    assert measured.counts().ok == measured.counts().scheduled == 3 * 100
    assert service.most_busy == service.most_sessions == 3


def test_users_who_think_come_evenly_from_the_first_second_on() -> None:
    load = Load(mode="users", stages=(Stage(duration_s=20, to=10),), start_level=10, think_s=(0.9, 0.9))
    measured, service = run(make_plan(URL, load=load), always(0.1))
    assert scheduled(measured.frames)[1:-1] == [10] * 19
    assert service.most_busy == 2  # set out 90 ms after each other, they overlap by 10 ms


def test_users_of_a_dead_target_pause_longer_and_longer() -> None:
    measured, service = run(
        make_plan(URL, users=1, duration_s=30), lambda *_: Answer(0, fault="connect.refused", lost=True)
    )
    assert measured.classes() == {"connect.refused": measured.counts().scheduled}
    gaps = [after - before for before, after in zip(service.arrived_s, service.arrived_s[1:], strict=False)]
    assert gaps[0] <= 0.05
    assert 0.5 <= min(gaps[5:]) <= max(gaps) <= 1.0


def test_commands_hold_at_their_moment() -> None:
    commands = [command(2, "pause"), command(4, "resume"), command(6, "scale", 3.0), command(8, "stop")]
    measured, service = run(make_plan(URL, rate=50, duration_s=60), always(0.01), commands=commands)
    assert scheduled(measured.frames) == [50, 50, 0, 0, 50, 50, 150, 150, 0]
    assert [frame.level for frame in measured.frames[:8]] == [50, 50, 0, 0, 50, 50, 150, 150]
    assert max(service.arrived_s) < 8
    assert measured.counts().ok == 500


def test_an_abort_cancels_what_is_on_the_way_and_a_stop_waits_for_it() -> None:
    plan = make_plan(URL, rate=10, duration_s=60)
    stopped, _ = run(plan, always(3), commands=[command(5, "stop")])
    assert stopped.counts() == Counts(scheduled=50, started=50, ok=50)
    assert stopped.frames[-1].end_ns - ORIGIN_NS == pytest.approx(7.9 * NS, abs=0.03 * NS)
    aborted, _ = run(plan, always(3), commands=[command(5, "abort")])
    assert aborted.counts() == Counts(scheduled=50, started=50, ok=20, cancelled=30)
    assert aborted.frames[-1].end_ns - ORIGIN_NS == pytest.approx(5 * NS, abs=0.03 * NS)


def test_the_drain_has_an_end() -> None:
    load = Load(stages=(Stage(duration_s=2, to=10),), start_level=10, drain_s=1)
    measured, _ = run(make_plan(URL, load=load, timeout_s=30), always(20))
    assert measured.counts() == Counts(scheduled=20, started=20, cancelled=20)
    assert measured.frames[-1].end_ns - ORIGIN_NS == pytest.approx(3 * NS, abs=0.03 * NS)


def test_warm_up_and_measure_are_told_apart_by_the_intended_time() -> None:
    """Answers of the warm-up that come seconds later still belong to it."""
    measured, _ = run(make_plan(URL, rate=10, duration_s=2, warmup_s=1), lambda at_s, _: Answer(2 if at_s < 1 else 0.1))
    assert measured.counts(phase="warmup") == Counts(scheduled=10, started=10, ok=10)
    assert measured.counts(phase="measure") == Counts(scheduled=20, started=20, ok=20)
    assert span_us(measured.histogram("service_time", phase="measure")) == (100_000, 100_000)


def test_a_session_that_broke_is_replaced_and_others_are_kept() -> None:
    measured, service = run(
        make_plan(URL, rate=10, duration_s=3),
        lambda _, number: Answer(0.01, fault="closed", lost=True) if number % 10 == 9 else Answer(0.01),
    )
    assert measured.classes() == {"closed": 3}
    assert measured.opened == 3  # the first, and one after each break that somebody followed
    assert service.most_sessions == 1


def test_a_failed_step_ends_its_journey() -> None:
    steps = tuple(Operation(name=name) for name in ("one", "two", "three"))
    load = Load(stages=(Stage(duration_s=2, to=10),), start_level=10, rate_of="journeys")
    plan = replace(make_plan(URL, load=load), operations=(), journeys=(Journey(name="visit", steps=steps),))
    measured, _ = run(plan, lambda _, number: Answer(0.01, fault="server.sad") if number % 5 == 4 else Answer(0.01))
    counts = {name: measured.counts(name) for name in ("one", "two", "three")}
    assert counts["one"].scheduled == 20
    assert counts["two"].scheduled == counts["one"].ok
    assert counts["three"].scheduled == counts["two"].ok
    assert sum(count.errors for count in counts.values()) == sum(count.scheduled for count in counts.values()) // 5


def any_load(mode: Any, arrivals: Any, level: float, seed: int, **more: Any) -> Load:
    return Load(
        mode=mode, arrivals=arrivals, stages=(Stage(duration_s=3, to=level),), start_level=level, seed=seed, **more
    )


@pytest.mark.parametrize(
    "load", [any_load("rate", "poisson", 80, 1), any_load("users", "uniform", 4, 1, think_s=(0.0, 0.3))]
)
def test_the_same_seed_is_the_same_run(load: Load) -> None:
    def seen(seed: int) -> tuple[list[float], list[object]]:
        chance = random.Random(5)
        plan = with_load(make_plan(URL, load=load), seed=seed)
        measured, service = run(
            plan, lambda *_: Answer(chance.expovariate(20), "server.sad" if chance.random() < 0.1 else "")
        )
        return service.arrived_s, [(frame.start_ns, frame.cells, frame.connections) for frame in measured.frames]

    assert seen(1) == seen(1)
    assert seen(1)[0] != seen(2)[0]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any load of three seconds."""
    load = any_load(
        draw(st.sampled_from(["rate", "users"])),
        draw(st.sampled_from(["uniform", "poisson"])),
        draw(st.integers(1, 60)),
        draw(st.integers(0, 1000)),
        in_flight_cap=draw(st.integers(1, 12)),
        think_s=(0.0, draw(st.sampled_from([0.0, 0.05]))),
        max_requests=draw(st.sampled_from([0, 0, 37])),
        drain_s=1.0,
    )
    return make_plan(URL, load=load, timeout_s=draw(st.sampled_from([0.1, 1.0])))


ORDERS = st.lists(
    st.tuples(st.floats(0.5, 3.5), st.sampled_from(["pause", "resume", "scale", "stop", "abort"])), max_size=3
)


@settings(max_examples=30)
@given(plans(), st.sampled_from([0.05, 0.08, 2.0]), st.sampled_from([0.0, 0.3, 1.0]), ORDERS, st.integers(1, 2))
def test_whatever_happens_every_request_has_one_end(
    plan: Plan, slowest_s: float, faults: float, orders: list[tuple[float, str]], workers: int
) -> None:
    """Conserved, never more at once than the cap, no more than allowed, and over soon after the end."""
    chance = random.Random(plan.load.seed)

    def script(_at_s: float, _number: int) -> Answer:
        fault = chance.choice(["server.sad", "reset", "closed"]) if chance.random() < faults else ""
        return Answer(chance.uniform(0.02, slowest_s), fault, lost=fault != "server.sad")

    commands = [command(second, kind, factor=chance.choice([0.5, 2.0])) for second, kind in sorted(orders)]
    measured, service = run(plan, script, workers=workers, commands=commands)
    assert service.most_busy <= service.most_sessions <= max(1, plan.load.in_flight_cap // workers)
    assert not plan.load.max_requests or measured.counts().scheduled <= plan.load.max_requests
    assert max(frame.end_ns for frame in measured.frames) <= ORIGIN_NS + (3 + 1.1) * NS
