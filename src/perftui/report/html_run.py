"""A run as parts of a page: verdict, numbers, objectives, plots, operations, errors, machine, plan."""

from __future__ import annotations

from html import escape

from perftui.model.record import Record, Verdict
from perftui.model.units import format_bytes, format_duration, format_ms, format_percent
from perftui.report.html_parts import bullets, head, section, table, tag
from perftui.report.html_plots import run_plots
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
from perftui.store.loading import LoadedRun

_TONES: dict[str, str] = {
    "pass": "good",
    "warn": "warn",
    "fail": "bad",
    "valid": "good",
    "degraded": "warn",
    "invalid": "bad",
}


def run_parts(run: LoadedRun) -> list[str]:
    """The parts, top to bottom."""
    record = run.record
    return [
        head(
            headline(record.plan),
            f"{_run_verdict(record)} {tag(f'trust {record.trust.verdict}', _TONES[record.trust.verdict])}",
            f"<span class='quiet'>{escape(' · '.join(_about(record)))}</span>",
        ),
        f"<p class='bad'>{escape(TRUST_WORDS['invalid'])}</p>" if record.trust.verdict == "invalid" else "",
        _figures(record),
        _findings(record),
        section("Objectives", _objectives(record)),
        section("Times", _times(record)),
        *run_plots(run),
        section("Operations", _operations(record)),
        section("Errors", _errors(run)),
        section("Phases", _phases(record)),
        section("This machine", _host(record)),
        section("Events", table(["at", "event", "detail", "origin"], _events(run), left=4)),
        section("Plan", f"<pre>{escape(_plan_toml(record))}</pre>"),
        section("Environment", table(["", ""], _environment(record), left=2)),
    ]


def _verdict(verdict: Verdict) -> str:
    if verdict == "none":
        return tag("no verdict")
    return tag(f"{verdict_mark(verdict)} {verdict}", _TONES[verdict])


def _run_verdict(record: Record) -> str:
    if record.trust.verdict == "invalid":
        return tag(run_verdict_text(record), _TONES["invalid"])
    return _verdict(record.verdict)


def _about(record: Record) -> list[str]:
    parts = [record.id, record.label, status_text(record), moment_text(record.started_at)]
    return [part for part in parts if part]


def _figures(record: Record) -> str:
    total = record.summary.total
    p50, p95, p99 = percentile_texts(record, total)
    figures = [
        (f"{number_text(total.throughput_per_s)}/s", f"ok, of {number_text(total.rate_per_s)}/s sent"),
        (f"{p50} ms", "p50"),
        (f"{p95} ms", "p95"),
        (f"{p99} ms", "p99"),
        (format_percent(total.error_rate), "errors"),
        (format_percent(total.attained), "attained"),
        (f"{total.counts.scheduled:,}", f"requests in {format_duration(round(record.summary.duration_s, 1))}"),
    ]
    return "<div class='figures'>" + "".join(f"<div><b>{escape(a)}</b>{escape(b)}</div>" for a, b in figures) + "</div>"


def _findings(record: Record) -> str:
    trust = [f"trust: {reason.detail}" for reason in record.trust.reasons]
    return bullets([*(finding.detail for finding in record.findings), *trust])


def _objectives(record: Record) -> str:
    rows = [
        [
            _verdict(result.verdict),
            escape(objective_name(result)),
            escape(objective_value(result)),
            escape(result.target) or MISSING,
            escape(result.critical) or MISSING,
            escape(result.detail),
        ]
        for result in record.objectives
    ]
    return table(["verdict", "objective", "measured", "target", "critical", ""], rows, left=2, words=1)


def _times(record: Record) -> str:
    total = record.summary.total
    labels = {"response time": total.response_time_ms, "service time": total.service_time_ms}
    labels |= {"start delay": total.start_delay_ms, "failed after": total.error_time_ms}
    if record.plan.load.mode == "users":
        del labels["response time"], labels["start delay"]
    rows = [
        [
            label,
            f"{times.count:,}",
            format_ms(times.min),
            *(percentile_text(total, times, field, record.plan.timeout_s) for field, _, _ in PERCENTILES),
            *(format_ms(value) for value in (times.max, times.mean, times.stddev, times.iqr)),
        ]
        for label, times in labels.items()
        if times.count
    ]
    titles = ["ms", "n", "min", *(title for _, title, _ in PERCENTILES), "max", "mean", "stddev", "IQR"]
    parts = " · ".join(parts_text(total.times_ms))
    return table(titles, rows) + (f"<p class='quiet'>Mean per request, ms: {escape(parts)}</p>" if parts else "")


def _operations(record: Record) -> str:
    rows = []
    for name, stats in record.summary.operations.items():
        times = stats.response_time_ms
        rows.append(
            [
                escape(name),
                f"{stats.counts.scheduled:,}",
                number_text(stats.rate_per_s),
                *percentile_texts(record, stats),
                format_ms(times.max) if times.count else MISSING,
                format_percent(stats.error_rate),
                format_bytes(stats.received_bytes),
            ]
        )
    titles = ["operation", "requests", "req/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "errors", "received"]
    return table(titles, rows)


def _errors(run: LoadedRun) -> str:
    samples = {sample.error_class: sample for sample in run.error_samples}
    rows = []
    for name, count in error_lines(run.record.summary.total.error_classes):
        sample = samples.get(name)
        what = f"{sample.operation}: {sample.request_line} {sample.detail}" if sample else ""
        rows.append([escape(name), escape(error_meaning(name)), escape(what), f"{count:,}"])
    return table(["class", "means", "one of them", "requests"], rows, left=3)


def _phases(record: Record) -> str:
    rows = [
        [
            escape(name),
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
    return table(["phase", "requests", "ok", "req/s", "service p50 ms", "service p95 ms", "errors"], rows)


def _host(record: Record) -> str:
    rows = [
        [
            escape(name.replace("_", " ").removesuffix(" percent").removesuffix(" bytes")),
            *(_host_value(name, value) for value in (spread.mean, spread.p95, spread.max)),
        ]
        for name, spread in record.host.items()
    ]
    return table(["", "mean", "p95", "max"], rows)


def _host_value(name: str, value: float) -> str:
    if name.endswith("_bytes"):
        return format_bytes(value)
    return f"{value:.0f} %" if name.endswith("_percent") else number_text(value)


def _events(run: LoadedRun) -> list[list[str]]:
    return [
        [format_duration(round(event.at_s, 1)), escape(event.kind), escape(event.detail), escape(event.origin)]
        for event in run.events
    ]


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
    return [[escape(name), escape(value)] for name, value in facts.items() if value]
