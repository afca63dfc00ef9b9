"""The timeline against sums made by hand: windows, phases, minutes instead of old seconds, scrolling back."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.metrics.cells import merge_cells
from perftui.metrics.histogram import Histogram
from perftui.metrics.interval_merge import merge_intervals
from perftui.metrics.series import SERIES
from perftui.metrics.summary import is_censored, stats_of, value_of
from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import judge_interval
from perftui.model.interval import Cell, Counts, ErrorSample, Event, HostSample, Interval, TimePart, WorkerHealth
from perftui.model.journal import End, Header
from perftui.model.objectives import METRICS, OWN_METRICS
from perftui.model.plan import Load, Mode, Objective, Operation, Phase, Plan, Stage, Target
from perftui.model.record import Environment, LatencyStats, Summary
from perftui.model.units import fraction_of, to_digits
from support.simulated_runs import histogram_data

WARM_S, MEASURE_S = 5, 20


def _plan(
    stages: tuple[Stage, ...] = (Stage(duration_s=MEASURE_S, to=50),), start: float = 50, mode: Mode = "rate"
) -> Plan:
    return Plan(
        name="test",
        target=Target(url="http://service.example"),
        load=Load(mode=mode, stages=stages, start_level=start, warmup_s=WARM_S),
        operations=(Operation(name="list"), Operation(name="create")),
    )


def _cell(service_us: list[int], delay_us: int = 100, **counts: int) -> Cell:
    service = np.array(service_us, dtype=np.int64)
    number = len(service_us)
    return Cell(
        counts=Counts(**{"scheduled": number, "started": number, "ok": number, **counts}),
        service_time=histogram_data(service),
        response_time=histogram_data(service + delay_us),
        start_delay=histogram_data(np.full(number, delay_us)),
        received_bytes=10 * number,
        ok_in_measure=None if number else 0,
        times={"first_byte": TimePart(count=number, sum_us=int(service.sum()), max_us=int(service.max(initial=0)))},
    )


def _interval(at: int, phase: Phase, cells: dict[Phase, dict[str, Cell]], cpu: float = 10.0) -> Interval:
    return Interval(
        at_s=float(at), duration_s=1.0, phase=phase, level=50, asked=50, cells=cells,
        workers=(WorkerHealth(worker=0, cpu_percent=20, memory_bytes=1000),),
        host=HostSample(cpu_percent=cpu, memory_percent=40),
    )  # fmt: skip


def _run() -> list[Interval]:
    """Five slow seconds of warm-up, twenty of measure, one of drain with late answers of the measure phase."""
    generator = np.random.default_rng(5)
    intervals = []
    for at in range(WARM_S + MEASURE_S):
        phase: Phase = "warmup" if at < WARM_S else "measure"
        slow = 100 if phase == "warmup" else 1
        cells = {
            name: _cell([int(slow * value) for value in generator.lognormal(8, 0.5, 25)]) for name in ("list", "create")
        }
        intervals.append(_interval(at, phase, {phase: cells}, cpu=float(at)))
    late = _cell([900_000], scheduled=0, started=0)
    intervals.append(_interval(WARM_S + MEASURE_S, "drain", {"measure": {"list": late}}, cpu=99))
    first = intervals[-2]
    pending = replace(first.cells["measure"]["list"], counts=Counts(scheduled=26, started=26, ok=25))
    intervals[-2] = replace(first, cells={"measure": {**first.cells["measure"], "list": pending}})
    return intervals


def _timeline(intervals: list[Interval], plan: Plan | None = None, keep: int = 900) -> Timeline:
    timeline = Timeline(plan or _plan(), keep)
    for interval in intervals:
        timeline.add(interval)
    return timeline


def test_the_summary_holds_the_measure_phase_by_intended_time_and_nothing_of_a_slow_warm_up() -> None:
    timeline = _timeline(_run())
    summary = timeline.run()
    assert summary.duration_s == MEASURE_S
    assert summary.total.counts == Counts(scheduled=1001, started=1001, ok=1001)
    assert summary.total.counts.conserved
    assert list(summary.operations) == ["list", "create"]
    assert summary.operations["list"].counts.scheduled == 501
    assert summary.operations["list"].service_time_ms.max == 900.0
    assert summary.total.service_time_ms.p95 < 10
    assert summary.total.throughput_per_s == pytest.approx(1001 / MEASURE_S)
    measured = [cell for interval in _run() for cell in interval.cells.get("measure", {}).values()]
    assert summary.total == stats_of(measured, MEASURE_S, "rate")
    assert timeline.phases()["warmup"].service_time_ms.p50 > 200
    assert set(timeline.phases()) == {"warmup", "measure"}
    assert timeline.whole_run() == Counts(scheduled=1251, started=1251, ok=1251)
    assert sum(timeline.whole_run_operations().values(), Counts()) == timeline.whole_run()


def test_operations_that_are_looked_at_one_by_one_are_those_of_the_summary() -> None:
    timeline = _timeline(_run())
    whole, total_only = timeline.run(), timeline.run(only=())
    assert total_only.total == whole.total
    assert total_only.operations == {}
    assert timeline.run(only={"list"}).operations == {"list": whole.operations["list"]}
    seen = timeline.run_operations()
    assert dict(seen) == whole.operations
    for times in (False, True):
        for name, outline in seen.outlines(times=times).items():
            full = whole.operations[name]
            assert outline.counts == full.counts
            assert outline.error_rate == full.error_rate
            assert outline.rate_per_s == pytest.approx(full.rate_per_s, rel=1e-3)
            assert outline.response_time_ms == (full.response_time_ms if times else LatencyStats())
    recent = timeline.window_operations(3.0)
    assert dict(recent) == {name: timeline.window(3.0).operations[name] for name in recent}
    assert timeline.window(3.0, only=()).total == timeline.window(3.0).total


def test_response_time_is_start_delay_plus_service_time() -> None:
    total = _timeline(_run()).run().total
    assert total.response_time_ms.mean == pytest.approx(total.service_time_ms.mean + total.start_delay_ms.mean)
    assert total.response_time_ms.count == total.service_time_ms.count == total.start_delay_ms.count


def test_users_mode_takes_the_service_time_for_the_response_time() -> None:
    plan = _plan(mode="users")
    cells: list[Interval] = [
        replace(interval, cells={
            phase: {name: replace(cell, response_time=None, start_delay=None) for name, cell in held.items()}
            for phase, held in interval.cells.items()
        })
        for interval in _run()
    ]  # fmt: skip
    total = _timeline(cells, plan).run().total
    assert total.response_time_ms == total.service_time_ms
    assert total.start_delay_ms.count == 0


@pytest.mark.parametrize(
    ("events", "measured_s"),
    [
        ((), MEASURE_S),
        ((Event(at_s=12.5, kind="stop"),), 7.5),
        ((Event(at_s=3.0, kind="abort"),), 0.0),
        ((Event(at_s=9.0, kind="phase", detail="drain"),), 4.0),
        ((Event(at_s=9.0, kind="phase", detail="measure"),), MEASURE_S),
    ],
)
def test_the_measured_time_ends_when_the_load_does(events: tuple[Event, ...], measured_s: float) -> None:
    timeline = _timeline(_run())
    for event in events:
        timeline.add(event)
    assert timeline.run().duration_s == pytest.approx(measured_s)


def test_only_holding_stages_are_measured_when_some_ramp() -> None:
    stages = (Stage(duration_s=5, to=100), Stage(duration_s=10, to=100), Stage(duration_s=5, to=0))
    timeline = _timeline(_run(), _plan(stages))
    assert timeline.run().duration_s == 10
    only_ramps = _timeline(_run(), _plan((Stage(duration_s=20, to=100),)))
    assert only_ramps.run().duration_s == 20


def test_a_window_is_the_last_seconds_whatever_the_phase() -> None:
    timeline = _timeline(_run()[:7])
    window = timeline.window(3)
    assert window.duration_s == 3
    assert window.total.counts.scheduled == 150
    assert window.operations["list"].counts.scheduled == 75
    assert window.total.service_time_ms.p95 > 100
    assert timeline.window(1).total.service_time_ms.p95 < 10
    assert timeline.window(100).total.counts == timeline.whole_run()


def test_series_have_a_point_per_second_in_which_something_was_measured() -> None:
    timeline = _timeline(_run())
    assert timeline.series("throughput")[:2] == [(0.0, 50.0), (1.0, 50.0)]
    assert len(timeline.series("response_time.p95")) == 26
    assert len(timeline.series("response_time.p95", "create")) == 25
    assert timeline.series("cpu")[3] == (3.0, 3.0)
    assert timeline.series("target_cpu") == []
    assert timeline.series("throughput", "nothing") == [(float(at), 0.0) for at in range(26)]
    assert timeline.series("throughput", last_s=2) == [(24.0, 50.0), (25.0, 1.0)]
    assert max(value for _, value in timeline.series("response_time.max", points=5)) == pytest.approx(900.1, rel=0.5)
    assert len(timeline.series("throughput", points=5)) == 5


def test_the_short_rest_of_a_run_is_no_point_of_a_series() -> None:
    """One answer in the last 0.7 ms is no peak of 1,429 per second. Counts and percentiles have it."""
    rest = replace(_interval(26, "drain", {"measure": {"list": _cell([900_000])}}, cpu=100.0), duration_s=0.0007)
    timeline, whole = _timeline([*_run(), rest]), _timeline(_run())
    for metric in ("throughput", "response_time.p95", "cpu"):
        assert timeline.series(metric) == whole.series(metric)
    assert timeline.whole_run().ok == whole.whole_run().ok + 1


def test_no_number_has_digits_that_were_not_measured() -> None:
    """Times of a histogram to the microsecond, means and rates to six digits, shares to nine."""
    summary = _timeline(_run()).run()
    for stats in (summary.total, *summary.operations.values()):
        for times in (stats.response_time_ms, stats.service_time_ms, stats.start_delay_ms):
            exact = (times.min, times.p50, times.p75, times.p95, times.p99_9, times.max, times.iqr)
            assert [round(value, 3) for value in exact] == list(exact)
        means = (times.mean, times.stddev, stats.rate_per_s, stats.throughput_per_s, *stats.times_ms.values())
        assert [to_digits(value, 6) for value in means] == list(means)
        assert to_digits(stats.attained, 9) == stats.attained
    assert fraction_of(99_999_999, 100_000_000) < 1


@pytest.mark.slow
def test_every_named_series_can_be_asked_for() -> None:
    """A run without errors, hits and misses, of a target that is no process of this machine, has no points of those."""
    timeline = _timeline(_run())
    found = {metric: [value for _, value in timeline.series(metric)] for metric in SERIES}
    silent = {metric.partition(".")[0] for metric, values in found.items() if not values}
    of_target = {name for name in SERIES if name.startswith(("target_", "remote_"))}
    of_others = {metric.partition(".")[0] for metric in OWN_METRICS}  # of protocols that this run does not speak
    assert silent == {"error_time", "hit_time", "miss_time", "hit_rate", *of_target, *of_others}
    assert min(value for values in found.values() for value in values) >= 0


@cache
def _whole_run() -> Summary:
    return _timeline(_run()).run()


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_has_a_value_in_a_summary(metric: str) -> None:
    value = value_of(_whole_run().total, metric)
    nothing = metric.startswith(("error_time", "hit_", "miss_")) or metric in OWN_METRICS
    assert value is None if nothing else isinstance(value, float)


def test_unknown_names_are_errors() -> None:
    with pytest.raises(ValueError, match="'speed' is not a series"):
        _timeline(_run()).series("speed")
    with pytest.raises(ValueError, match="'speed' is not a metric"):
        value_of(_timeline(_run()).run().total, "speed")
    with pytest.raises(ValueError, match="needs a plan or a header"):
        Timeline().add(_run()[0])


def test_old_seconds_become_minutes_and_no_count_is_lost() -> None:
    second = _run()[10]
    intervals = [replace(second, at_s=float(at)) for at in range(400)]
    plan = _plan((Stage(duration_s=400, to=50),))
    fine, coarse = _timeline(intervals, plan), _timeline(intervals, plan, keep=100)
    assert len(fine.intervals) == 400
    assert len(coarse.intervals) == 4 + 160
    assert [interval.duration_s for interval in coarse.intervals[:6]] == [60, 60, 60, 60, 1, 1]
    assert coarse.run() == fine.run()
    assert coarse.trust() == fine.trust()
    assert coarse.host_spread() == fine.host_spread()
    assert coarse.intervals_count == 400
    assert sum(len(coarse.series(name)) for name in ("throughput", "response_time.p95")) == 2 * 164
    assert coarse.series("throughput")[0] == (0.0, 50.0)
    again = Timeline()
    again.add(Header(id="x", plan=plan, started_at="", environment=Environment()))
    for line in coarse.decimated():
        again.add(line)
    assert again.run() == fine.run()


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(1, 10**7), max_size=20), min_size=1, max_size=5))
def test_merged_intervals_hold_the_same_as_the_single_ones(seconds: list[list[int]]) -> None:
    intervals = [_interval(at, "measure", {"measure": {"list": _cell(values)}}) for at, values in enumerate(seconds)]
    merged = merge_intervals(intervals)
    assert merged.duration_s == len(seconds)
    cell = merged.cells["measure"]["list"]
    every = [value for values in seconds for value in values]
    assert cell.service_time == Histogram.of(every).data
    assert cell == merge_cells([interval.cells["measure"]["list"] for interval in intervals])
    assert merged.asked == 50 * len(seconds)


def test_until_is_the_run_as_it_was() -> None:
    timeline = _timeline(_run())
    timeline.add(Event(at_s=8.0, kind="mark", detail="deploy"))
    timeline.add(Event(at_s=18.0, kind="mark", detail="later"))
    timeline.add(ErrorSample(error_class="http.500", operation="list", at_s=19.0))
    past = timeline.until(10.0)
    assert past.at_s == 10.0
    assert past.run().duration_s == 5
    assert past.run() == _timeline(_run()[:10]).run()
    assert [event.detail for event in past.events] == ["deploy"]
    assert past.error_samples == []
    assert timeline.at_s == 26.0


def test_minutes_remember_how_many_of_their_seconds_were_bad() -> None:
    """One second in forty is held up: degraded seconds, a valid run."""
    second, plan = _run()[10], _plan((Stage(duration_s=1200, to=50),))
    plan = replace(plan, objectives=(Objective(metric="response_time.p50", target="< 1s"),))
    lags = [histogram_data(np.full(200, us)) for us in (50, 900)]
    workers = [(WorkerHealth(worker=0, loop_lag=lag), WorkerHealth(worker=1, loop_lag=lag)) for lag in lags]
    quiet, held_up = (judge_interval(replace(second, workers=held), plan) for held in workers)
    intervals = [replace(held_up if at % 40 == 0 else quiet, at_s=float(at)) for at in range(1200)]
    timeline = _timeline(intervals, plan, keep=60)
    assert timeline.trust().verdict == "valid"
    assert timeline.until(1150).trust().verdict == "valid"
    assert {reason.lasted_s for reason in timeline.intervals[1].trust_reasons} == {1.0}
    assert timeline.intervals[-1].trust == "valid"
    flagged = [interval for interval in timeline.intervals if interval.trust == "degraded"]
    assert len(flagged) > 10


def test_header_end_and_samples_are_kept() -> None:
    header = Header(id="x", plan=_plan(), started_at="2026-01-01T00:00:00Z", environment=Environment())
    end = End(status="finished", ended_at="2026-01-01T00:01:00Z")
    timeline = Timeline()
    sample = ErrorSample(error_class="http.500", operation="list", at_s=1.0, count=1)
    for line in (header, sample, replace(sample, count=9), replace(sample, status=503), end):
        timeline.add(line)
    assert (timeline.header, timeline.end, timeline.plan) == (header, end, header.plan)
    assert [(held.count, held.status) for held in timeline.error_samples] == [(9, 0), (1, 503)]
    assert timeline.trust().verdict == "valid"
    assert timeline.curve() == []
    assert timeline.histogram_bars() == []


def test_host_spread_leaves_out_the_drain_and_what_was_not_sampled() -> None:
    spread = _timeline(_run()).host_spread()
    assert spread["cpu_percent"].max == 24.0
    assert spread["cpu_percent"].mean == 12.0
    assert spread["cpu_percent"].p95 == 23.0
    assert spread["worker_cpu_percent"].mean == 20.0
    assert "target_cpu_percent" not in spread


def test_curve_and_bars_cover_every_value() -> None:
    timeline = _timeline(_run())
    curve = timeline.curve()
    assert curve[-1] == (1.0, 900.1)
    assert [q for q, _ in curve] == sorted(q for q, _ in curve)
    assert max(q for q, _ in curve[:-1]) == 0.999
    assert [ms for _, ms in curve] == sorted(ms for _, ms in curve)
    bars = timeline.histogram_bars(bars=12)
    assert len(bars) == 12
    assert sum(count for *_, count in bars) == 1001
    assert all(low < high for low, high, _ in bars)


def test_timeouts_are_in_the_times_and_censor_the_tail() -> None:
    cell = _cell([1000] * 95 + [5_000_000] * 5, scheduled=100, started=100, ok=95, timeouts=5)
    stats = stats_of([cell], 10.0, "rate")
    assert stats.service_time_ms.p99 == pytest.approx(5000, rel=1e-3)
    assert stats.timeout_rate == 0.05
    assert stats.error_rate == 0.05
    for time in ("response_time", "service_time"):
        assert [is_censored(stats, time, q) for q in (0.5, 0.9, 0.96, 0.99)] == [False, False, True, True]
    assert not is_censored(stats, "start_delay", 0.99)


def test_what_was_never_sent_has_no_service_time() -> None:
    """Three of four requests dropped: most response times are unknown, and no service time."""
    cell = _cell([1000] * 25, scheduled=100, started=25, ok=25, dropped=75)
    stats = stats_of([cell], 10.0, "rate")
    assert is_censored(stats, "response_time", 0.5)
    assert not is_censored(stats, "service_time", 0.99)
