"""A comparison as text, and the words of every format: what changed, how sure that is, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from perftui.model.comparison import EQUIVALENCE_CONFIDENCE, Comparison, ComparisonVerdict, MetricChange
from perftui.model.objectives import Unit, format_value
from perftui.report.tables import Column, cell_width, flow, table, wrap
from perftui.report.words import MISSING, number_text

VERDICT_WORDS: dict[ComparisonVerdict, str] = {
    "regression": "REGRESSION",
    "improvement": "IMPROVEMENT",
    "no_difference": "no difference",
    "inconclusive": "INCONCLUSIVE",
    "not_comparable": "NOT COMPARABLE",
}
VERDICT_MARKS: dict[ComparisonVerdict, str] = {
    "regression": "✗",
    "improvement": "▲",
    "no_difference": "=",
    "inconclusive": "?",
    "not_comparable": "✗",
}
WIDTH = 80
_INDENT = "  "
_EQUIVALENCE = f"{100 * EQUIVALENCE_CONFIDENCE:.4g} %"


def comparison_text(comparison: Comparison) -> str:
    """The comparison as plain text, 80 columns."""
    word = f"{VERDICT_MARKS[comparison.verdict]} {VERDICT_WORDS[comparison.verdict]}"
    lines = [
        "compare" + " " * (WIDTH - len("compare") - cell_width(word)) + word,
        *wrap(side_text(comparison.baseline_id, comparison.baseline_label), WIDTH, f"{_INDENT}baseline  ", " " * 12),
        *wrap(side_text(comparison.run_id, comparison.run_label), WIDTH, f"{_INDENT}run       ", " " * 12),
        "─" * WIDTH,
    ]
    for reason in comparison.reasons:
        lines += wrap(reason, WIDTH, f"{_INDENT}! ", " " * 4)
    for note in comparison.notes:
        lines += wrap(note, WIDTH, f"{_INDENT}· ", " " * 4)
    if comparison.metrics:
        basis = basis_text(comparison).split(" · ")
        if any(change.equivalence for change in comparison.metrics):
            basis.append(f"{_EQUIVALENCE} where times do not differ")
        lines += ["", *_metrics(comparison), "", *flow(basis, WIDTH, _INDENT, _INDENT)]
    if notes := reasons_by_text(comparison.metrics):
        lines.append("")
        for names, reason in notes:
            lines += wrap(f"{names}: {reason}", WIDTH, f"{_INDENT}· ", " " * 4)
    if comparison.differences:
        lines += ["", f"{_INDENT}What else differs"]
        for difference in comparison.differences:
            lines += wrap(difference, WIDTH, f"{_INDENT}- ", " " * 4)
    return "\n".join(lines) + "\n"


def _metrics(comparison: Comparison) -> list[str]:
    columns = [
        Column("", least=12),
        Column("baseline → run", right=True),
        Column("change", right=True),
        Column("interval", right=True),
        Column("verdict"),
    ]
    operations = list(dict.fromkeys(change.operation for change in comparison.metrics))
    rows: list[list[str]] = []
    for operation in operations:
        rows.append([operation or "total", *[""] * 4])
        rows += [_row(change) for change in comparison.metrics if change.operation == operation]
    return table(columns, rows, width=WIDTH)


def _row(change: MetricChange) -> list[str]:
    return [
        f"  {change.metric}",
        pair_text(change),
        change_text(change.change, change.unit),
        ends_text(change),
        verdict_text(change),
    ]


def pair_text(change: MetricChange) -> str:
    """Both values, the unit once: `41.2 → 52.6 ms`."""
    before, after = value_text(change.baseline, change.unit), value_text(change.run, change.unit)
    unit = next((unit for unit in (" ms", "/s", " %") if after.endswith(unit)), "")
    return f"{before.removesuffix(unit)} → {after}"


def verdict_text(change: MetricChange) -> str:
    """The verdict's word; in parentheses where it does not count, and `–` where it then would say nothing."""
    if change.gated:
        return VERDICT_WORDS[change.verdict]
    return f"({VERDICT_WORDS[change.verdict].lower()})" if change.verdict in {"regression", "improvement"} else MISSING


