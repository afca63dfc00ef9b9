"""What a CI system is told besides the exit code: annotations on the change, and a summary of the job."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from perftui.cli.failures import tell
from perftui.cli.outcome import Outcome
from perftui.model.comparison import Comparison
from perftui.model.errors import ExitCode
from perftui.model.record import ObjectiveResult, Record, Verdict
from perftui.report.words import objective_name, objective_value

Level = Literal["notice", "warning", "error"]
_LEVELS: dict[Verdict, Level] = {"pass": "notice", "warn": "warning", "fail": "error", "none": "notice"}
_OF_OBJECTIVES = frozenset({ExitCode.OBJECTIVE_FAILED, ExitCode.REGRESSION})
"""Reasons that have lines of their own."""


def tell_ci(
    records: Sequence[Record],
    comparison: Comparison | None,
    outcome: Outcome,
    markdown: Callable[[], str],
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Annotate and summarise where a GitHub workflow asks for it; elsewhere nothing happens.

    Args:
        records: what was run.
        comparison: with a baseline.
        outcome: the exit code and its reasons.
        markdown: the result as Markdown.
        environment: that says where we are.
    """
    if environment.get("GITHUB_ACTIONS"):
        for level, title, text in lines(records, comparison, outcome):
            print(f"::{level} title={_property(f'perftui {title}')}::{_data(text)}", file=sys.stderr, flush=True)
    if summary := environment.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(markdown().rstrip("\n") + "\n\n")
        except OSError as error:
            tell(f"{summary}: the summary cannot be written: {(error.strerror or str(error)).lower()}")


def lines(
    records: Sequence[Record], comparison: Comparison | None, outcome: Outcome
) -> Iterator[tuple[Level, str, str]]:
    """A line per objective, per regressed metric, and per other reason for the exit code: level, title, text.

    Nothing is an error that does not block.
    """
    blocking = outcome.code != 0
    for record in records:
        for result in record.objectives:
            yield _capped(_LEVELS[result.verdict], blocking=blocking), record.plan.name, _objective_text(result)
    for change in comparison.metrics if comparison is not None else ():
        if change.gated and change.verdict == "regression":
            where = f"{change.operation}: " if change.operation else ""
            text = f"{where}{change.metric} regressed by {abs(change.change) * 100:.0f} %"
            yield _capped("error", blocking=blocking), "regression", text
    for reason in outcome.reasons:
        if reason.code not in _OF_OBJECTIVES:
            yield _capped("error", blocking=blocking), "run", reason.text


def _capped(level: Level, *, blocking: bool) -> Level:
    return "warning" if level == "error" and not blocking else level


def _objective_text(result: ObjectiveResult) -> str:
    limits = [f"target {result.target}"] if result.target else []
    limits += [f"critical {result.critical}"] if result.critical else []
    said = f": {result.detail}" if result.verdict == "none" and result.detail else ""
    return f"{result.verdict}: {objective_name(result)} {objective_value(result)} ({', '.join(limits)}){said}"


def _data(text: str) -> str:
    """Text as a workflow command takes it: its own signs escaped, so that no server's words become a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
