"""The schedule under a virtual clock: exact to the nanosecond, split exactly, true to its formula."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.engine.load.arrivals import Arrivals, share
from perftui.engine.load.phases import PhaseClock
from perftui.engine.load.schedule import NS, Schedule
from perftui.model.plan import Arrivals as ArrivalKind
from perftui.model.plan import Load, Stage


def load_of(*stages: tuple[float, float], start: float = 0.0, warmup_s: float = 0.0, **more: object) -> Load:
    return Load(
        stages=tuple(Stage(duration_s=duration, to=to) for duration, to in stages),
        start_level=start,
        warmup_s=warmup_s,
        **more,  # type: ignore[arg-type]  # as the test says
    )


def times_of(load: Load, worker: int = 0, workers: int = 1) -> list[int]:
    arrivals = Arrivals(Schedule(load), worker, workers)
    times: list[int] = []
    while (due := arrivals.next_ns()) is not None:
        times.append(due)
        arrivals.pop()
    return times


def exact_time_ns(stages: list[tuple[Fraction, Fraction, Fraction]], index: int) -> float:
    """When the integral of the level reaches `index`, by bisection in exact fractions."""
    start, before = Fraction(0), Fraction(0)
    for duration, low, high in stages:
        arrivals = (low + high) / 2 * duration
        if index < before + arrivals:
            slope = (high - low) / duration
            early, late = Fraction(0), duration
            for _ in range(60):
                middle = (early + late) / 2
                if before + (low + low + slope * middle) / 2 * middle <= index:
                    early = middle
                else:
                    late = middle
            return float((start + early) * NS)
        start, before = start + duration, before + arrivals
    raise IndexError(index)


@pytest.mark.parametrize("rate", [1.0, 3.0, 7.5, 333.0, 1000.0, 20_000.0])
def test_uniform_arrivals_follow_the_formula_to_the_nanosecond(rate: float) -> None:
    times = times_of(load_of((2.0, rate), start=rate))
    assert len(times) == math.ceil(2 * rate)
    assert all(due == round(Fraction(index) / Fraction(rate) * NS) for index, due in enumerate(times))


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_the_union_of_all_workers_is_the_schedule(workers: int) -> None:
    load = load_of((1.0, 500.0), (2.0, 500.0), (1.0, 50.0), start=20.0, warmup_s=0.5)
    union = sorted(due for worker in range(workers) for due in times_of(load, worker, workers))
    assert union == times_of(load)
    assert len(union) == Schedule(load).count == math.ceil(10 + 260 + 1000 + 275)


@settings(max_examples=30)
@given(
    start=st.integers(0, 500),
    stages=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 500)), min_size=1, max_size=4),
    workers=st.integers(1, 4),
)
def test_any_profile(start: int, stages: list[tuple[int, int]], workers: int) -> None:
    load = load_of(*((tenths / 10, float(to)) for tenths, to in stages), start=float(start))
    exact: list[tuple[Fraction, Fraction, Fraction]] = []
    level = start
    for tenths, to in stages:
        exact.append((Fraction(tenths, 10), Fraction(level), Fraction(to)))
        level = to
    total = sum(((low + high) / 2 * duration for duration, low, high in exact), Fraction(0))
    union = sorted(due for worker in range(workers) for due in times_of(load, worker, workers))
    assert len(union) == math.ceil(total)
    assert union == sorted(union)
    for index in {0, len(union) // 3, len(union) // 2, len(union) - 1} - {-1}:
        if index < len(union):
            assert union[index] == pytest.approx(exact_time_ns(exact, index), abs=2)


@pytest.mark.parametrize("workers", [1, 3])
def test_poisson_gaps_are_exponential(workers: int) -> None:
    load = load_of((100.0, 200.0), start=200.0, arrivals="poisson", seed=7)
    union = np.array(sorted(due for worker in range(workers) for due in times_of(load, worker, workers)))
    assert len(union) == pytest.approx(20_000, abs=4 * math.sqrt(20_000))
    gaps = np.sort(np.diff(union) / NS)
    assert gaps.min() >= 0
    # Kolmogorov-Smirnov distance to the exponential distribution; 1.63 / sqrt(n) is its 1 % bound
    expected = 1 - np.exp(-gaps * 200)
    ranks = np.arange(1, len(gaps) + 1) / len(gaps)
    distance = max(np.max(ranks - expected), np.max(expected - (ranks - 1 / len(gaps))))
    assert distance < 1.63 / math.sqrt(len(gaps))


def test_poisson_is_the_same_for_the_same_seed() -> None:
    first = times_of(load_of((2.0, 100.0), start=100.0, arrivals="poisson", seed=1), 0, 2)
    assert first == times_of(load_of((2.0, 100.0), start=100.0, arrivals="poisson", seed=1), 0, 2)
    assert first != times_of(load_of((2.0, 100.0), start=100.0, arrivals="poisson", seed=1), 1, 2)
    assert first != times_of(load_of((2.0, 100.0), start=100.0, arrivals="poisson", seed=2), 0, 2)


@pytest.mark.parametrize("arrivals", ["uniform", "poisson"])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_most_requests_ends_the_schedule(arrivals: ArrivalKind, workers: int) -> None:
    load = load_of((100.0, 1000.0), start=1000.0, arrivals=arrivals, max_requests=1001)
    assert sum(len(times_of(load, worker, workers)) for worker in range(workers)) == 1001


def drive(load: Load, commands: list[tuple[float, str, float]], workers: int = 2) -> list[int]:
    """All arrivals of all workers, each told of the commands when its clock reaches them."""
    union: list[int] = []
    for worker in range(workers):
        schedule = Schedule(load)
        arrivals = Arrivals(schedule, worker, workers)
        waiting = list(commands)
        while True:
            due = arrivals.next_ns()
            if waiting and (due is None or due >= waiting[0][0] * NS):
                at_s, kind, factor = waiting.pop(0)
                match kind:
                    case "pause":
                        schedule.pause(at_s)
                    case "resume":
                        schedule.resume(at_s)
                    case "stop":
                        schedule.stop(at_s)
                    case _:
                        schedule.scale(at_s, factor)
                arrivals.replan()
            elif due is None:
                break
            else:
                union.append(due)
                arrivals.pop()
    return sorted(union)


def test_commands_change_what_comes_after_them() -> None:
    load = load_of((10.0, 100.0), start=100.0)
    assert len(drive(load, [])) == 1000
    paused = drive(load, [(2.0, "pause", 0), (4.0, "resume", 0)])
    assert len(paused) == 800
    assert not [due for due in paused if 2 * NS <= due < 4 * NS]
    assert len(drive(load, [(5.0, "scale", 2.0)])) == 1500
    assert len(drive(load, [(5.0, "scale", 2.0), (6.0, "scale", 0.5)])) == 500 + 200 + 200
    assert len(drive(load, [(2.0, "pause", 0), (3.0, "scale", 2.0), (4.0, "resume", 0)])) == 200 + 1200
    stopped = drive(load, [(2.5, "stop", 0)])
    assert len(stopped) == 250
    assert stopped[-1] < 2.5 * NS
    assert len(drive(load, [(2.0, "pause", 0), (3.0, "stop", 0)])) == 200


def test_phases() -> None:
    ramped = Schedule(load_of((2.0, 100.0), (3.0, 100.0), start=10.0, warmup_s=1.0))
    assert ramped.phase_changes_ns() == [(0, "warmup"), (NS, "ramp"), (3 * NS, "measure"), (6 * NS, "drain")]
    only_ramps = Schedule(load_of((2.0, 100.0), (2.0, 0.0)))
    assert only_ramps.phase_changes_ns() == [(0, "measure"), (4 * NS, "drain")]
    clock = PhaseClock(ramped, 1000 * NS)
    assert [clock.at(1000 * NS + at) for at in (-1, 0, NS - 1, NS, 3 * NS, 6 * NS, 99 * NS)] == [
        "warmup", "warmup", "warmup", "ramp", "measure", "drain", "drain",
    ]  # fmt: skip
    assert clock.next_change_ns(1000 * NS) == 1001 * NS
    assert clock.next_change_ns(1006 * NS) > 1e18


def test_levels() -> None:
    schedule = Schedule(load_of((2.0, 100.0), (1.0, 100.0)))
    assert [schedule.level_at(at) for at in (0, 1, 2, 2.5, 3, -1)] == [0, 50, 100, 100, 0, 0]
    assert schedule.arrivals_until(2) == 100
    assert schedule.count_until(3) == schedule.count == 200


@given(total=st.integers(0, 10_000), workers=st.integers(1, 16))
def test_shares_add_up(total: int, workers: int) -> None:
    parts = [share(total, worker, workers) for worker in range(workers)]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize("arrivals", ["uniform", "poisson"])
@pytest.mark.parametrize("workers", [1, 3])
def test_most_requests_counts_after_the_warm_up(arrivals: ArrivalKind, workers: int) -> None:
    load = load_of((100.0, 20.0), start=20.0, warmup_s=1.0, arrivals=arrivals, max_requests=13)
    times = [due for worker in range(workers) for due in times_of(load, worker, workers)]
    assert sum(due >= NS for due in times) == 13
    if arrivals == "uniform":
        assert len(times) == Schedule(load).count == Schedule(load).most == 33


def test_a_level_is_held_until_told_otherwise() -> None:
    """On a ramp as well: scaled, the rest of it would grow on."""
    ramp = load_of((10.0, 60.0), start=5.0)
    schedule = Schedule(ramp)
    schedule.hold(3.0, 12.0)
    assert [schedule.level_at(at) for at in (3.0, 5.0, 9.9)] == [12.0, 12.0, 12.0]
    schedule.pause(5.0)
    schedule.resume(6.0)
    assert [schedule.level_at(at) for at in (5.5, 6.5)] == [0.0, 12.0]
    schedule.scale(8.0, 2.0)
    assert schedule.level_at(9.0) == pytest.approx(2 * 54.5)
    rest = Schedule(load_of((2.0, 10.0), (2.0, 0.0), (2.0, 0.0), start=10.0))
    rest.hold(5.0, 7.0)  # where the plan asks for nothing
    assert rest.level_at(5.5) == 7.0
    assert rest.end_s == 6.0


@pytest.mark.parametrize("rate", [1.0, 333.0, 20_000.0, 500_000.0, 1_000_000.0])
@pytest.mark.parametrize("workers", [1, 3])
def test_what_is_passed_over_is_counted_by_the_formula(rate: float, workers: int) -> None:
    """Due are as many as the level says, however few of them a worker got to."""
    schedule = Schedule(load_of((3.0, rate), start=rate, warmup_s=0.5))
    total, sent = 0, 0
    for worker in range(workers):
        arrivals = Arrivals(schedule, worker, workers)
        for _ in range(5_000):
            due = arrivals.next_ns()
            if due is None or due >= 2 * NS:
                break
            arrivals.pop()
            sent += 1
        total += arrivals.skip(0.5) + arrivals.skip(2.0)
        rest = arrivals.skip(schedule.end_s)
        assert rest > 0 or worker >= rate
        assert arrivals.next_ns() is None
        assert arrivals.skip(99.0) == 0
        total += rest
    assert total + sent == math.ceil(3.5 * rate)


def test_nothing_is_passed_over_twice_and_the_next_is_the_first_after_it() -> None:
    arrivals = Arrivals(Schedule(load_of((10.0, 100.0), start=100.0)), 0, 1)
    arrivals.next_ns()
    arrivals.pop()
    assert arrivals.skip(1.0) == 99
    assert arrivals.next_ns() == NS
    assert arrivals.skip(0.5) == arrivals.skip(1.0) == 0


def test_random_arrivals_passed_over_are_as_many_as_would_have_come() -> None:
    counts = []
    for seed in range(40):
        load = load_of((100.0, 1000.0), start=1000.0, arrivals="poisson", seed=seed)
        arrivals = Arrivals(Schedule(load), 0, 1)
        sent = 0
        while (due := arrivals.next_ns()) is not None and due < NS:
            arrivals.pop()
            sent += 1
        skipped = arrivals.skip(90.0)
        next_ns = arrivals.next_ns()
        assert next_ns is not None
        assert 90 * NS <= next_ns < 90.1 * NS
        counts.append(sent + skipped)
    assert np.mean(counts) == pytest.approx(90_000, abs=4 * math.sqrt(90_000 / 40))
    assert np.std(counts) == pytest.approx(300, rel=0.4)
