"""Objectives as one writes them on the command line: `response_time.p95 < 200ms`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.model.plan import Objective, Plan
from perftui.model.text import safe_text
from perftui.presets.objective_format import OBJECTIVE
from perftui.presets.problems import Problems
from perftui.presets.references import check_references

_SENTENCE = re.compile(r"\s*(?:(?P<operation>[^:<>]+):\s+)?(?P<metric>[^<>]+?)\s*(?P<limit>(?:<=|>=|<|>).*)")


def sentence_parts(sentence: str) -> tuple[str, str, str]:
    """Operation (empty: the total), metric and limit.

    Raises:
        UsageError: the text is no objective.
    """
    match = _SENTENCE.fullmatch(sentence)
    if match is None:
        shown = safe_text(sentence, 80)
        raise UsageError(f"objective {shown!r}: write METRIC, < or >, and a limit, such as 'response_time.p95 < 200ms'")
    return (match["operation"] or "").strip(), match["metric"], match["limit"].strip()


def with_objectives(plan: Plan, sentences: Sequence[str], limit_name: Literal["target", "critical"] = "target") -> Plan:
    """The plan with these objectives instead of its own; as it is without any.

    Args:
        plan: of a preset.
        sentences: such as `response_time.p95 < 200ms`, or `OPERATION: METRIC < LIMIT`.
        limit_name: what a miss means: a target warns, a critical limit fails.

    Raises:
        UsageError: with every mistake.
    """
    if not sentences:
        return plan
    read = []
    told: list[str] = []
    for sentence in sentences:
        problems = Problems()
        try:
            operation, metric, limit = sentence_parts(sentence)
        except UsageError as error:
            told += error.problems
            continue
        table = {"metric": metric, limit_name: limit} | ({"operation": operation} if operation else {})
        objective = OBJECTIVE.read(table, (), problems)
        told += [f"objective {safe_text(sentence, 80)!r}: {message}" for _, message in problems]
        if isinstance(objective, Objective):
            read.append(objective)
    if told:
        raise UsageError(*told)
    changed = replace(plan, objectives=tuple(read))
    problems = Problems()
    check_references(changed, problems)
    if problems:
        raise UsageError(*(f"objective: {message}" for _, message in problems))
    return changed
