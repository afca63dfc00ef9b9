"""What became of a run, in words: verdict, state, numbers of the headline, findings. Pure."""

from __future__ import annotations

import re

from textual.content import Content

from perftui.model.record import Finding, Record
from perftui.model.units import format_clock, format_count, format_percent
from perftui.report.words import load_text, moment_text, percentile_text
from perftui.tui.describe import path_text
from perftui.tui.widgets.cells import Drawing, Text, join, paint, shortened, spread
from perftui.tui.widgets.progress import state_word
from perftui.tui.widgets.result_picture import ResultPicture

_VERDICTS = {
    "pass": (" ✓ PASS ", "bold $background on $success"),
    "warn": (" ! WARN ", "bold $background on $warning"),
    "fail": (" ✗ FAIL ", "bold $background on $error"),
    "invalid": (" ✗ INVALID ", "bold $background on $error"),
    "regression": (" ✗ REGRESSION ", "bold $background on $error"),
    "none": (" NO VERDICT ", "bold $foreground on $panel"),
}
_CLOCK = re.compile(r"\b(?:(\d+):)?(\d\d):(\d\d)\b")
_SEVERITIES = {"fail": ("✗", "bold $error"), "warn": ("!", "bold $warning"), "note": ("·", "$quiet")}
_TRUST = {"valid": "$success", "degraded": "bold $warning", "invalid": "bold $error"}


def draw_verdict(picture: ResultPicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """Two lines: what came out, and where it is kept."""
    record = picture.record
    word, style = _VERDICTS[record.outcome]
    trust = paint("trust ", "$quiet") + paint(record.trust.verdict, _TRUST[record.trust.verdict])
    left = join((paint(word, style), state_word(record.status), trust), "  ")
    # what came out goes before how much of it: the numbers stand below, too
    numbers = shortened(_headline(record), width - left.cell_length - 2)
    saved = paint(f"saved in {path_text(picture.run.path)}", "$quiet")
    moment = paint(moment_text(record.started_at), "$quiet")
    # a path is there to be copied: it is never cut, and the id finds the run as well
    if saved.cell_length > width:
        saved = paint(f"saved as {record.id}", "$quiet")
    roomy = saved.cell_length + moment.cell_length + 2 <= width
    return Drawing([spread(left, numbers, width), spread(saved, moment, width) if roomy else saved])


def _headline(record: Record) -> Content:
    total = record.summary.total
    timeout_s = record.plan.timeout_s
    p95 = percentile_text(total, total.response_time_ms, "p95", timeout_s)
    pieces = [
        f"{format_count(total.throughput_per_s)} ok/s",
        f"p95 {p95} ms",
        f"errors {format_percent(total.error_rate)}",
    ]
    return Content(" · ").join([paint(piece, "bold") for piece in pieces])


def draw_findings(picture: ResultPicture, width: int, height: int) -> Drawing:
    """What is worth knowing without having asked."""
    lines: list[Text] = []
    for finding in (*_course(picture.record), *_sorted(picture.record)):
        lines += _finding(finding, width)
    if picture.run.problem:
        lines.append(paint("! ", "bold $warning") + Content(picture.run.problem))
    if not lines:
        lines = [paint("✓ ", "$success") + Content("nothing unusual was found")]
    shown = (
        lines
        if not height or len(lines) <= height
        else [*lines[: height - 1], paint(f"… {len(lines) - height + 1} more lines", "$quiet")]
    )
    jump = "j shows the moment" if moments_of(picture.record) else ""
    return Drawing(shown, title="Findings", note=jump)


def _course(record: Record) -> list[Finding]:
    """How the run went, where it did not go by itself to its end."""
    found = []
    if record.status_detail and record.status_detail != record.status:
        found.append(Finding(code="status", detail=f"{record.status}: {record.status_detail}"))
    if record.steered:
        found.append(Finding(code="steered", severity="note", detail="steered by hand: see the events"))
    return found


def moments_of(record: Record) -> list[float]:
    """Seconds of the run that its findings name, in the order they are shown."""
    return [moment for finding in _sorted(record) if (moment := moment_of(finding.detail)) is not None]


def moment_of(detail: str) -> float | None:
    """The first clock time in a finding's words, such as `00:07`; None when it names none."""
    found = _CLOCK.search(detail)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def _sorted(record: Record) -> list[Finding]:
    return sorted(record.findings, key=lambda finding: ("fail", "warn", "note").index(finding.severity))


def _finding(finding: Finding, width: int) -> list[Text]:
    glyph, style = _SEVERITIES[finding.severity]
    detail = Content(finding.detail)
    if found := _CLOCK.search(finding.detail):
        detail = detail.stylize("bold $accent", *found.span())
    wrapped = detail.wrap(max(10, width - 2))
    return [paint(f"{glyph} " if not number else "  ", style) + line for number, line in enumerate(wrapped)]


def draw_about(picture: ResultPicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """The load that was asked, the machine, the software: what a comparison depends on."""
    record = picture.record
    environment, load = record.environment, record.plan.load
    counts = record.whole_run
    outcomes = [
        (counts.ok, "ok"),
        (counts.errors, "errors"),
        (counts.timeouts, "timeouts"),
        (counts.dropped, "dropped"),
        (counts.cancelled, "cancelled"),
        (counts.client_errors, "of the generator"),
    ]
    ended = " + ".join(f"{count:,} {name}" for count, name in outcomes if count) or "nothing"
    rows = [
        ("load", f"{load_text(load)}, {load.arrivals} arrivals" if load.mode == "rate" else load_text(load)),
        ("warm-up", f"{format_clock(load.warmup_s)}, not in the numbers" if load.warmup_s else "none"),
        ("requests", f"{counts.scheduled:,} scheduled = {ended}"),
        ("target", record.plan.where),
        ("addresses", ", ".join(environment.addresses)),
        (
            "machine",
            " · ".join(part for part in (environment.host, f"{environment.cpus} CPUs", environment.cpu_model) if part),
        ),
        (
            "software",
            f"perftui {environment.perftui} · Python {environment.python} · uvloop {environment.uvloop or 'none'}",
        ),
        ("workers", f"{environment.workers}"),
        ("run", record.id),
    ]
    lines: list[Text] = [paint(f"{name:<10}", "$quiet") + Content(value) for name, value in rows if value]
    return Drawing(lines, title="About this run")
