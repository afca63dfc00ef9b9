"""CSV for spreadsheets and scripts: one row per operation, one per second, one per compared metric.

Cells that a spreadsheet would take for a formula get a `'` in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from perftui.metrics.generator_bounds import QUANTILES
from perftui.metrics.summary import generator_of, stats_of, value_of
from perftui.model.comparison import Comparison
from perftui.model.interval import Counts
from perftui.model.objectives import OWN_METRICS, metric_unit
from perftui.model.record import LatencyStats, Record, Stats
from perftui.store.loading import LoadedRun

_FORMULA_STARTS = ("=", "+", "-", "@", "\t")
_LATENCIES = ("response_time_ms", "service_time_ms", "start_delay_ms", "error_time_ms", "hit_time_ms", "miss_time_ms")
_COUNTS = Counts.__struct_fields__
_STATISTICS = LatencyStats.__struct_fields__
_RATES = (
    "rate_per_s",
    "throughput_per_s",
    "attained",
    "error_rate",
    "timeout_rate",
    "received_bytes",
    "sent_bytes",
    "hit_rate",
)
_BOUNDED = (*QUANTILES, "mean")
_SERIES_BOUNDED = ("p50", "p95", "p99", "mean")
_SERIES_STATISTICS = ("count", "mean", "p50", "p95", "p99", "max")
TOTAL = "total"
_ENDS = {"ms": "_ms", "per_s": "_per_s"}
_OF_HITS = ("hit_rate", *(f"{time}.{name}" for time in ("hit_time", "miss_time") for name in ("p50", "p95", "max")))


def _title(metric: str) -> str:
    """The column of a metric, with its unit."""
    return metric.replace(".", "_") + _ENDS.get(metric_unit(metric), "")


def guarded_cell(value: object) -> str | int | float:
    """A cell that no spreadsheet evaluates. Numbers stay numbers."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return round(value, 9)
    # a lone carriage return would end the row for some readers and begin a cell for others
    text = str(value).replace("\r", " ")
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def write_csv(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lines of CSV (RFC 4180, but with a plain line end)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([guarded_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def summary_csv(runs: Sequence[LoadedRun]) -> str:
    """The measure phase of each run: one row for the total, one per operation; then the same of each level."""
    titles = ["run", "label", "preset", "url", "started_at", "status", "verdict", "trust", "duration_s", "operation"]
    titles += [
        *_COUNTS,
        *_RATES,
        *(f"{time.removesuffix('_ms')}_{name}_ms" for time in _LATENCIES for name in _STATISTICS),
        *(f"response_time_{name}_{end}" for name in _BOUNDED for end in ("least_ms", "worth")),
    ]
    own = _own_metrics(runs)
    titles = [title.replace("_count_ms", "_count") for title in titles] + ["error_classes", "level", "statuses"]
    titles += map(_title, own)
    rows = [
        [*_summary_row(run.record, name, stats, seconds, level), *(value_of(stats, metric) for metric in own)]
        for run in runs
        for name, stats, seconds, level in _parts(run.record)
    ]
    return write_csv(titles, rows)


def _own_metrics(runs: Sequence[LoadedRun]) -> list[str]:
    """What only the protocols of these runs have; most runs have nothing of it."""
    every = [stats for run in runs for _, stats, _, _ in _parts(run.record)]
    return [metric for metric in OWN_METRICS if any(value_of(stats, metric) is not None for stats in every)]


def _parts(record: Record) -> Iterable[tuple[str, Stats, float, float | None]]:
    """Name, numbers, seconds and level of each row; the whole measure phase has no level."""
    whole = (None, record.summary.duration_s, record.summary.total, record.summary.operations)
    levels = ((level.level, level.duration_s, level.total, level.operations) for level in record.levels)
    for level, seconds, total, operations in (whole, *levels):
        for name, stats in [(TOTAL, total), *operations.items()]:
            yield name, stats, seconds, level


def _summary_row(record: Record, name: str, stats: Stats, seconds: float, level: float | None) -> list[object]:
    about = [record.id, record.label, record.plan.name, record.plan.where, record.started_at]
    about += [record.status, record.verdict, record.trust.verdict]
    return [
        *about,
        seconds,
        name,
        *(getattr(stats.counts, count) for count in _COUNTS),
        *(getattr(stats, rate) for rate in _RATES),
        *(value for time in _LATENCIES for value in _times(getattr(stats, time), _STATISTICS)),
        *(value for name in _BOUNDED for value in _bound(stats, name)),
        _counted(stats.error_classes),
        level,
        _counted(stats.statuses),
    ]


def _counted(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in counts.items())


def _bound(stats: Stats, name: str) -> tuple[float | None, str | None]:
    """What a response time of the target is at least, and what the measured one is worth; empty where not known."""
    bound = stats.response_time_bounds.get(name)
    return (None, None) if bound is None else (bound.lower, bound.verdict)


def _times(times: LatencyStats, statistics: Sequence[str]) -> list[object]:
    """Statistics of a time; empty cells where there were no values, which are no times of 0 ms."""
    return [getattr(times, name) if times.count or name == "count" else None for name in statistics]


def series_csv(run: LoadedRun) -> str:
    """One row per interval and operation (and the total), every phase, with this machine's load."""
    titles = ["at_s", "duration_s", "phase", "level", "asked", "paused", "trust", "operation", *_COUNTS]
    titles += [
        f"{time}_{name}{'' if name == 'count' else '_ms'}"
        for time in ("response_time", "service_time", "start_delay")
        for name in _SERIES_STATISTICS
    ]
    titles += [f"response_time_{name}_least_ms" for name in _SERIES_BOUNDED]
    titles += ["received_bytes", "sent_bytes", "cpu_percent", "memory_percent", "worker_cpu_percent"]
    hits = _OF_HITS if run.record.summary.total.hit_rate is not None else ()
    further = (*hits, *_own_metrics([run]))
    return write_csv([*titles, *map(_title, further)], _series_rows(run, further))


def _series_rows(run: LoadedRun, further: Sequence[str]) -> Iterable[list[object]]:
    mode = run.record.plan.load.mode
    names = [operation.name for operation in run.record.plan.counted_operations]
    for interval in run.intervals:
        by_operation = [(name, [cells[name] for cells in interval.cells.values() if name in cells]) for name in names]
        generator = generator_of([interval])
        every = [cell for cells in interval.cells.values() for cell in cells.values()]
        for name, cells in [(TOTAL, every), *(by_operation if len(names) > 1 else [])]:
            stats = stats_of(cells, interval.duration_s, mode, generator)
            yield [
                interval.at_s,
                interval.duration_s,
                interval.phase,
                interval.level,
                interval.asked,
                interval.paused,
                interval.trust,
                name,
                *(getattr(stats.counts, count) for count in _COUNTS),
                *(
                    value
                    for time in ("response_time_ms", "service_time_ms", "start_delay_ms")
                    for value in _times(getattr(stats, time), _SERIES_STATISTICS)
                ),
                *(_bound(stats, name)[0] for name in _SERIES_BOUNDED),
                stats.received_bytes,
                stats.sent_bytes,
                interval.host.cpu_percent,
                interval.host.memory_percent,
                max((worker.cpu_percent for worker in interval.workers), default=0.0),
                *(value_of(stats, metric) for metric in further),
            ]


def comparison_csv(comparison: Comparison) -> str:
    """One row per metric."""
    titles = ["baseline_id", "run_id", "operation", "metric", "unit", "baseline", "run", "change", "low", "high"]
    titles += [
        "confidence",
        "equivalence_low",
        "equivalence_high",
        "threshold",
        "rounds_baseline",
        "rounds_run",
        "n_baseline",
        "n_run",
        "gated",
        "verdict",
        "reason",
    ]
    return write_csv(
        titles,
        [
            [
                comparison.baseline_id,
                comparison.run_id,
                change.operation or TOTAL,
                change.metric,
                change.unit,
                change.baseline,
                change.run,
                change.change,
                change.low,
                change.high,
                change.confidence,
                *(change.equivalence or ("", "")),
                change.threshold,
                *comparison.rounds,
                change.n_baseline,
                change.n_run,
                change.gated,
                change.verdict,
                change.reason,
            ]
            for change in comparison.metrics
        ],
    )
