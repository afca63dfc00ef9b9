"""What the page of a run shows: verdict, numbers, objectives, plots, operations, errors, machine, plan."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from perftui.model.interval import NumberVerdict
from perftui.model.record import Record, Stats, Verdict
from perftui.model.units import format_bytes, format_duration, format_ms, format_percent
from perftui.report.html_parts import Cell, Table, Tag
from perftui.report.html_plots import run_figures
from perftui.report.levels import TITLES, level_rows, level_title
from perftui.report.machines import TITLES as OF_MACHINES
from perftui.report.machines import machine_rows
from perftui.report.own import own_lines, own_times
from perftui.report.scaling import law_lines, row_of, titles_of
from perftui.report.search import TITLES as TRIED
from perftui.report.search import answer_words, step_rows
from perftui.report.svg import Figure
from perftui.report.words import (
    MISSING,
    PERCENTILES,
    TRUST_WORDS,
    error_lines,
    error_meaning,
    headline,
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
from perftui.store.loading import LoadedRun

_TONES: dict[str, str] = {
    "pass": "good",
    "warn": "warn",
    "fail": "bad",
    "valid": "good",
    "degraded": "warn",
    "invalid": "bad",
}


_WORTHS: dict[NumberVerdict, str] = {"sound": "", "blurred": "warn", "unusable": "bad"}


class RunPage(Struct, frozen=True, kw_only=True):
    """What the template of a run shows, top to bottom."""

    title: str
    verdict: Tag
    trust: Tag
    about: str
    warning: str
    figures: Sequence[tuple[str, str]]
    findings: Sequence[str]
    heat: Figure | None
    search: Table
    answer: str
    scaling: Table
    law: str
    objectives: Table
    times: Table
    levels: Table
    parts: str
    plots: Sequence[Figure]
    operations: Table
    operation_plots: Sequence[Figure]
    answers: Table
    errors: Table
    phases: Table
    machine: Table
    cluster: Table
    machine_plots: Sequence[Figure]
    events: Table
    plan: str
    environment: Table


def run_page(run: LoadedRun) -> RunPage:
    """The page of a run."""
    record = run.record
    drawn = run_figures(run)
    total = record.summary.total
    parts = " · ".join(parts_text(total.times_ms))
    own = [f"{label}: {', '.join(words)}" for label, words in own_lines(total)]
    return RunPage(
        title=headline(record.plan),
        verdict=_run_verdict(record),
        trust=Tag(f"trust {record.trust.verdict}", _TONES[record.trust.verdict]),
        about=" · ".join(_about(record)),
        warning=TRUST_WORDS["invalid"] if record.trust.verdict == "invalid" else "",
        figures=_figures(record),
        findings=_findings(record),
        heat=drawn.heat,
        search=Table(titles=TRIED, rows=step_rows(record), left=0, words=2),
        answer=answer_words(record),
        scaling=_scaling(record),
        law="; ".join(law_lines(record.scaled)) if record.scaled else "",
        objectives=_objectives(record),
        times=_times(record),
        levels=Table(titles=[level_title(record), *TITLES], rows=level_rows(record), left=0),
        parts=" — ".join([*([f"Mean per request, ms: {parts}"] if parts else []), *own]),
        plots=drawn.over_time,
        operations=_operations(record),
        operation_plots=drawn.operations,
        answers=_answers(record),
        errors=_errors(run),
        phases=_phases(record),
        machine=_host(record),
        cluster=Table(titles=["machine", *OF_MACHINES], rows=machine_rows(record)),
        machine_plots=drawn.machine,
        events=Table(titles=["at", "event", "detail", "origin"], rows=_events(run), left=4),
        plan=_plan_toml(record),
        environment=Table(titles=["", ""], rows=_environment(record), left=2),
    )


def _scaling(record: Record) -> Table:
    scaling = record.scaled
    if scaling is None:
        return Table(titles=(), rows=())
    return Table(titles=titles_of(scaling), rows=[row_of(level) for level in scaling.levels], left=0)


def _verdict(verdict: Verdict) -> Tag:
    if verdict == "none":
        return Tag("no verdict")
    return Tag(f"{verdict_mark(verdict)} {verdict}", _TONES[verdict])


def _run_verdict(record: Record) -> Tag:
    if record.outcome != record.verdict:
        return Tag(run_verdict_text(record), _TONES["invalid"])
    return _verdict(record.verdict)


def _about(record: Record) -> list[str]:
    parts = [record.id, record.label, status_text(record), moment_text(record.started_at)]
    return [part for part in parts if part]


def _figures(record: Record) -> list[tuple[str, str]]:
    total = record.summary.total
    p50, p95, p99 = percentile_texts(record, total)
    return [
        (f"{throughput_text(record, total)}/s", f"ok, of {number_text(total.rate_per_s)}/s sent"),
        (f"{p50} ms", _named(total, "p50")),
        (f"{p95} ms", _named(total, "p95")),
        (f"{p99} ms", _named(total, "p99")),
        (format_percent(total.error_rate), "errors"),
        (format_percent(total.attained), "attained"),
        (f"{total.counts.scheduled:,}", f"requests in {format_duration(round(record.summary.duration_s, 1))}"),
    ]


def _named(total: Stats, field: str) -> str:
    """`p95, ≤0.3 ours`."""
    ours = ours_text(total, field)
    return field if ours == MISSING else f"{field}, {ours} ours"


def _findings(record: Record) -> list[str]:
    found = [finding.detail for finding in record.findings]
    trust = [f"trust: {reason.detail}" for reason in record.trust.reasons if not _told(reason.detail, found)]
    return [*found, *trust]


def _told(detail: str, found: list[str]) -> bool:
    """Whether a finding names this reason already."""
    return any(detail in finding for finding in found)


def _objectives(record: Record) -> Table:
    rows: list[list[Cell]] = [
        [
            _verdict(result.verdict),
            objective_name(result),
            objective_value(result),
            result.target or MISSING,
            result.critical or MISSING,
            result.detail,
        ]
        for result in record.objectives
    ]
    return Table(titles=["verdict", "objective", "measured", "target", "critical", ""], rows=rows, left=2, words=1)


def _times(record: Record) -> Table:
    total = record.summary.total
    labels = {"response time": total.response_time_ms, "service time": total.service_time_ms}
    labels |= {"start delay": total.start_delay_ms, "failed after": total.error_time_ms}
    labels |= {"hits": total.hit_time_ms, "misses": total.miss_time_ms, **dict(own_times(total))}
    if record.plan.load.mode == "users":
        del labels["response time"], labels["start delay"]
    rows: list[list[Cell]] = [
        [
            label,
            f"{times.count:,}",
            format_ms(times.min),
            *(percentile_text(total, times, field, record.plan.timeout_s) for field, _, _ in PERCENTILES),
            percentile_text(total, times, "max", record.plan.timeout_s),
            *(format_ms(value) for value in (times.mean, times.stddev, times.iqr)),
        ]
        for label, times in labels.items()
        if times.count
    ]
    if total.response_time_bounds:
        ours = [ours_text(total, field) for field, _, _ in PERCENTILES]
        worths: list[Cell] = [_worth(total, field) for field, _, _ in PERCENTILES]
        rows.insert(1, [OURS, "", "", *ours, "", ours_text(total, "mean"), "", ""])
        rows.insert(2, ["worth", "", "", *worths, "", _worth(total, "mean"), "", ""])
    titles = ["ms", "n", "min", *(title for _, title, _ in PERCENTILES), "max", "mean", "stddev", "IQR"]
    return Table(titles=titles, rows=rows)


def _worth(total: Stats, field: str) -> Cell:
    bound = total.response_time_bounds.get(field)
    if bound is None or ours_text(total, field) == MISSING:
        return ""
    return Tag(bound.verdict, _WORTHS[bound.verdict])


def _operations(record: Record) -> Table:
    rows = []
    for name, stats in record.summary.operations.items():
        times = stats.response_time_ms
        rows.append(
            [
                name,
                f"{stats.counts.scheduled:,}",
                number_text(stats.rate_per_s),
                *percentile_texts(record, stats),
                format_ms(times.max) if times.count else MISSING,
                format_percent(stats.error_rate),
                format_bytes(stats.received_bytes),
            ]
        )
    titles = ["operation", "requests", "req/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "errors", "received"]
    return Table(titles=titles, rows=rows)


def _answers(record: Record) -> Table:
    statuses = record.summary.total.statuses
    whole = sum(statuses.values())
    rows = [[name, f"{count:,}", format_percent(count / whole)] for name, count in error_lines(statuses)]
    return Table(titles=["status", "answers", "share"], rows=rows)


def _errors(run: LoadedRun) -> Table:
    samples = {sample.error_class: sample for sample in run.error_samples}
    rows = []
    for name, count in error_lines(run.record.summary.total.error_classes):
        sample = samples.get(name)
        what = f"{sample.operation}: {sample.request_line} {sample.detail}" if sample else ""
        rows.append([name, error_meaning(name), what, f"{count:,}"])
    return Table(titles=["class", "means", "one of them", "requests"], rows=rows, left=3)


def _phases(record: Record) -> Table:
    rows = [
        [
            name,
            f"{stats.counts.scheduled:,}",
            f"{stats.counts.ok:,}",
            number_text(stats.rate_per_s),
            format_ms(stats.service_time_ms.p50),
            format_ms(stats.service_time_ms.p95),
            format_percent(stats.error_rate),
        ]
        for name, stats in record.phases.items()
        if stats.counts.scheduled
    ]
    return Table(titles=["phase", "requests", "ok", "req/s", "service p50 ms", "service p95 ms", "errors"], rows=rows)


def _host(record: Record) -> Table:
    rows = [
        [
            name.replace("_", " ").removesuffix(" percent").removesuffix(" bytes"),
            *(_host_value(name, value) for value in (spread.mean, spread.p95, spread.max)),
        ]
        for name, spread in record.host.items()
    ]
    return Table(titles=["", "mean", "p95", "max"], rows=rows)


def _host_value(name: str, value: float) -> str:
    if name.endswith("_bytes"):
        return format_bytes(value)
    return f"{value:.0f} %" if name.endswith("_percent") else number_text(value)


def _events(run: LoadedRun) -> list[list[str]]:
    return [[format_duration(round(event.at_s, 1)), event.kind, event.detail, event.origin] for event in run.events]


def _plan_toml(record: Record) -> str:
    import msgspec
    import tomli_w

    return tomli_w.dumps(msgspec.to_builtins(record.plan))


def _environment(record: Record) -> list[list[str]]:
    environment = record.environment
    facts = {
        "perftui": environment.perftui,
        "Python": environment.python,
        "uvloop": environment.uvloop,
        "host": environment.host,
        "CPUs": f"{environment.cpus} {environment.cpu_model}".strip(),
        "kernel": environment.kernel,
        "workers": str(environment.workers),
        "addresses": ", ".join(environment.addresses),
    }
    return [[name, value] for name, value in facts.items() if value]
