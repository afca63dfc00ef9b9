"""Several rounds of one plan: each in a line, and how far they lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from perftui.model.record import Record, Stats
from perftui.model.units import format_ms, format_percent
from perftui.report.tables import Column, table
from perftui.report.words import number_text, verdict_mark

WIDTH = 80
_UNSTABLE = 0.1
"""Coefficient of variation above which rounds disagree too much."""


def rounds_text(records: Sequence[Record]) -> str:
    """The rounds as a table, and the spread of each metric over them."""
    rate_mode = records[0].plan.load.mode == "rate"
    columns = [
        Column("round", right=True),
        Column("run", least=12),
        *(Column(title, right=True) for title in ("ok/s", "p50 ms", "p95 ms", "p99 ms", "errors")),
        Column("verdict"),
    ]
    rows = []
    for record in records:
        total = record.summary.total
        times = total.response_time_ms if rate_mode else total.service_time_ms
        trust = "" if record.trust.verdict == "valid" else f", {record.trust.verdict}"
        rows.append(
            [
                str(record.round),
                record.id,
                number_text(total.throughput_per_s),
                *(format_ms(value) for value in (times.p50, times.p95, times.p99)),
                format_percent(total.error_rate),
                f"{verdict_mark(record.verdict)} {record.verdict}{trust}",
            ]
        )
    lines = [f"{len(records)} rounds", "─" * WIDTH, *table(columns, rows, width=WIDTH), ""]
    spread = [
        Column("over the rounds"),
        *(Column(title, right=True) for title in ("min", "median", "mean", "max", "stddev", "IQR", "varies")),
    ]
    cells = [
        [name, *_spread([read(record.summary.total) for record in records])]
        for name, read in _metrics(rate_mode=rate_mode)
    ]
    lines += table(spread, cells, width=WIDTH)
    return "\n".join(lines) + "\n"


def _metrics(*, rate_mode: bool) -> list[tuple[str, Callable[[Stats], float]]]:
    def time(field: str) -> Callable[[Stats], float]:
        return lambda stats: float(getattr(stats.response_time_ms if rate_mode else stats.service_time_ms, field))

    return [
        ("throughput, /s", lambda stats: stats.throughput_per_s),
        *(
            (f"{title}, ms", time(field))
            for title, field in (("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("mean", "mean"))
        ),
    ]


def _spread(values: Sequence[float]) -> list[str]:
    mean = statistics.fmean(values)
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [mean] * 3
    varies = deviation / mean if mean else 0.0
    figures = (min(values), statistics.median(values), mean, max(values), deviation, quartiles[2] - quartiles[0])
    return [*map(format_ms, figures), format_percent(varies) + (" !" if varies > _UNSTABLE else "")]
