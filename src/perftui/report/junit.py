"""Objectives (or compared metrics) as test cases of JUnit XML, which CI systems show as tests."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from msgspec import Struct

from perftui.model.comparison import Comparison
from perftui.report.comparison import VERDICT_WORDS, metric_name, verdict_line
from perftui.report.words import objective_name, objective_value
from perftui.store.loading import LoadedRun


class _Case(Struct, frozen=True, kw_only=True):
    name: str
    detail: str = ""
    failed: bool = False
    skipped: bool = False


def run_junit(run: LoadedRun) -> str:
    """One case per objective, and one for the run itself: it must be trusted and have ended as planned."""
    record = run.record
    why = "; ".join(reason.detail for reason in record.trust.reasons)
    cases = [
        _Case(
            name=f"trust is not invalid ({record.trust.verdict})", failed=record.trust.verdict == "invalid", detail=why
        ),
        _Case(
            name="run ended as planned",
            failed=record.status not in {"finished", "stopped"} or record.status_detail.startswith("auto-stop"),
            detail=f"{record.status} {record.status_detail}".strip(),
        ),
    ]
    for result in record.objectives:
        value = objective_value(result)
        detail = f"measured {value}, target {result.target}" + (
            f", critical {result.critical}" if result.critical else ""
        )
        cases.append(
            _Case(
                name=f"{objective_name(result)} {result.critical or result.target}",
                detail=f"{detail} ({result.verdict})" + (f": {result.detail}" if result.detail else ""),
                failed=result.verdict == "fail",
                skipped=result.verdict == "none",
            )
        )
    return _suite(f"perftui.{record.plan.name}", cases, record.summary.duration_s, record.started_at)


def comparison_junit(comparison: Comparison) -> str:
    """One case per gated metric; inconclusive ones are skipped."""
    cases = [
        _Case(
            name=f"{metric_name(change)}: {VERDICT_WORDS[change.verdict]}",
            detail=verdict_line(change, comparison.rounds),
            failed=change.verdict == "regression",
            skipped=change.verdict in {"inconclusive", "not_comparable"},
        )
        for change in comparison.metrics
        if change.gated
    ]
    if comparison.verdict == "not_comparable":
        cases.append(_Case(name="runs are comparable", failed=True, detail="; ".join(comparison.reasons)))
    return _suite(f"perftui.compare.{comparison.baseline_id}", cases, 0.0, "")


def _suite(name: str, cases: Sequence[_Case], seconds: float, started_at: str) -> str:
    failures = sum(case.failed for case in cases)
    skipped = sum(case.skipped for case in cases)
    attributes = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'
    moment = f" timestamp={_quoted(started_at)}" if started_at else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {attributes}>",
        f'  <testsuite name={_quoted(name)} {attributes} time="{seconds:.3f}"{moment}>',
    ]
    for case in cases:
        head = f'    <testcase classname={_quoted(name)} name={_quoted(case.name)} time="0"'
        if case.failed:
            lines += [f"{head}>", f"      <failure message={_quoted(case.detail)}/>", "    </testcase>"]
        elif case.skipped:
            lines += [f"{head}>", f"      <skipped message={_quoted(case.detail)}/>", "    </testcase>"]
        else:
            lines.append(f"{head}/>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"]) + "\n"


def _quoted(text: str) -> str:
    """An attribute's value. What XML 1.0 cannot hold at all becomes U+FFFD."""
    allowed = "".join(
        character
        if character in "\t\n\r"
        or 0x20 <= ord(character) < 0xD800
        or 0xE000 <= ord(character) < 0xFFFE
        or ord(character) > 0xFFFF
        else "\ufffd"
        for character in text
    )
    return quoteattr(allowed)
