"""Runs and comparisons as Markdown that fits a pull-request comment."""

from __future__ import annotations

from perftui.model.comparison import Comparison
from perftui.model.record import LatencyStats, Record
from perftui.model.units import format_ms, format_percent
from perftui.report.comparison import (
    VERDICT_MARKS,
    VERDICT_WORDS,
    basis_text,
    change_text,
    interval_text,
    metric_name,
    reasons_by_text,
    side_text,
    value_text,
    verdict_text,
)
from perftui.report.levels import TITLES, level_rows, level_title
from perftui.report.machines import TITLES as OF_MACHINES
from perftui.report.machines import machine_rows
from perftui.report.own import own_lines, own_times
from perftui.report.scaling import scaling_markdown
from perftui.report.search import TITLES as TRIED
from perftui.report.search import answer_words, step_rows
from perftui.report.tables import markdown_table
from perftui.report.words import (
    MISSING,
    TRUST_WORDS,
    answers_texts,
    error_lines,
    error_meaning,
    headline,
    hits_texts,
    moment_text,
    number_text,
    objective_name,
    objective_value,
    percentile_text,
    percentile_texts,
    run_verdict_text,
    status_text,
    verdict_mark,
)
from perftui.report.worth import OURS, ours_text, throughput_text
from perftui.store.loading import LoadedRun

_MOST_ERRORS = 10
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>|#~$&"})
_SHOWN = ("p50", "p90", "p95", "p99", "p99_9")


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no mention, no link of its own."""
    # a word joiner after @ keeps a header or a label from notifying anybody
    return text.translate(_SPECIAL).replace("@", "@\u2060").replace("://", ":\u2060//")


def run_markdown(run: LoadedRun) -> str:
    """The summary of a run."""
    record = run.record
    verdict = run_verdict_text(record)
    total = record.summary.total
    label = f" · {plain(record.label)}" if record.label else ""
    blocks = [
        [f"### {plain(headline(record.plan))}{f' — {verdict}' if verdict else ''}"],
        [f"> **{TRUST_WORDS['invalid']}**"] if record.trust.verdict == "invalid" else [],
        [
            (
                f"{plain(record.id)} · {plain(status_text(record))} · {moment_text(record.started_at)} · "
                f"trust **{record.trust.verdict}**{label}"
            )
        ],
        [
            (
                f"**{throughput_text(record, total)}/s** ok of {number_text(total.rate_per_s)}/s sent · "
                f"attained {format_percent(total.attained)} · errors **{format_percent(total.error_rate)}** · "
                f"{total.counts.scheduled:,} requests"
            )
        ],
        _search(record),
        [] if record.scaled is None else scaling_markdown(record.scaled),
        _latencies(record),
        _objectives(record),
        _levels(record),
        _machines(record),
        _operations(record),
        [f"- hit rate {plain(hits)}" for hits in hits_texts(record)],
        [f"- {label}: {plain(', '.join(words))}" for label, words in own_lines(total)],
        [f"- answers {' · '.join(answers)}"] if (answers := answers_texts(total)) else [],
        [_error(name, count) for name, count in error_lines(total.error_classes)[:_MOST_ERRORS]],
        [f"- {plain(finding.detail)}" for finding in record.findings],
        [f"- trust: {plain(reason.detail)}" for reason in record.trust.reasons],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _error(name: str, count: int) -> str:
    meaning = error_meaning(name)
    return f"- {plain(name)}: {count:,}" + (f" ({plain(meaning)})" if meaning else "")


def _latencies(record: Record) -> list[str]:
    total = record.summary.total
    rows: list[tuple[str, LatencyStats]] = [("service time", total.service_time_ms)]
    if record.plan.load.mode == "rate":
        rows = [("response time", total.response_time_ms), *rows, ("start delay", total.start_delay_ms)]
    rows += own_times(total)
    ours = [OURS, *(ours_text(total, field) for field in _SHOWN), MISSING, ours_text(total, "mean")]
    return markdown_table(
        ["ms", "p50", "p90", "p95", "p99", "p99.9", "max", "mean"],
        [
            [
                label,
                *(percentile_text(total, times, field, record.plan.timeout_s) for field in _SHOWN),
                percentile_text(total, times, "max", record.plan.timeout_s),
                format_ms(times.mean),
            ]
            for label, times in rows
            if times.count
        ]
        + ([ours] if total.response_time_bounds else []),
    )


def _objectives(record: Record) -> list[str]:
    if not record.objectives:
        return []
    return markdown_table(
        ["", "objective", "measured", "target", "critical"],
        [
            [
                f"{verdict_mark(result.verdict)} {result.verdict}",
                plain(objective_name(result)),
                objective_value(result),
                plain(result.target) or MISSING,
                plain(result.critical) or MISSING,
            ]
            for result in record.objectives
        ],
        right_from=2,
    )


def _search(record: Record) -> list[str]:
    if record.search is None:
        return []
    rows = [[*row[:-1], plain(row[-1])] for row in step_rows(record)]
    return [f"**{plain(answer_words(record))}**", "", *markdown_table(TRIED, rows, right_from=0)]


def _machines(record: Record) -> list[str]:
    rows = [[plain(name), *cells] for name, *cells in machine_rows(record)]
    return markdown_table(["machine", *OF_MACHINES], rows, right_from=1) if rows else []


def _levels(record: Record) -> list[str]:
    rows = level_rows(record)
    return markdown_table([level_title(record), *TITLES], rows, right_from=0) if rows else []


def _operations(record: Record) -> list[str]:
    if len(record.summary.operations) < 2:
        return []
    return markdown_table(
        ["operation", "req/s", "p50 ms", "p95 ms", "p99 ms", "errors"],
        [
            [
                plain(name),
                number_text(stats.rate_per_s),
                *percentile_texts(record, stats),
                format_percent(stats.error_rate),
            ]
            for name, stats in record.summary.operations.items()
        ],
    )


def comparison_markdown(comparison: Comparison) -> str:
    """The comparison: verdict, table, what it rests on."""
    blocks = [
        [f"### {VERDICT_MARKS[comparison.verdict]} {VERDICT_WORDS[comparison.verdict]}"],
        [
            (
                f"baseline {plain(side_text(comparison.baseline_id, comparison.baseline_label))} → "
                f"run {plain(side_text(comparison.run_id, comparison.run_label))}"
            )
        ],
        [f"- {plain(reason)}" for reason in (*comparison.reasons, *comparison.notes)],
    ]
    if comparison.metrics:
        rows = [
            [
                plain(metric_name(change)),
                value_text(change.baseline, change.unit),
                value_text(change.run, change.unit),
                change_text(change.change, change.unit),
                interval_text(change),
                verdict_text(change),
            ]
            for change in comparison.metrics
        ]
        titles = ["metric", "baseline", "run", "change", "interval", "verdict"]
        blocks += [markdown_table(titles, rows), [basis_text(comparison)]]
    blocks.append([f"- {plain(names)}: {plain(reason)}" for names, reason in reasons_by_text(comparison.metrics)])
    blocks.append([f"- differs: {plain(difference)}" for difference in comparison.differences])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
