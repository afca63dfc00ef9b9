"""Runs and comparisons as one HTML file: no network, no script, plots as inline SVG, prints on paper."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from perftui import __version__
from perftui.model.comparison import Comparison, ComparisonVerdict, MetricChange
from perftui.model.record import Record, Verdict
from perftui.model.units import format_bytes, format_duration, format_ms, format_percent
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
from perftui.report.html_plots import comparison_plots, run_plots
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
_CHANGE_TONES: dict[ComparisonVerdict, str] = {
    "regression": "bad",
    "improvement": "good",
    "no_difference": "",
    "inconclusive": "warn",
    "not_comparable": "bad",
}


def html(
    runs: Sequence[LoadedRun], comparison: Comparison | None = None, sides: tuple[LoadedRun, LoadedRun] | None = None
) -> str:
    """One page with the comparison first, where there is one, and each run whole.

    Args:
        runs: Shown whole; none for a page of the comparison only.
        comparison: Baseline against run.
        sides: A baseline and a run whose curves are drawn into the same figures.
    """
    body = _comparison_parts(comparison, sides) if comparison is not None else []
    ids = [run.record.id for run in runs]
    if comparison is not None and not runs:
        ids = [comparison.baseline_id, comparison.run_id]
    for run in runs:
        body += _run_parts(run)
    return page(f"perftui {', '.join(ids)}", body)


def _run_parts(run: LoadedRun) -> list[str]:
    record = run.record
    return [
        _head(
            headline(record.plan),
            f"{_run_verdict(record)} {_tag(f'trust {record.trust.verdict}', _TONES[record.trust.verdict])}",
            f"<span class='quiet'>{escape(' · '.join(_about(record)))}</span>",
        ),
        f"<p class='bad'>{escape(TRUST_WORDS['invalid'])}</p>" if record.trust.verdict == "invalid" else "",
        _figures(record),
        _findings(record),
        _section("Objectives", _objectives(record)),
        _section("Times", _times(record)),
        *run_plots(run),
        _section("Operations", _operations(record)),
        _section("Errors", _errors(run)),
        _section("Phases", _phases(record)),
        _section("This machine", _host(record)),
        _section("Events", _table(["at", "event", "detail", "origin"], _events(run), left=4)),
        _section("Plan", f"<pre>{escape(_plan_toml(record))}</pre>"),
        _section("Environment", _table(["", ""], _environment(record), left=2)),
    ]


def _comparison_parts(comparison: Comparison, sides: tuple[LoadedRun, LoadedRun] | None) -> list[str]:
    rows = [
        [
            escape(metric_name(change)),
            escape(value_text(change.baseline, change.unit)),
            escape(value_text(change.run, change.unit)),
            change_text(change.change, change.unit),
            interval_text(change),
            _change_verdict(change),
        ]
        for change in comparison.metrics
    ]
    titles = ["metric", "baseline", "run", "change", "interval", "verdict"]
    return [
        _head(
            f"{VERDICT_MARKS[comparison.verdict]} {VERDICT_WORDS[comparison.verdict]}",
            escape(f"baseline {side_text(comparison.baseline_id, comparison.baseline_label)}"),
            escape(f"run {side_text(comparison.run_id, comparison.run_label)}"),
        ),
        _bullets(comparison.reasons),
        _table(titles, rows, words=1),
        f"<p class='quiet'>{escape(basis_text(comparison))}</p>" if rows else "",
        _bullets([f"{names}: {reason}" for names, reason in reasons_by_text(comparison.metrics)]),
        *(comparison_plots(*sides) if sides else []),
        _section("What else differs", _bullets(comparison.differences)),
    ]


def page(title: str, body: Sequence[str]) -> str:
    """A whole document. Its policy forbids scripts and every connection, whatever the content says."""
    style = files("perftui.report").joinpath("report.css").read_text(encoding="utf-8")
    content = "\n".join(part for part in body if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{content}\n"
        f"<footer class='quiet'>perftui {escape(__version__)}</footer>\n</body>\n</html>\n"
    )


def _verdict(verdict: Verdict) -> str:
    if verdict == "none":
        return _tag("no verdict")
    return _tag(f"{verdict_mark(verdict)} {verdict}", _TONES[verdict])


def _run_verdict(record: Record) -> str:
    if record.trust.verdict == "invalid":
        return _tag(run_verdict_text(record), _TONES["invalid"])
    return _verdict(record.verdict)


def _change_verdict(change: MetricChange) -> str:
    if not change.gated and verdict_text(change) == MISSING:
        return MISSING
    word = _tag(f"{VERDICT_MARKS[change.verdict]} {VERDICT_WORDS[change.verdict]}", _CHANGE_TONES[change.verdict])
    return word if change.gated else f"{word} (not counted)"


def _about(record: Record) -> list[str]:
    parts = [record.id, record.label, status_text(record), moment_text(record.started_at)]
    return [part for part in parts if part]


def _tag(text: str, tone: str = "") -> str:
    return f"<span class='tag {tone}'>{escape(text)}</span>"


def _head(title: str, *lines: str) -> str:
    """The head of a page; the lines are HTML already."""
    return f"<header><h1>{escape(title)}</h1>{''.join(f'<p>{line}</p>' for line in lines)}</header>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, words: int = 0) -> str:
    """A table of cells that are HTML already: the first `left` and last `words` columns are text, others numbers."""
    if not rows:
        return ""
    numbers = range(left, len(titles) - words)
    classes = [" class='n'" if position in numbers else "" for position in range(len(titles))]
    head = "".join(f"<th{css}>{escape(title)}</th>" for title, css in zip(titles, classes, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{css}>{cell}</td>" for cell, css in zip(row, classes, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _bullets(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>" if lines else ""


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
    return _bullets([*(finding.detail for finding in record.findings), *trust])


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
    return _table(["verdict", "objective", "measured", "target", "critical", ""], rows, left=2, words=1)


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
            *(percentile_text(total, times, field, record.plan.target.timeout_s) for field, _, _ in PERCENTILES),
            *(format_ms(value) for value in (times.max, times.mean, times.stddev, times.iqr)),
        ]
        for label, times in labels.items()
        if times.count
    ]
    titles = ["ms", "n", "min", *(title for _, title, _ in PERCENTILES), "max", "mean", "stddev", "IQR"]
    parts = " · ".join(parts_text(total.times_ms))
    return _table(titles, rows) + (f"<p class='quiet'>Mean per request, ms: {escape(parts)}</p>" if parts else "")


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
    return _table(titles, rows)


def _errors(run: LoadedRun) -> str:
    samples = {sample.error_class: sample for sample in run.error_samples}
    rows = []
    for name, count in error_lines(run.record.summary.total.error_classes):
        sample = samples.get(name)
        what = f"{sample.operation}: {sample.request_line} {sample.detail}" if sample else ""
        rows.append([escape(name), escape(error_meaning(name)), escape(what), f"{count:,}"])
    return _table(["class", "means", "one of them", "requests"], rows, left=3)


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
    return _table(["phase", "requests", "ok", "req/s", "service p50 ms", "service p95 ms", "errors"], rows)


def _host(record: Record) -> str:
    rows = [
        [
            escape(name.replace("_", " ").removesuffix(" percent").removesuffix(" bytes")),
            *(_host_value(name, value) for value in (spread.mean, spread.p95, spread.max)),
        ]
        for name, spread in record.host.items()
    ]
    return _table(["", "mean", "p95", "max"], rows)


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
