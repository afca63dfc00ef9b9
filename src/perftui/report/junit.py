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


class _Suite(Struct, frozen=True, kw_only=True):
    name: str
    cases: tuple[_Case, ...]
    seconds: float = 0.0
    started_at: str = ""


def junit(runs: Sequence[LoadedRun], comparison: Comparison | None = None) -> str:
    """One document with a suite for each run and one for the comparison."""
    suites = [_run_suite(run) for run in runs]
    if comparison is not None:
        suites.append(_comparison_suite(comparison))
    cases = [case for suite in suites for case in suite.cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {_totals(cases)}>"]
    for suite in suites:
        lines += _suite_lines(suite)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _run_suite(run: LoadedRun) -> _Suite:
    """One case per objective, and two for the run itself: it must be trusted and have ended as planned."""
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
    return _Suite(
        name=f"perftui.{record.plan.name}",
        cases=tuple(cases),
        seconds=record.summary.duration_s,
        started_at=record.started_at,
    )


def _comparison_suite(comparison: Comparison) -> _Suite:
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
    return _Suite(name=f"perftui.compare.{comparison.baseline_id}", cases=tuple(cases))


def _totals(cases: Sequence[_Case]) -> str:
    failures, skipped = sum(case.failed for case in cases), sum(case.skipped for case in cases)
    return f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'


def _suite_lines(suite: _Suite) -> list[str]:
    moment = f" timestamp={_quoted(suite.started_at)}" if suite.started_at else ""
    name = _quoted(suite.name)
    lines = [f'  <testsuite name={name} {_totals(suite.cases)} time="{suite.seconds:.3f}"{moment}>']
    for case in suite.cases:
        head = f'    <testcase classname={name} name={_quoted(case.name)} time="0"'
        if case.failed:
            lines += [f"{head}>", f"      <failure message={_quoted(case.detail)}/>", "    </testcase>"]
        elif case.skipped:
            lines += [f"{head}>", f"      <skipped message={_quoted(case.detail)}/>", "    </testcase>"]
        else:
            lines.append(f"{head}/>")
    return [*lines, "  </testsuite>"]


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
