"""Objectives in a preset file: a metric, one or two limits, and where and how long they must hold."""

from __future__ import annotations

from typing import Any

from perftui.model.objectives import CHECK, GROWTH_METRICS, OBJECTIVE_METRICS, Limit, parse_limit
from perftui.model.plan import Objective
from perftui.presets import texts
from perftui.presets.kinds import BAD, Duration, Flag, Number, Schema, Text
from perftui.presets.problems import KeyPath, Problems
from perftui.presets.request_format import NAME
from perftui.presets.sections import Key, Section

_LIMIT = r"^\s*(<=|>=|<|>)\s*\d"
_LIMITS = ("target", "critical")
_LONGEST_S = 3600.0
_OF_A_MACHINE = ("host.", "target.", "remote.", "connections")


class Metric(Text):
    """A name of model.objectives, or `check.NAME`."""

    def __init__(self) -> None:
        super().__init__(check=texts.objective_metric_problem)

    def _schema(self) -> Schema:
        return {"anyOf": [{"enum": list(OBJECTIVE_METRICS)}, {"type": "string", "pattern": f"^{CHECK[:-1]}[.].+"}]}


def _build(read: dict[str, Any], path: KeyPath, problems: Problems) -> object:
    given = [name for name in _LIMITS if name in read]
    limits: dict[str, Limit] = {}
    for name in given:
        try:
            limits[name] = parse_limit(read[name], read["metric"])
        except ValueError as error:
            problems.add((*path, name), str(error))
    if len(limits) < len(given) or _stricter(read, limits, path, problems) or _misplaced(read, path, problems):
        return BAD
    return Objective(**read)


def _stricter(read: dict[str, Any], limits: dict[str, Limit], path: KeyPath, problems: Problems) -> bool:
    if len(limits) < len(_LIMITS):
        return False
    target, critical = limits["target"], limits["critical"]
    stricter = critical.value < target.value if target.is_upper else critical.value > target.value
    if critical.is_upper == target.is_upper and not stricter:
        return False
    problems.add(
        (*path, "critical"),
        f"{read['critical']!r} is stricter than the target {read['target']!r}; "
        "missing the target warns, missing critical fails",
    )
    return True


def _misplaced(read: dict[str, Any], path: KeyPath, problems: Problems) -> bool:
    """Whether keys are there that say nothing for this objective."""
    metric: str = read["metric"]
    found: dict[str, str] = {}
    if metric.startswith(_OF_A_MACHINE):
        for key in read.keys() & {"operation", "level"}:
            found[key] = f"{metric} is of a machine, over the whole run; leave {key} out"
    if read.get("over_s") and metric in GROWTH_METRICS:
        found["over"] = f"{metric} is a slope over the run; leave over out"
    elif read.get("over_s") and "level" in read:
        found["over"] = "a level is judged as a whole; leave over or level out"
    if read.get("grace_s") and not (read.get("over_s") or read.get("abort")):
        found["grace"] = "goes with over or abort; without them the warm-up is what is left out"
    if read.get("abort") and "critical" not in read:
        found["abort"] = "needs critical: a missed target only warns"
    for key, message in found.items():
        problems.add((*path, key), message)
    return bool(found)


OBJECTIVE = Section(
    {
        "metric": Key(
            Metric(),
            "What is judged: response_time.p95, error_rate, host.cpu, target.memory, check.NAME.",
            required=True,
        ),
        "target": Key(Text(most=100, pattern=_LIMIT), "Limit whose miss warns, such as < 500ms."),
        "critical": Key(Text(most=100, pattern=_LIMIT), "Limit whose miss fails the run."),
        "operation": Key(NAME, "Operation it is about; the total when not said."),
        "level": Key(Number(above=True, high=1e7), "Only where the load holds this level."),
        "over": Key(Duration(high=_LONGEST_S), "It must hold in every stretch of this length.", to="over_s"),
        "grace": Key(Duration(high=_LONGEST_S), "Time after the warm-up in which it is not judged.", to="grace_s"),
        "abort": Key(Flag(), "End the run as soon as critical is missed."),
    },
    _build,
    "A metric with one or two limits.",
    lambda names: "" if {"target", "critical"} & set(names) else "has no limit; write target, critical or both",
    schema={"anyOf": [{"required": ["target"]}, {"required": ["critical"]}]},
)
