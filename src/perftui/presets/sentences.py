"""Objectives as one writes them on the command line: `response_time.p95 < 200ms`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.model.plan import Objective, Plan
from perftui.model.text import safe_text
from perftui.presets.objective_format import OBJECTIVE
from perftui.presets.problems import Problems
from perftui.presets.references import check_references

_SENTENCE = re.compile(r"\s*(?:(?P<operation>[^:<>]+):\s+)?(?P<metric>[^<>]+?)\s*(?P<limit>(?:<=|>=|<|>).*)")


def with_objectives(plan: Plan, sentences: Sequence[str]) -> Plan:
    """The plan with these objectives instead of its own; as it is without any.

    Raises:
        UsageError: with every mistake.
    """
    if not sentences:
        return plan
    read = []
    told: list[str] = []
    for sentence in sentences:
        shown = f"--objective {safe_text(sentence, 80)!r}"
        match = _SENTENCE.fullmatch(sentence)
        if match is None:
            told.append(f"{shown}: write METRIC, < or >, and a limit, such as 'response_time.p95 < 200ms'")
            continue
        problems = Problems()
        table = {"metric": match["metric"], "target": match["limit"].strip()}
        if match["operation"]:
            table["operation"] = match["operation"].strip()
        objective = OBJECTIVE.read(table, (), problems)
        told += [f"{shown}: {message}" for _, message in problems]
        if isinstance(objective, Objective):
            read.append(objective)
    if told:
        raise UsageError(*told)
    return _checked(plan, tuple(read))


def _checked(plan: Plan, objectives: tuple[Objective, ...]) -> Plan:
    changed = replace(plan, objectives=objectives)
    problems = Problems()
    check_references(changed, problems)
    if problems:
        raise UsageError(*(f"--objective: {message}" for _, message in problems))
    return changed
