"""What each level of a run measured, as the rows that text, Markdown and pages share."""

from __future__ import annotations

from perftui.model.record import Record
from perftui.model.units import format_percent
from perftui.report.words import number_text, percentile_texts

TITLES = ("sent/s", "ok/s", "p50 ms", "p95 ms", "p99 ms", "errors", "attained")


def level_title(record: Record) -> str:
    """What the levels count: `users`, or `asked/s`."""
    return "users" if record.plan.load.mode == "users" else "asked/s"


def level_rows(record: Record) -> list[list[str]]:
    """The level, then a cell for each of TITLES; no rows for a run of a single level."""
    return [
        [
            f"{level.level:,.6g}",
            number_text(level.total.rate_per_s),
            number_text(level.total.throughput_per_s),
            *percentile_texts(record, level.total),
            format_percent(level.total.error_rate),
            format_percent(level.total.attained),
        ]
        for level in record.levels
    ]
