"""A regression against the baseline as a finding of the run, so that every headline says it."""

from __future__ import annotations

from msgspec.structs import replace

from perftui.model.comparison import Comparison, MetricChange
from perftui.model.objectives import format_value
from perftui.model.record import REGRESSION, Finding, Record

_MOST_NAMED = 4


def with_regression(record: Record, comparison: Comparison | None) -> Record:
    """The record with the finding, where the comparison has found a regression and it does not say so yet."""
    if comparison is None or comparison.verdict != REGRESSION or record.is_regression:
        return record
    worse = [change for change in comparison.metrics if change.gated and change.verdict == REGRESSION]
    named = ", ".join(map(_words, worse[:_MOST_NAMED]))
    more = f" and {len(worse) - _MOST_NAMED} more" if len(worse) > _MOST_NAMED else ""
    detail = f"regression against {comparison.baseline_id}: {named}{more}"
    return replace(record, findings=(Finding(code=REGRESSION, detail=detail, severity="fail"), *record.findings))


def _words(change: MetricChange) -> str:
    name = f"{change.operation}: {change.metric}" if change.operation else change.metric
    before, after = (format_value(value, change.unit) for value in (change.baseline, change.run))
    by = f" ({change.change * 100:+.1f} %)" if change.unit != "fraction" else ""
    return f"{name} {before} → {after}{by}"
