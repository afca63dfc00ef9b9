"""From intervals to the numbers of a summary."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from perftui.metrics.cells import CellSum, sum_of
from perftui.metrics.failures import failures, own_drops
from perftui.metrics.generator_bounds import Generator
from perftui.metrics.own_values import own_value
from perftui.metrics.sparse import Sparse
from perftui.model.interval import Cell, Event, Interval
from perftui.model.objectives import CHECK, OWN_METRICS, TIME_METRICS
from perftui.model.plan import Mode, Plan
from perftui.model.record import LatencyStats, Stats, Summary
from perftui.model.units import fraction_of

CHECK_CLASS = "check:"
"""Starts the error class of a check that failed."""
ENDS_LOAD = frozenset({"stop", "abort", "auto_stop"})


def stats_of(cells: Sequence[Cell], duration_s: float, mode: Mode, generator: Generator | None = None) -> Stats:
    """What some cells say together, over so many seconds."""
    return sum_of(cells).stats(duration_s, mode, generator=generator)


def generator_of(intervals: Iterable[Interval]) -> Generator:
    """What the generator did in some intervals."""
    return Generator(Sparse.of(*(worker.loop_lag for interval in intervals for worker in interval.workers)))


def summary_of(
    sums: dict[str, CellSum], duration_s: float, plan: Plan, phase: str = "measure", *,
    generator: Generator | None = None, ended_ok: Callable[[str], int | None] = lambda _: None,
    total: CellSum | None = None, only: Collection[str] | None = None,
) -> Summary:  # fmt: skip
    """A summary of sums by operation: total, then every operation of the plan, measured or not, in its order.

    Args:
        sums: By operation.
        duration_s: How long that took.
        plan: What is executed.
        phase: What it is of.
        generator: What it did meanwhile; None: not known.
        ended_ok: Ok answers of an operation (empty: of all) that ended within these seconds; None: those of the sums.
        total: The sum of all operations, when somebody has added it up already.
        only: Operations that are wanted; None: every one.
    """
    if total is None:
        total = CellSum()
        for part in sums.values():
            total.add_sum(part)
    mode = plan.load.mode
    names = dict.fromkeys((*(operation.name for operation in plan.counted_operations), *sums))
    return Summary(
        phase=phase,
        duration_s=duration_s,
        total=total.stats(duration_s, mode, generator=generator, ended_ok=ended_ok("")),
        operations={
            name: sums.get(name, CellSum()).stats(duration_s, mode, generator=generator, ended_ok=ended_ok(name))
            for name in names
            if only is None or name in only
        },
    )


def load_end_s(last_s: float, events: Iterable[Event]) -> float:
    """When arrivals ended: at a stop, an abort or the drain phase, else at the last moment that is known."""
    for event in events:
        if event.kind in ENDS_LOAD or (event.kind == "phase" and event.detail.startswith("drain")):
            last_s = min(last_s, event.at_s)
    return last_s


def value_of(stats: Stats, metric: str) -> float | None:
    """The value of a metric of model/objectives.py, in its unit; None when nothing was measured.

    Raises:
        ValueError: there is no such metric.
    """
    time, _, statistic = metric.partition(".")
    if time in TIME_METRICS:
        latency: LatencyStats = getattr(stats, f"{time}_ms")
        return float(getattr(latency, statistic)) if latency.count else None
    if metric in OWN_METRICS:
        return own_value(stats.of_protocol, metric)
    counts = stats.counts
    if metric.startswith(CHECK):
        return _check_rate(stats, metric.removeprefix(CHECK))
    judged = counts.ok + failures(counts, stats.error_classes)
    match metric:
        case "error_rate":
            return stats.error_rate if judged else None
        case "timeout_rate":
            return stats.timeout_rate if judged else None
        case "success_rate":
            return fraction_of(counts.ok, judged) if judged else None
        case "attained":
            return stats.attained if counts.scheduled else None
        case "hit_rate":
            return stats.hit_rate
        case "throughput":
            return stats.throughput_per_s if counts.scheduled else None
        case "rate":
            return stats.rate_per_s if counts.scheduled else None
        case _:
            raise ValueError(f"{metric!r} is not a metric")


def _check_rate(stats: Stats, name: str) -> float | None:
    """The share of answers that came as far as the checks on which this one held."""
    failed = {each: count for each, count in stats.error_classes.items() if each.startswith(CHECK_CLASS)}
    judged = stats.counts.ok + sum(failed.values())
    return 1 - fraction_of(failed.get(CHECK_CLASS + name, 0), judged) if judged else None


def is_censored(stats: Stats, time: str, quantile: float) -> bool:
    """Whether a time's quantile is only known to be at least the timeout: too many requests have no answer.

    A request that was never sent would have had a response time; it has no service time. What the generator did not
    send by its own fault says nothing about the target.
    """
    counts = stats.counts
    late = counts.dropped - own_drops(stats.error_classes)
    unknown = {"response_time": counts.timeouts + late, "service_time": counts.timeouts}.get(time, 0)
    return unknown > 0 and unknown / (counts.ok + unknown) > 1 - quantile