def reasons_by_text(changes: Sequence[MetricChange]) -> list[tuple[str, str]]:
    """Each reason once, with the names of all metrics that have it."""
    names: dict[str, list[str]] = {}
    for change in changes:
        if change.reason:
            names.setdefault(change.reason, []).append(metric_name(change))
    return [(", ".join(metrics), reason) for reason, metrics in names.items()]


def side_text(run_id: str, label: str) -> str:
    """A run by its id and label."""
    return f"{run_id} ({label})" if label else run_id


def metric_name(change: MetricChange) -> str:
    """The metric, after its operation where it has one."""
    return f"{change.operation}: {change.metric}" if change.operation else change.metric


def value_text(value: float, unit: Unit) -> str:
    """A value with its unit."""
    return f"{number_text(value)}/s" if unit == "per_s" else format_value(value, unit)


def change_text(change: float, unit: Unit) -> str:
    """A change: `+27.7 %` of times and rates, `+0.50 pp` (percentage points) of fractions."""
    return f"{_points(100 * change)} pp" if unit == "fraction" else f"{_signed(100 * change)} %"


def interval_text(change: MetricChange) -> str:
    """The interval of a change: `[+18.1, +38.0]`, in the change's unit; `–` where it could not be found.

    Where no difference was found by a narrower one that one stands here, and how sure it is: `[-8.1, +9.0] 90 %`.
    """
    return f"{ends_text(change)} {_EQUIVALENCE}" if change.equivalence else ends_text(change)


def ends_text(change: MetricChange) -> str:
    """The interval that decided, without how sure it is."""
    if not change.interval_known:
        return MISSING
    text = _points if change.unit == "fraction" else _signed
    low, high = change.equivalence or (change.low, change.high)
    return f"[{text(100 * low)}, {text(100 * high)}]"


def _signed(percent: float) -> str:
    return f"{percent:+,.0f}" if abs(percent) >= 100 else f"{percent:+.1f}"


def _points(points: float) -> str:
    """Percentage points: hundredths only of few."""
    return _signed(points) if abs(points) >= 10 else f"{points:+.2f}"


def basis_text(comparison: Comparison) -> str:
    """What the verdicts rest on: threshold, rounds, numbers of requests, earlier runs."""
    largest = max(comparison.metrics, key=lambda change: change.n_baseline + change.n_run)
    confidences = {change.confidence for change in comparison.metrics}
    least = f"{'at least ' if len(confidences) > 1 else ''}{100 * min(confidences):.4g} % intervals"
    earlier = f" · noise as in {comparison.earlier_runs} earlier runs" if comparison.earlier_runs else ""
    return (
        f"{least} · threshold {100 * comparison.threshold:.4g} % · "
        f"rounds {comparison.rounds[0]}+{comparison.rounds[1]} · n {largest.n_baseline:,}+{largest.n_run:,}{earlier}"
    )


def verdict_line(change: MetricChange, rounds: tuple[int, int]) -> str:
    """One metric with all that its verdict rests on, in one line.

    `response_time.p95 41.2 → 52.6 ms +27.7 % [+18.1, +38.0] thr 20 % R=3+3 n=9,000+9,000 REGRESSION`
    """
    parts = [
        metric_name(change),
        pair_text(change),
        change_text(change.change, change.unit),
        interval_text(change),
        f"thr {100 * change.threshold:.4g} %",
        f"R={rounds[0]}+{rounds[1]}",
        f"n={change.n_baseline:,}+{change.n_run:,}",
        VERDICT_WORDS[change.verdict],
    ]
    return " ".join(parts) + (f": {change.reason}" if change.reason else "")
