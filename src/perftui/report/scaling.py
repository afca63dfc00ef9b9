"""A scaling test as text, Markdown and CSV."""

from __future__ import annotations

from perftui.model.scaling import Estimate, Scaling, ScalingLevel
from perftui.model.units import format_ms, format_percent
from perftui.report.csv_export import write_csv
from perftui.report.json_export import struct_json
from perftui.report.markdown import markdown_table
from perftui.report.tables import Column, table, wrap
from perftui.report.words import MISSING, number_text, verdict_mark

FORMATS = ("text", "json", "md", "csv")
_WIDTH = 80
_TITLES = ("ok/s", "efficiency", "by the law", "p95 ms", "errors")


def render(scaling: Scaling, style: str) -> str:
    """The test in one of FORMATS."""
    if style == "json":
        return struct_json(scaling)
    if style == "csv":
        fields = ScalingLevel.__struct_fields__
        return write_csv(fields, [[getattr(level, name) for name in fields] for level in scaling.levels])
    marks = [verdict_mark(level.verdict) for level in scaling.levels]
    rows = [[mark, *row] for mark, row in zip(marks, _rows(scaling), strict=True)]
    titles = [scaling.of, *_TITLES]
    if style == "md":
        lines = [*markdown_table(["", *titles], rows), "", *(f"- {line}" for line in law_lines(scaling))]
    else:
        lines = table([Column(" "), *(Column(title, right=True) for title in titles)], rows, width=_WIDTH, indent="  ")
        lines += ["", *(part for line in law_lines(scaling) for part in wrap(line, _WIDTH))]
    return "\n".join(lines) + "\n"


def law_lines(scaling: Scaling) -> list[str]:
    """What the fitted law says, in sentences."""
    if scaling.contention is None or scaling.coherency is None:
        return ["too few levels for a law: three at least"]
    lines = [
        f"contention {_percent(scaling.contention)} of the work is done one after the other",
        f"coherency {_percent(scaling.coherency)} of it is spent on each pair that must agree",
    ]
    if scaling.peak is None or scaling.peak_per_s is None:
        return [*lines, "by this law throughput does not fall at any level"]
    where = f"{scaling.peak.value:,.3g} {scaling.of} ({scaling.peak.low:,.3g} to {scaling.peak.high:,.3g})"
    return [*lines, f"most throughput, {number_text(scaling.peak_per_s)}/s, at {where}"]


def _percent(estimate: Estimate) -> str:
    low, high = format_percent(estimate.low), format_percent(estimate.high)
    return f"{format_percent(estimate.value)} ({low} to {high})"


def _rows(scaling: Scaling) -> list[list[str]]:
    return [
        [
            f"{level.level:,.6g}",
            number_text(level.throughput_per_s),
            format_percent(level.efficiency),
            MISSING if level.predicted_per_s is None else number_text(level.predicted_per_s),
            format_ms(level.p95_ms),
            format_percent(level.error_rate),
        ]
        for level in scaling.levels
    ]
