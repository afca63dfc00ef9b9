"""The summary of a run as plain text, 80 columns: what stays in the scrollback and in a CI log."""

from __future__ import annotations

from collections.abc import Sequence

from perftui.model.interval import ErrorSample
from perftui.model.record import LatencyStats, Record, Stats
from perftui.model.units import format_bytes, format_duration, format_ms, format_percent
from perftui.report.levels import TITLES, level_rows, level_title
from perftui.report.machines import TITLES as OF_MACHINES
from perftui.report.machines import machine_rows
from perftui.report.own import own_lines, own_times
from perftui.report.scaling import scaling_text
from perftui.report.search import TITLES as TRIED
from perftui.report.search import answer_words, step_rows
from perftui.report.tables import Column, cell_width, cut, flow, table, wrap
from perftui.report.words import (
    LEAST_VALUES,
    MISSING,
    PERCENTILES,
    TRUST_WORDS,
    answers_texts,
    error_lines,
    headline,
    hits_texts,
    moment_text,
    number_text,
    objective_name,
    objective_value,
    parts_text,
    percentile_text,
    percentile_texts,
    run_verdict_text,
    status_text,
    verdict_mark,
)
from perftui.report.worth import OURS, ours_text, throughput_text

WIDTH = 80
_INDENT = "  "
_LABEL = 14
_SHOWN_ERRORS = 8
_SHOWN_DETAILS = 3
_LONGEST_DETAIL = 200


def summary_text(record: Record, samples: Sequence[ErrorSample] = ()) -> str:
    """The whole summary, ending with a line end. Nothing in it depends on where or when it is printed.

    Args:
        record: of the run.
        samples: of its failed requests: what each class of errors was about.
    """
    numbers = [
        _search(record),
        _scaling(record),
        _counts(record, samples),
        _latencies(record),
        _levels(record),
        _operations(record),
        _objectives(record),
        _machines(record),
    ]
    numbers.append(_findings(record))
    trust = _trust(record)
    # before numbers that are not to be believed, after others
    sections = [_head(record), *([trust, *numbers] if record.trust.verdict == "invalid" else [*numbers, trust])]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _head(record: Record) -> list[str]:
    verdict = run_verdict_text(record)
    title = flow(headline(record.plan).split(" · "), WIDTH - cell_width(verdict) - 2, rest=_INDENT)
    title[0] += " " * (WIDTH - cell_width(title[0]) - cell_width(verdict)) + verdict
    about = [record.id, status_text(record), moment_text(record.started_at), f"trust {record.trust.verdict}"]
    if record.rounds_of:
        about.append(f"round {record.round}")
    lines = [title[0].rstrip(), *title[1:], *flow([part for part in about if part], WIDTH, rest=_INDENT)]
    if record.label:
        lines += wrap(f"label: {record.label}", WIDTH, rest=_INDENT)
    return [*lines, "─" * WIDTH]


def _counts(record: Record, samples: Sequence[ErrorSample]) -> list[str]:
    summary, total, whole = record.summary, record.summary.total, record.whole_run
    counts = total.counts
    outcomes = [
        ("ok", counts.ok),
        ("errors", counts.errors),
        ("timeouts", counts.timeouts),
        ("dropped", counts.dropped),
        ("cancelled", counts.cancelled),
        ("failed in this client", counts.client_errors),
    ]
    ended = [f"{count:,} {name}" for name, count in outcomes if count] or ["none ended"]
    lines = _field(
        "requests", f"{counts.scheduled:,} scheduled in {_measured(summary.duration_s)}: {ended[0]}", *ended[1:]
    )
    throughput = [f"{throughput_text(record, total)}/s ok", f"{number_text(total.rate_per_s)}/s sent"]
    if counts.scheduled:
        throughput.append(f"attained {format_percent(total.attained)} of what was asked")
    lines += _field("throughput", *throughput)
    if answers := answers_texts(total):
        lines += _field("answers", *answers)
    lines += _field("errors", *_errors(total))
    for said in _said(total, samples):
        indent = " " * (len(_INDENT) + _LABEL)
        lines += wrap(said, WIDTH, indent, f"{indent}  ")
    for number, hits in enumerate(hits_texts(record)):
        lines += _field("" if number else "hit rate", hits)
    for label, words in own_lines(total):
        lines += _field(label, *words)
    if total.received_bytes or total.sent_bytes:
        per_second = format_bytes(total.received_bytes / (summary.duration_s or 1.0))
        received = f"{format_bytes(total.received_bytes)} received ({per_second}/s)"
        lines += _field("traffic", received, f"{format_bytes(total.sent_bytes)} sent")
    if whole.scheduled != counts.scheduled:
        lines += _field("whole run", f"{whole.scheduled:,} scheduled, warm-up and ramps included", f"{whole.ok:,} ok")
    return lines


