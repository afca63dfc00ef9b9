"""Runs as data, drawn from a model: levels that remember the second before, rounds that differ, tails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from perftui.metrics.histogram import Int64s, pack_used, slots_of
from perftui.metrics.timeline import Timeline
from perftui.model.comparison import Comparison, MetricChange
from perftui.model.interval import Cell, Counts, HistogramData, HostSample, Interval, WorkerHealth
from perftui.model.plan import Load, Mode, Operation, Plan, Stage, Target
from perftui.model.record import Environment, Record, Trust


@dataclass(frozen=True, kw_only=True)
class Model:
    """How the seconds of a simulated round come about."""

    seconds: int = 30
    rate: int = 200
    mode: Mode = "rate"
    median_ms: float = 20.0
    spread: float = 0.4
    """Standard deviation of the logarithm within a second."""
    round_spread: float = 0.05
    """Of a round's level."""
    second_spread: float = 0.05
    """Of a second's level."""
    memory: float = 0.6
    """Correlation of a second's level with the one before."""
    factor: float = 1.0
    """Multiplies every time."""
    error_rate: float = 0.0
    timeout_rate: float = 0.0
    """Share of requests without an answer; their times are 5 s."""
    slow_share: float = 0.0
    """Of the answers, which take three times as long."""
    stall_at: int = -1
    stall_s: int = 0
    """During it answers come when it ends."""
    operations: tuple[str, ...] = ("list",)
    late_share: float = 0.0
    """Of the moments at which the generator's loop is late, by `late_ms` on average (exponential); else by 0.02 ms."""
    late_ms: float = 0.0
    own: tuple[str, ...] = ()
    """Times that only some protocols have, beside two messages and one page a request; each is half of its time."""
    hit_share: float = -1.0
    """Of the ok answers; below zero nobody says what a hit is."""

    def lags_us(self, count: int, generator: np.random.Generator) -> Int64s:
        """How late the loop is at some moments."""
        late = generator.random(count) < self.late_share
        return np.where(late, generator.exponential(self.late_ms * 1e3, count), 20).astype(np.int64)

    def with_factor(self, factor: float) -> Model:
        """The same, slower."""
        return replace(self, factor=factor)


@dataclass(frozen=True)
class SimulatedRun:
    """What a comparison needs of a loaded run."""

    record: Record
    intervals: Sequence[Interval]
    foreign_lacks: Sequence[str] = ()


def histogram_data(values_us: Int64s) -> HistogramData:
    """Values as a packed histogram."""
    if not len(values_us):
        return HistogramData()
    slots, counts = np.unique(slots_of(values_us), return_counts=True)
    return HistogramData(
        count=len(values_us), sum_us=int(values_us.sum()), min_us=int(values_us.min()), max_us=int(values_us.max()),
        packed=pack_used(slots, counts),
    )  # fmt: skip


_LAG = histogram_data(np.full(200, 20))


def plan_of(model: Model) -> Plan:
    """The plan that the model would be a run of."""
    load = Load(mode=model.mode, stages=(Stage(duration_s=model.seconds, to=model.rate),), start_level=model.rate)
    operations = tuple(Operation(name=name, path=f"/{name}") for name in model.operations)
    return Plan(name="simulated", target=Target(url="http://service.example"), load=load, operations=operations)


def intervals_of(model: Model, generator: np.random.Generator) -> list[Interval]:
    """The seconds of one round."""
    level = np.log(model.median_ms * 1e3 * model.factor) + model.round_spread * generator.standard_normal()
    fresh = model.second_spread * np.sqrt(1 - model.memory**2)
    drift = model.second_spread * generator.standard_normal()
    intervals = []
    for second in range(model.seconds):
        drift = model.memory * drift + fresh * generator.standard_normal()
        cells = {}
        for name in model.operations:
            count = model.rate // len(model.operations)
            failed = int(generator.binomial(count, model.error_rate)) if model.error_rate else 0
            late = int(generator.binomial(count - failed, model.timeout_rate)) if model.timeout_rate else 0
            ok = count - failed - late
            times = np.exp(level + drift + model.spread * generator.standard_normal(ok))
            if model.slow_share:
                times = np.where(generator.random(ok) < model.slow_share, 3 * times, times)
            if 0 <= second - model.stall_at < model.stall_s and model.stall_at >= 0:
                times += (model.stall_at + model.stall_s - second - generator.random(ok)) * 1e6
            times = np.maximum(times, 1).astype(np.int64)
            if model.late_share:
                times += model.lags_us(ok, generator)
            data = histogram_data(np.append(times, np.full(late, 5_000_000)))
            hits = round(ok * model.hit_share)
            cells[name] = Cell(
                counts=Counts(scheduled=count, started=count, ok=ok, errors=failed, timeouts=late),
                error_classes={name: number for name, number in (("http.500", failed), ("timeout", late)) if number},
                service_time=data,
                response_time=data if model.mode == "rate" else None,
                start_delay=histogram_data(np.full(ok + late, 20)) if model.mode == "rate" else None,
                own_times={each: histogram_data(times // 2) for each in model.own},
                amounts=(
                    {"messages_received": 2 * ok, "pages": ok, "page_bytes": round(1e6 * model.factor) * ok}
                    if model.own
                    else {}
                ),
                hit_time=histogram_data(times[:hits]) if model.hit_share >= 0 else None,
                miss_time=histogram_data(times[hits:]) if model.hit_share >= 0 else None,
            )
        lag = histogram_data(model.lags_us(200, generator)) if model.late_share else _LAG
        intervals.append(
            Interval(
                at_s=float(second), duration_s=1.0, phase="measure", level=model.rate, asked=model.rate,
                cells={"measure": cells}, workers=(WorkerHealth(worker=0, cpu_percent=20.0, loop_lag=lag),),
                host=HostSample(),
            )
        )  # fmt: skip
    return intervals


def simulated_run(model: Model, seed: str, environment: Environment | None = None) -> SimulatedRun:
    """One round; the same seed gives the same round."""
    generator = np.random.default_rng([ord(letter) for letter in seed])
    plan = plan_of(model)
    intervals = intervals_of(model, generator)
    timeline = Timeline(plan, keep=len(intervals) + 1)
    for interval in intervals:
        timeline.add(interval)
    record = Record(
        id=seed, status="finished", plan=plan, environment=environment or Environment(host_id="here"), trust=Trust(),
        whole_run=timeline.whole_run(), summary=timeline.run(),
    )  # fmt: skip
    return SimulatedRun(record, intervals)


def simulated_rounds(model: Model, seed: str, rounds: int) -> list[SimulatedRun]:
    """Several rounds."""
    return [simulated_run(model, f"{seed}.{number}") for number in range(rounds)]


def change_of(comparison: Comparison, metric: str, operation: str = "") -> MetricChange:
    """One metric of a comparison, of all requests or of one operation."""
    return next(change for change in comparison.metrics if (change.metric, change.operation) == (metric, operation))
