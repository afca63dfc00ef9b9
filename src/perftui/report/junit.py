"""Objectives (or compared metrics) as test cases of JUnit XML, which CI systems show as tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from perftui.model.comparison import Comparison
from perftui.model.record import REGRESSION, ObjectiveResult, Record
from perftui.model.units import format_ms
from perftui.report.comparison import metric_name, verdict_line
from perftui.report.own import own_lines, own_times
from perftui.report.words import TRUST_WORDS, hits_texts, objective_name, objective_value
from perftui.store.loading import LoadedRun


class Case(Struct, frozen=True, kw_only=True):
    """A test case."""

    name: str
    """The same in every run: CI systems follow a test by it."""
    detail: str = ""
    failed: bool = False
    skipped: bool = False


class Suite(Struct, frozen=True, kw_only=True):
    """Cases that belong together."""

    name: str
    cases: tuple[Case, ...]
    seconds: float = 0.0
    started_at: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    """What else is known, for people."""


def junit(runs: Sequence[LoadedRun], comparison: Comparison | None = None) -> str:
    """One document with a suite for each run and one for the comparison."""
    suites = [run_suite(run) for run in runs]
    if comparison is not None:
        suites.append(_comparison_suite(comparison))
    return suites_xml(suites)


def suites_xml(suites: Sequence[Suite]) -> str:
    """Suites as a document."""
    cases = [case for suite in suites for case in suite.cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {_totals(cases)}>"]
    for suite in suites:
        lines += _suite_lines(suite)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def run_suite(run: LoadedRun) -> Suite:
    """Three cases for the run itself (trusted, ended as planned, no worse than before), and one per objective.

    Objectives that an invalid run meets are skipped: its numbers prove nothing.
    """
    record = run.record
    invalid = record.trust.verdict == "invalid"
    why = "; ".join(reason.detail for reason in record.trust.reasons)
    kept_up = f"trust {record.trust.verdict}. {TRUST_WORDS[record.trust.verdict]} {why}".strip()
    cases = [
        Case(name="generator kept up", failed=invalid, detail=kept_up),
        Case(
            name="run ended as planned",
            failed=record.status not in {"finished", "stopped"} or bool(record.stopped_by_guard),
            detail=f"{record.status} {record.status_detail}".strip(),
        ),
        Case(
            name="no regression against a baseline",
            failed=record.is_regression,
            detail="; ".join(finding.detail for finding in record.findings if finding.code == REGRESSION),
        ),
        *(_objective_case(result, invalid=invalid) for result in record.objectives),
    ]
    return Suite(
        name=f"perftui.{record.plan.name}",
        cases=tuple(cases),
        seconds=record.summary.duration_s,
        started_at=record.started_at,
        properties=tuple(_measured(record)),
    )


def _measured(record: Record) -> Iterator[tuple[str, str]]:
    """Hits, and what only some protocols measure: no objective may be about it."""
    for text in hits_texts(record):
        yield "hit rate", text
    for name, words in own_lines(record.summary.total):
        yield name, " · ".join(words)
    for name, times in own_times(record.summary.total):
        yield name, f"p50 {format_ms(times.p50)} p95 {format_ms(times.p95)} max {format_ms(times.max)} ms"


def _objective_case(result: ObjectiveResult, *, invalid: bool) -> Case:
    critical = f", critical {result.critical}" if result.critical else ""
    doubt = "the run is invalid, its numbers prove nothing: " if invalid else ""
    detail = f"{doubt}measured {objective_value(result)}, target {result.target}{critical} ({result.verdict})"
    return Case(
        name=f"{objective_name(result)} {result.critical or result.target}",
        detail=detail + (f": {result.detail}" if result.detail else ""),
        failed=result.verdict == "fail",
        skipped=result.verdict == "none" or (invalid and result.verdict != "fail"),
    )


def _comparison_suite(comparison: Comparison) -> Suite:
    """One case for the comparison itself and one per metric that counts; what could not be told is skipped."""
    sides = f"baseline {comparison.baseline_id}, run {comparison.run_id}"
    refused = comparison.verdict == "not_comparable"
    cases = [
        Case(
            name="runs are comparable",
            failed=refused,
            detail="; ".join((sides, *comparison.reasons, *comparison.notes)),
        ),
        *(
            Case(
                name=metric_name(change),
                detail=verdict_line(change, comparison.rounds),
                failed=change.verdict == "regression",
                skipped=change.verdict in {"inconclusive", "not_comparable"},
            )
            for change in comparison.metrics
            if change.gated
        ),
    ]
    return Suite(name="perftui.compare", cases=tuple(cases))


def _totals(cases: Sequence[Case]) -> str:
    failures, skipped = sum(case.failed for case in cases), sum(case.skipped for case in cases)
    return f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'


def _suite_lines(suite: Suite) -> list[str]:
    moment = f" timestamp={_quoted(suite.started_at)}" if suite.started_at else ""
    name = _quoted(suite.name)
    lines = [f'  <testsuite name={name} {_totals(suite.cases)} time="{suite.seconds:.3f}"{moment}>']
    if suite.properties:
        pairs = [f"      <property name={_quoted(key)} value={_quoted(text)}/>" for key, text in suite.properties]
        lines += ["    <properties>", *pairs, "    </properties>"]
    for case in suite.cases:
        head = f'    <testcase classname={name} name={_quoted(case.name)} time="0"'
        if case.failed:
            lines += [f"{head}>", f"      <failure message={_quoted(case.detail)}/>", "    </testcase>"]
        elif case.skipped:
            lines += [f"{head}>", f"      <skipped message={_quoted(case.detail)}/>", "    </testcase>"]
        elif case.detail:
            lines += [f"{head}>", f"      <system-out>{escape(_allowed(case.detail))}</system-out>", "    </testcase>"]
        else:
            lines.append(f"{head}/>")
    return [*lines, "  </testsuite>"]


def _quoted(text: str) -> str:
    """An attribute's value."""
    return quoteattr(_allowed(text))


def _allowed(text: str) -> str:
    """The text; what XML 1.0 cannot hold at all becomes U+FFFD."""
    return "".join(
        character
        if character in "\t\n\r"
        or 0x20 <= ord(character) < 0xD800
        or 0xE000 <= ord(character) < 0xFFFE
        or ord(character) > 0xFFFF
        else "\ufffd"
        for character in text
    )