def _measured(seconds: float) -> str:
    return format_duration(round(seconds, 1))


def _errors(stats: Stats) -> list[str]:
    classes = error_lines(stats.error_classes)
    shown = [f"{name} {count:,}" for name, count in classes[:_SHOWN_ERRORS]]
    if len(classes) > _SHOWN_ERRORS:
        shown.append(f"{len(classes) - _SHOWN_ERRORS} more classes")
    return [format_percent(stats.error_rate), *shown]


def _said(stats: Stats, samples: Sequence[ErrorSample]) -> list[str]:
    """What the first failed request of each frequent class was told, where it is more than the class says."""
    first: dict[str, str] = {}
    for sample in samples:
        if sample.detail and sample.detail != f"status {sample.status}":
            first.setdefault(sample.error_class, sample.detail)
    frequent = [name for name, _ in error_lines(stats.error_classes)[:_SHOWN_DETAILS]]
    return [f"{name}: {cut(first[name], _LONGEST_DETAIL)}" for name in frequent if name in first]


def _field(label: str, *parts: str) -> list[str]:
    return flow(parts, WIDTH, f"{_INDENT}{label:<{_LABEL}}", " " * (len(_INDENT) + _LABEL))


def _latencies(record: Record) -> list[str]:
    total = record.summary.total
    rows: list[tuple[str, LatencyStats]] = []
    if record.plan.load.mode == "rate":
        rows.append(("response time", total.response_time_ms))
    rows.append(("service time", total.service_time_ms))
    if record.plan.load.mode == "rate":
        rows.append(("start delay", total.start_delay_ms))
    for label, times in (
        ("failed after", total.error_time_ms),
        ("hits", total.hit_time_ms),
        ("misses", total.miss_time_ms),
        *own_times(total),
    ):
        if times.count:
            rows.append((label, times))
    shown = [(label, times) for label, times in rows if times.count]
    if not shown:
        return []
    percentiles = [(field, title) for field, title, _ in PERCENTILES if field != "p75"]
    columns = [Column("ms".ljust(_LABEL)), *(Column(title, right=True) for _, title in percentiles)]
    columns += [Column("max", right=True), Column("mean", right=True), Column("stddev", right=True)]
    timeout_s = record.plan.timeout_s
    cells = [
        [
            label.ljust(_LABEL),
            *(percentile_text(total, times, field, timeout_s) for field, _ in percentiles),
            percentile_text(total, times, "max", timeout_s),
            *(format_ms(value) for value in (times.mean, times.stddev)),
        ]
        for label, times in shown
    ]
    if total.response_time_bounds:
        ours = [ours_text(total, field) for field, _ in percentiles]
        cells.insert(1, [OURS.ljust(_LABEL), *ours, MISSING, ours_text(total, "mean"), MISSING])
    lines = table(
        [_wide(column, position) for position, column in enumerate(columns)], cells, width=WIDTH, indent=_INDENT
    )
    if few := [
        f"{title} needs {LEAST_VALUES[field]:,} requests"
        for field, title in percentiles
        if field in LEAST_VALUES and any(times.count < LEAST_VALUES[field] for _, times in shown)
    ]:
        lines.append(f"{_INDENT}{MISSING} {', '.join(few)}")
    if record.plan.load.mode == "users":
        closed = "closed loop: each user waits for its answer, so waiting before a request is not in these times"
        lines += wrap(closed, WIDTH, _INDENT, _INDENT)
    if parts := parts_text(total.times_ms):
        lines += _field("time goes to", *parts[:-1], f"{parts[-1]} (mean, ms)")
    return lines


