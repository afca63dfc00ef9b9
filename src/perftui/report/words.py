"""Numbers and states as the words every report uses, so that text, Markdown and HTML say the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perftui.model.error_classes import error_class
from perftui.model.interval import TrustVerdict
from perftui.model.objectives import TIME_METRICS, format_value, is_metric, metric_unit
from perftui.model.plan import Load, Plan
from perftui.model.record import LatencyStats, ObjectiveResult, Outcome, Record, Stats
from perftui.model.units import format_duration, format_ms, format_percent

if TYPE_CHECKING:
    from perftui.store.index import RunRow

PERCENTILES: tuple[tuple[str, str, float], ...] = (
    ("p50", "p50", 0.5),
    ("p75", "p75", 0.75),
    ("p90", "p90", 0.9),
    ("p95", "p95", 0.95),
    ("p99", "p99", 0.99),
    ("p99_9", "p99.9", 0.999),
)
"""Field of LatencyStats, its title, its quantile."""

TIME_PARTS = ("queue", "dns", "connect", "tls", "first_byte", "transfer", "execute", "fetch", "answer")
MISSING = "–"
LEAST_VALUES = {"p99": 1_000, "p99_9": 10_000}
"""A percentile of fewer values than this is not shown."""
TRUST_WORDS: dict[TrustVerdict, str] = {
    "valid": "The generator kept up: the numbers are the target's.",
    "degraded": "Some of the numbers may be partly the generator's own: which, and how much of them, is said here.",
    "invalid": "The generator did not keep up: the numbers are its own, not the target's. Do not compare them.",
}
_MOST_STATUSES = 8
_MARKS: dict[Outcome, str] = {
    "pass": "✓", "warn": "!", "fail": "✗", "none": "·", "invalid": "✗", "regression": "✗",
}  # fmt: skip


def verdict_mark(verdict: Outcome) -> str:
    """One sign for a verdict; always printed beside its word or its limits."""
    return _MARKS[verdict]


def run_verdict_text(record: Record) -> str:
    """What came of a run: `✓ pass`; `✗ invalid, objectives pass` where its numbers prove nothing; empty for none."""
    outcome = record.outcome
    if outcome == "none":
        return ""
    told = f", objectives {record.verdict}" if record.verdict not in {outcome, "none"} else ""
    return f"{verdict_mark(outcome)} {outcome}{told}"


def load_text(load: Load) -> str:
    """The load profile in a few words: `100/s for 30s`, `0 → 1,000 users in 2m`, `5 users for 2m or 200 requests`."""
    per_second = " journeys/s" if load.rate_of == "journeys" else "/s"
    unit = per_second if load.mode == "rate" else " user" if _levels(load) == [1.0] else " users"
    levels = _levels(load)
    if len(levels) > 4:
        levels = [levels[0], max(levels), levels[-1]]
    shape = " → ".join(f"{level:,.6g}" for level in levels)
    most = load.max_requests
    until = f" or {most:,} request{'' if most == 1 else 's'}" if most else ""
    return f"{shape}{unit} {'for' if len(levels) == 1 else 'in'} {format_duration(load.duration_s)}{until}"


def _levels(load: Load) -> list[float]:
    """Every level that the profile reaches, in turn, without repetition."""
    levels = [load.start_level]
    for stage in load.stages:
        if stage.to != levels[-1]:
            levels.append(stage.to)
    return levels


def headline(plan: Plan) -> str:
    """Preset, target (with the path where there is only one) and load in one line."""
    return f"{plan.name} · {plan.address} · {load_text(plan.load)}"


def shows(times: LatencyStats, field: str) -> bool:
    """Whether there are enough values for a percentile."""
    return times.count >= max(1, LEAST_VALUES.get(field, 1))


def percentile_text(stats: Stats, times: LatencyStats, field: str, timeout_s: float) -> str:
    """A percentile in ms, honest about what is not known.

    `–`: too few values for it. `≥ 5,000`: more requests ran into the timeout (or, of response times, were dropped) than
    lie above it.
    """
    from perftui.metrics.summary import is_censored

    if not shows(times, field):
        return MISSING
    quantile = next((q for name, _, q in PERCENTILES if name == field), None)
    time = next((name for name in TIME_METRICS if getattr(stats, f"{name}_ms") is times), "")
    if (
        field == "max"
        and stats.counts.timeouts
        and times.max >= timeout_s * 1e3
        and time in {"response_time", "service_time"}
    ):
        return f"≥{format_ms(timeout_s * 1e3)}"  # given up shortly after the timeout: the longest time is not known
    if quantile is not None and is_censored(stats, time, quantile):
        return f"≥{format_ms(timeout_s * 1e3)}"
    return format_ms(getattr(times, field))


def p95_text(row: RunRow) -> str:
    """The p95 of a run in a list: `–` where nothing was answered, `≥5,000` where only so much is known."""
    if not row.p95_ms:
        return MISSING
    return f"{'≥' if row.p95_is_floor else ''}{format_ms(row.p95_ms)}"


def percentile_texts(record: Record, stats: Stats) -> list[str]:
    """p50, p95 and p99 of what the headline of a run is about: response times, in users mode those of the service."""
    timeout_s = record.plan.timeout_s
    return [percentile_text(stats, stats.response_time_ms, field, timeout_s) for field in ("p50", "p95", "p99")]


def number_text(value: float) -> str:
    """A rate with one decimal below a thousand: `0.5`, `99.9`, `1,234`."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def hits_texts(record: Record) -> list[str]:
    """Share of hits, and the times of hits and misses apart, of every operation that says what a hit is."""
    found = {name: stats for name, stats in record.summary.operations.items() if stats.hit_rate is not None}
    lines = []
    for name, stats in found.items():
        words = [f"{format_percent(stats.hit_rate or 0.0)} of {stats.hit_time_ms.count + stats.miss_time_ms.count:,}"]
        for kind, times in (("hit", stats.hit_time_ms), ("miss", stats.miss_time_ms)):
            if times.count:
                shown = (f"{field} {format_ms(getattr(times, field))}" for field in ("p50", "p95", "p99"))
                words.append(f"{kind} {' '.join(shown)} ms")
        lines.append(f"{name}: {', '.join(words)}" if len(record.summary.operations) > 1 else ", ".join(words))
    return lines


