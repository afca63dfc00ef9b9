"""A scaling test as text, Markdown and CSV."""

from __future__ import annotations

from perftui.analysis.scaling import CRITICAL
from perftui.model.scaling import Estimate, Of, Scaling, ScalingLevel
from perftui.model.units import format_ms, format_percent
from perftui.report.csv_export import write_csv
from perftui.report.json_export import struct_json
from perftui.report.tables import Column, markdown_table, table, wrap
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
    return "\n".join(scaling_markdown(scaling) if style == "md" else scaling_text(scaling)) + "\n"


def scaling_text(scaling: Scaling) -> list[str]:
    """The table and the law, 80 columns wide."""
    columns = [Column(" "), *(Column(title, right=True) for title in titles_of(scaling))]
    lines = table(columns, _marked(scaling), width=_WIDTH, indent="  ")
    return [*lines, "", *(part for line in law_lines(scaling) for part in wrap(line, _WIDTH))]


def scaling_markdown(scaling: Scaling) -> list[str]:
    """The same as Markdown."""
    rows = markdown_table(["", *titles_of(scaling)], _marked(scaling))
    return [*rows, "", *(f"- {line}" for line in law_lines(scaling))]


def too_little(scaling: Scaling) -> str:
    """Which level is the least efficient, against what is critical."""
    low = min(scaling.levels, key=lambda level: level.efficiency)
    told = f"{format_percent(low.efficiency)}, critical > {format_percent(CRITICAL)}"
    return f"efficiency at {level_words(low.level, scaling.of)} is {told}"


def titles_of(scaling: Scaling) -> list[str]:
    """Of the columns of row_of."""
    return [scaling.of, *_TITLES]


def _marked(scaling: Scaling) -> list[list[str]]:
    return [[verdict_mark(level.verdict), *row_of(level)] for level in scaling.levels]


def law_lines(scaling: Scaling) -> list[str]:
    """What the fitted law says, in sentences."""
    if scaling.contention is None or scaling.coherency is None:
        if any(level.throughput_per_s <= 0 for level in scaling.levels):
            return ["no law goes through a level without ok answers"]
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


def row_of(level: ScalingLevel) -> list[str]:
    """A level as cells of TITLES."""
    return [
        f"{level.level:,.6g}",
        number_text(level.throughput_per_s),
        format_percent(level.efficiency),
        MISSING if level.predicted_per_s is None else number_text(level.predicted_per_s),
        format_ms(level.p95_ms),
        format_percent(level.error_rate),
    ]


def level_words(level: float, of: Of) -> str:
    """`4 users`, `1 worker`, `200/s`."""
    if of == "rate":
        return f"{level:,.6g}/s"
    return f"{level:,.6g} {of.removesuffix('s') if level == 1 else of}"
