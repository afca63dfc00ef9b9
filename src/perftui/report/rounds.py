"""Several rounds of one plan: each in a line, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Sequence

from perftui.analysis.rounds import rounds_of
from perftui.model.objectives import Unit
from perftui.model.record import Record
from perftui.model.rounds import MetricSpread, Rounds
from perftui.model.units import format_ms, format_percent
from perftui.report.tables import Column, table, wrap
from perftui.report.words import number_text, percentile_texts, verdict_mark
from perftui.store.loading import LoadedRun

WIDTH = 80


def rounds_text(runs: Sequence[LoadedRun]) -> str:
    """The rounds as a table, the spread of each metric over them, and what is not steady."""
    rounds = rounds_of(runs)
    lines = [f"{len(runs)} rounds", "─" * WIDTH, *_each([run.record for run in runs]), "", *_spreads(rounds)]
    for note in rounds.notes:
        lines += wrap(note, WIDTH, "! ", "  ")
    return "\n".join(lines) + "\n"


def _each(records: Sequence[Record]) -> list[str]:
    columns = [
        Column("round", right=True),
        Column("run", least=12),
        *(Column(title, right=True) for title in ("ok/s", "p50 ms", "p95 ms", "p99 ms", "errors")),
        Column("verdict"),
    ]
    rows = []
    for record in records:
        total = record.summary.total
        verdict = f"{verdict_mark(record.outcome)} {record.outcome}"
        if record.trust.verdict == "degraded":
            verdict += ", degraded"
        rows.append(
            [
                str(record.round),
                record.id,
                number_text(total.throughput_per_s),
                *percentile_texts(record, total),
                format_percent(total.error_rate),
                verdict,
            ]
        )
    return table(columns, rows, width=WIDTH)


def _spreads(rounds: Rounds) -> list[str]:
    titles = ("min", "median", "mean", "max", "stddev", "IQR", "varies")
    columns = [Column("over the rounds", least=12), *(Column(title, right=True) for title in titles)]
    rows: list[list[str]] = []
    for operation in dict.fromkeys(spread.operation for spread in rounds.metrics):
        rows.append([operation or "total", *[""] * len(titles)])
        rows += [_row(spread) for spread in rounds.metrics if spread.operation == operation]
    lines = table(columns, rows, width=WIDTH)
    if any(spread.outliers for spread in rounds.metrics):
        lines.append("*: a round beyond 1.5 interquartile ranges from the quartiles")
    return lines


def _row(spread: MetricSpread) -> list[str]:
    unit = {"ms": ", ms", "per_s": ", /s", "fraction": ", %"}[spread.unit]
    values = (spread.min, spread.median, spread.mean, spread.max, spread.stddev, spread.iqr)
    return [
        f"  {spread.metric.removeprefix('response_time.').removeprefix('service_time.')}{unit}",
        *(_value(value, spread.unit) for value in values),
        format_percent(spread.varies) + ("*" if spread.outliers else ""),
    ]


def _value(value: float, unit: Unit) -> str:
    if unit == "ms":
        return format_ms(value)
    return f"{100 * value:.2f}" if unit == "fraction" else number_text(value)