def parts_text(parts: dict[str, float]) -> list[str]:
    """Where a request's time goes, in the order in which it goes there; parts that took nothing are left out."""
    named = [(name, parts[name]) for name in TIME_PARTS if parts.get(name, 0.0) >= 0.0005]
    return [f"{name.replace('_', ' ')} {format_ms(mean_ms)}" for name, mean_ms in named]


def objective_name(result: ObjectiveResult) -> str:
    """The metric, after its operation where it has one, and where or over how long it must hold.

    One that nobody asked for says so.
    """
    name = f"{result.operation}: {result.metric}" if result.operation else result.metric
    if result.level is not None:
        name = f"{name} at {result.level:,.6g}"
    elif result.over_s:
        name = f"{name} over {format_duration(result.over_s)}"
    return f"{name} (implied)" if result.implied else name


def objective_value(result: ObjectiveResult) -> str:
    """The measured value with its unit; `–` when there is none."""
    if result.value is None or not is_metric(result.metric):
        return MISSING
    unit = metric_unit(result.metric)
    return f"{number_text(result.value)}/s" if unit == "per_s" else format_value(result.value, unit)


def error_lines(classes: dict[str, int]) -> list[tuple[str, int]]:
    """Error classes, most frequent first."""
    return sorted(classes.items(), key=lambda item: (-item[1], item[0]))


def answers_texts(stats: Stats) -> list[str]:
    """Answers by status, the most frequent first: `200 × 950`; empty where the protocol has none."""
    shown = [f"{status} × {count:,}" for status, count in error_lines(stats.statuses)]
    return shown if len(shown) <= _MOST_STATUSES else [*shown[: _MOST_STATUSES - 1], "others"]


def error_meaning(name: str) -> str:
    """What a class of errors means; empty for one that only another tool knows."""
    try:
        return error_class(name).meaning
    except KeyError:
        return ""


def moment_text(text: str) -> str:
    """A moment of a record as `2026-11-20 20:45:01 UTC`; as it stands when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def status_text(record: Record) -> str:
    """The state, why it ended where that is worth saying, and whether somebody steered."""
    parts: list[str] = [record.status]
    if record.status_detail and record.status_detail != record.status:
        parts.append(f"({record.status_detail})")
    if record.steered:
        parts.append("(steered by hand)")
    return " ".join(parts)


def share(part: float, whole: float) -> str:
    """Part of a whole as per cent."""
    return format_percent(part / whole) if whole else MISSING
