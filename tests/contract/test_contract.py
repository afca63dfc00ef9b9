"""What holds for every driver, whatever its protocol: counts, deadlines, error classes, captures, and one opinion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.cases import CALL, ECHO, EVENTS, FILE, HTTP, MEMCACHED, PAGE, REDIS, SQL, WEBSOCKET, Case, Served
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import UnreachableError
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from support.short_runs import probed, ran

pytestmark = pytest.mark.xdist_group("the stranger's environment")

CASES = (HTTP, ECHO, CALL, FILE, REDIS, MEMCACHED, SQL, WEBSOCKET, PAGE, EVENTS)
FUNCTIONS = Path(__file__).parent.parent / "support" / "functions" / "preset.toml"
"""Where the preset would be: functions are looked for beside it."""


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """One driver after the other."""
    found: Case = request.param
    if found is ECHO:
        request.getfixturevalue("stranger")
    return found


@pytest.fixture(scope="module")
def served(case: Case) -> Iterator[Served]:
    """Its server."""
    with case.serve() as running:
        yield running


def plan_of(case: Case, url: str, *operations: str, level: str = "rate = 100", more: str = "") -> Plan:
    """A preset with these operations."""
    text = f'schema = 1\nname = "contract"\n[target]\nurl = "{url}"\ntimeout = "1s"\n'
    text += f'[load]\n{level}\nduration = "1s"\nseed = 3\n{more or case.load}\n'
    text += "".join(
        f'[[operations]]\nname = "{case.name} {number}"\n{body}\n' for number, body in enumerate(operations)
    )
    return parse_preset(text, str(FUNCTIONS))


@pytest.mark.parametrize("level", ["rate = 100", "users = 5"])
def test_good_answers_are_counted_one_by_one(case: Case, served: Served, level: str) -> None:
    before = served.count() if served.count else 0
    plan = plan_of(case, served.url, case.good, level=level)
    record = ran(plan)

    whole = record.whole_run
    assert whole.ok == whole.scheduled > 0
    assert "rate" not in level or whole.scheduled == 100
    assert served.count is None or served.count() - before == whole.started
    stats = record.summary.total
    assert stats.received_bytes > 0 or case.name in {"call", "file", "sql"}
    assert 0 < stats.service_time_ms.p50 < 1000
    assert probed(plan).holds


def test_values_go_from_step_to_step(case: Case, served: Served) -> None:
    plan = plan_of(case, served.url, case.good, level="users = 3")
    first, second = (
        f'[[journeys.steps]]\nname = "{name}"\n{body}\n' for name, body in zip("ab", case.captured, strict=True)
    )
    text = f'schema = 1\nname = "contract"\n[target]\nurl = "{served.url}"\n[load]\nusers = 3\nduration = "1s"\n'
    plan = parse_preset(f'{text}[[journeys]]\nname = "j"\n{first}{second}', str(FUNCTIONS))
    record = ran(plan)

    steps = record.summary.operations
    assert steps["a"].counts.ok == steps["a"].counts.scheduled - steps["a"].counts.cancelled > 0
    assert steps["b"].error_classes == {}
    assert 0 < steps["a"].counts.ok - steps["b"].counts.ok + 3 <= 6
    result = probed(plan)
    assert [operation.problem for operation in result.operations] == ["", ""]
    assert result.operations[0].captures["value"]


def test_a_check_that_fails_is_an_error_of_that_name(case: Case, served: Served) -> None:
    plan = plan_of(case, served.url, case.wrong, level="users = 2", more="max_requests = 20")
    record = ran(plan)

    assert record.summary.total.error_classes == {"check:wrong": 20}
    (operation,) = probed(plan).operations
    assert "check wrong" in operation.problem


def test_an_answer_that_comes_too_late_is_a_timeout(case: Case, served: Served) -> None:
    if not case.slow:
        pytest.skip(f"nothing of {case.name} can be made slow")
    plan = plan_of(case, served.url, case.slow, case.good, level="rate = 14")
    record = ran(plan)

    slow, good = (record.summary.operations[f"{case.name} {number}"] for number in (0, 1))
    assert slow.counts.timeouts == slow.counts.scheduled > 5
    assert slow.error_classes == {"timeout": slow.counts.timeouts}
    assert slow.service_time_ms.min >= 999
    assert slow.service_time_ms.max < 1700
    assert good.counts.ok == good.counts.scheduled
    (problem, fine) = (operation.problem for operation in probed(plan).operations)
    assert "timeout" in problem
    assert fine == ""


def test_requests_beyond_the_lanes_wait_and_are_dropped_when_too_late(case: Case, served: Served) -> None:
    if not case.slow:
        pytest.skip(f"nothing of {case.name} can be made slow")
    plan = plan_of(case, served.url, case.slow, level="rate = 60", more="connections = 2")
    record = ran(plan)

    classes = record.summary.total.error_classes
    assert set(classes) <= {"timeout", "dropped.late"}
    assert classes["timeout"] > 0
    assert classes["dropped.late"] > 0


def test_a_connection_that_ends_is_no_answer(case: Case, served: Served) -> None:
    if not case.broken:
        pytest.skip(f"{case.name} has no connection that could end, or a suite of its own for it")
    plan = plan_of(case, served.url, case.broken, level="users = 2", more="max_requests = 10")
    record = ran(plan)

    assert record.whole_run.errors == 10
    assert set(record.summary.total.error_classes) & case.broken_classes
    assert set(record.summary.total.error_classes) <= case.broken_classes
    (operation,) = probed(plan).operations
    assert operation.problem


def test_nobody_there_is_said_before_the_start(case: Case) -> None:
    with case.serve() as running:
        url = running.url
    if not case.broken and "//127.0.0.1" not in url:
        pytest.skip(f"{case.name} connects to nothing")
    with pytest.raises(UnreachableError) as raised:
        run_plan(RunRequest(plan=plan_of(case, url, case.good)))
    assert raised.value.exit_code == 14
    assert "127.0.0.1" in str(raised.value)
