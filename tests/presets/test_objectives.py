"""Objectives and levels in preset files: what is accepted, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import Load, Plan, Stage
from perftui.presets.loading import parse_preset
from support.presets import preset_text


def _parse(*objectives: dict[str, Any], **load: Any) -> Plan:
    operation = {"name": "list", "path": "/", "checks": [{"name": "has items", "json": "$.items"}]}
    return parse_preset(preset_text("http://service.example", [operation], objectives=objectives, **load), "test.toml")


@pytest.mark.parametrize(
    ("metric", "limit"),
    [
        ("host.cpu", "< 80%"),
        ("host.memory.p95", "< 85"),
        ("host.disk_written", "< 10MB/s"),
        ("target.cpu.max", "< 150%"),
        ("target.memory", "<= 512MiB"),
        ("target.memory_growth", "< 50MB/h"),
        ("target.memory_added", "< 100MB"),
        ("target.threads", "< 100"),
        ("connections", "<= 64"),
        ("check.has items", "> 99.9%"),
    ],
)
@pytest.mark.parametrize("which", ["target", "critical"])
def test_every_metric_takes_a_target_or_a_critical_alone(metric: str, limit: str, which: str) -> None:
    [objective] = _parse({"metric": metric, which: limit}).objectives
    assert (getattr(objective, which), objective.limits) == (limit, (limit,))


def test_where_and_how_long_it_must_hold() -> None:
    [at_level, stretch] = _parse(
        {"metric": "response_time.p95", "target": "< 1s", "level": 20},
        {"metric": "error_rate", "critical": "< 1%", "over": "10s", "grace": "5s", "abort": True},
    ).objectives
    assert at_level.level == 20
    assert (stretch.over_s, stretch.grace_s, stretch.abort) == (10, 5, True)


def test_levels_are_held_one_after_the_other() -> None:
    load = _parse(levels=[1, 10, 50], duration="5s").load
    stages = (Stage(duration_s=5, to=1), *(Stage(duration_s=held, to=to) for to in (10, 50) for held in (0, 5)))
    assert load == Load(mode="users", start_level=1, stages=stages)
    assert _parse(levels=[100, 200], duration="5s", mode="rate").load.mode == "rate"


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ({"metric": "host.cpu"}, "objectives[0]: has no limit; write target, critical or both"),
        ({"metric": "p95", "target": "< 1s"}, "'p95' is not a metric; did you mean 'response_time.p95'?"),
        ({"metric": "host.cpuu", "target": "< 1"}, "'host.cpuu' is not a metric; did you mean 'host.cpu'?"),
        ({"metric": "host.cpu", "target": "< 80ms"}, "'< 80ms' is not a limit of host.cpu; write it as '< 80%'"),
        ({"metric": "target.memory", "target": "< 512"}, "'512' is not a size"),
        ({"metric": "target.memory_growth", "target": "< 5MB"}, "'5MB' has no '/h'; a limit of target.memory_growth"),
        (
            {"metric": "check.had items", "target": "> 9%"},
            "no check has the name 'had items'; did you mean 'has items'?",
        ),
        ({"metric": "target.cpu", "operation": "list", "target": "< 5"}, "of a machine, over the whole run; leave"),
        ({"metric": "error_rate", "target": "< 1%", "level": 7}, "the load holds no level of 7; it holds 20"),
        ({"metric": "error_rate", "target": "< 1%", "level": 20, "over": "5s"}, "a level is judged as a whole"),
        ({"metric": "target.memory_added", "target": "< 1MB", "over": "5s"}, "is a slope over the run; leave over out"),
        ({"metric": "error_rate", "target": "< 1%", "grace": "5s"}, "goes with over or abort"),
        ({"metric": "error_rate", "target": "< 1%", "abort": True}, "needs critical: a missed target only warns"),
        ({"metric": "throughput", "target": "> 5/s", "critical": "> 9/s"}, "is stricter than the target"),
    ],
)
def test_mistakes_are_said(objective: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        _parse(objective)
    assert len(raised.value.problems) == 1, raised.value.problems
    assert message in raised.value.problems[0]


@pytest.mark.parametrize(
    ("load", "message"),
    [
        ({"levels": [1, 10]}, "'duration' is missing: how long each level is held"),
        ({"levels": [1.5], "duration": "1s"}, "users come in whole numbers"),
        ({"levels": [0], "duration": "1s"}, "must be above 0"),
        ({"levels": [5], "rate": 5, "duration": "1s"}, "has rate and levels; name one"),
    ],
)
def test_mistakes_of_levels(load: dict[str, Any], message: str) -> None:
    text = preset_text("http://service.example", {"list": "/"}, **load)
    with pytest.raises(UsageError) as raised:
        parse_preset(text if "duration" in load else text.replace('duration = "1s"\n', ""), "test.toml")
    assert message in str(raised.value)