def _wide(column: Column, position: int) -> Column:
    return column if position == 0 else Column(column.title.rjust(6), right=True)


def _search(record: Record) -> list[str]:
    if record.search is None:
        return []
    columns = [*(Column(title, right=True) for title in TRIED[:-1]), Column(TRIED[-1], least=20)]
    answer = wrap(answer_words(record), WIDTH, _INDENT, _INDENT)
    return [*answer, *table(columns, step_rows(record), width=WIDTH, indent=_INDENT)]


def _scaling(record: Record) -> list[str]:
    return [] if record.scaled is None else scaling_text(record.scaled)


def _levels(record: Record) -> list[str]:
    rows = level_rows(record)
    columns = [Column(level_title(record), right=True), *(Column(title, right=True) for title in TITLES)]
    return table(columns, rows, width=WIDTH, indent=_INDENT) if rows else []


def _machines(record: Record) -> list[str]:
    rows = machine_rows(record)
    columns = [Column("machine", least=12), *(Column(title, right=True) for title in OF_MACHINES)]
    return table(columns, rows, width=WIDTH, indent=_INDENT) if rows else []


def _operations(record: Record) -> list[str]:
    operations = record.summary.operations
    if len(operations) < 2:
        return []
    whole = record.summary.total.counts.scheduled
    columns = [
        Column("operation", least=12),
        *(Column(title, right=True) for title in ("share", "req/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "errors")),
    ]
    rows = []
    for name, stats in operations.items():
        times = stats.response_time_ms
        share_text = f"{100 * stats.counts.scheduled / whole:.0f} %" if whole else MISSING
        longest = format_ms(times.max) if times.count else MISSING
        rows.append(
            [
                name,
                share_text,
                number_text(stats.rate_per_s),
                *percentile_texts(record, stats),
                longest,
                format_percent(stats.error_rate),
            ]
        )
    return table(columns, rows, width=WIDTH, indent=_INDENT)


def _objectives(record: Record) -> list[str]:
    if not record.objectives:
        return []
    columns = [
        Column(" "),
        Column("objective", least=20),
        Column("measured", right=True),
        Column("target"),
        Column("critical"),
    ]
    rows = [
        [
            verdict_mark(result.verdict),
            objective_name(result),
            objective_value(result),
            result.target or MISSING,
            result.critical or MISSING,
            result.verdict,
        ]
        for result in record.objectives
    ]
    lines = table([*columns, Column("verdict")], rows, width=WIDTH, indent=_INDENT)
    for result in record.objectives:
        # by how much a limit is missed stands in the table
        notes = [note for note in result.detail.split("; ") if note and " misses " not in note]
        if notes:
            lines += wrap(f"{objective_name(result)}: {'; '.join(notes)}", WIDTH, f"{_INDENT}· ", " " * 4)
    return lines


def _findings(record: Record) -> list[str]:
    lines: list[str] = []
    for finding in record.findings:
        mark = "✗" if finding.severity == "fail" else "!" if finding.severity == "warn" else "·"
        lines += wrap(finding.detail, WIDTH, f"{_INDENT}{mark} ", " " * 4)
    return lines


def _trust(record: Record) -> list[str]:
    if not record.trust.reasons:
        return []
    lines = wrap(f"trust {record.trust.verdict}. {TRUST_WORDS[record.trust.verdict]}", WIDTH, _INDENT, _INDENT)
    for reason in record.trust.reasons:
        at = f" (from {reason.at_s:.0f} s)" if reason.at_s is not None else ""
        lines += wrap(f"{reason.detail}{at}", WIDTH, f"{_INDENT}- ", " " * 4)
    return lines
