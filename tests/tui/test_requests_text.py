"""What the dialog says will be sent is what a plan sends."""

from __future__ import annotations

import pytest

from perftui.model.plan import Capture, Journey, Load, Operation, Plan, Stage, Target
from perftui.tui.forms import at_url, origin_of
from perftui.tui.requests_text import planned, planned_lines

LOAD = Load(stages=(Stage(duration_s=10, to=100),), start_level=100)
LIST = Operation(name="list", weight=3, path="/items", query={"page": 2})
MAKE = Operation(name="make", weight=1, method="POST", path="/items", captures=(Capture(name="id", json="$.id"),))
CLEAN = Operation(name="clean", method="DELETE", path="/items/${id}")


def plan(*operations: Operation, load: Load = LOAD, **more: object) -> Plan:
    return Plan(name="p", target=Target(url="http://127.0.0.1:8000"), load=load, operations=operations, **more)  # type: ignore[arg-type]  # fields by name


def test_shares_and_counts_add_up_to_the_plan() -> None:
    found = planned(plan(LIST, MAKE))
    assert [(one.method, one.path, one.count) for one in found] == [
        ("GET", "/items?page=2", 750),
        ("POST", "/items", 250),
    ]


def test_what_is_sent_around_the_load_is_listed_too() -> None:
    found = planned(plan(MAKE, before=(LIST,), after=(CLEAN, LIST)))
    assert [(one.method, one.count, one.when) for one in found] == [
        ("GET", 1, "once before"),
        ("POST", 1000, ""),
        ("DELETE", 1000, "after, for each one made"),
        ("GET", 1, "once after"),
    ]


def test_users_have_shares_where_nobody_knows_the_number() -> None:
    load = Load(mode="users", stages=(Stage(duration_s=10, to=5),), start_level=5)
    assert [(one.count, one.share) for one in planned(plan(LIST, MAKE, load=load))] == [(None, 0.75), (None, 0.25)]


def test_every_step_of_a_journey_is_sent_once_for_each_of_them() -> None:
    journey = Journey(name="j", steps=(LIST, MAKE))
    load = Load(stages=LOAD.stages, start_level=100, rate_of="journeys")
    assert [one.count for one in planned(plan(load=load, journeys=(journey,)))] == [1000, 1000]


def test_lines_are_bounded_and_leave_out_the_only_host() -> None:
    many = [Operation(name=f"o{number}", path=f"/{number}") for number in range(20)]
    lines = [line.plain for line in planned_lines(plan(*many), 8)]
    assert len(lines) == 8
    assert "50×  GET /0  o0" in lines[0]
    assert "13 more" in lines[-1]


def test_lines_name_the_host_where_there_are_two() -> None:
    other = Operation(name="o", path="/o", target="other")
    two = plan(LIST, other, targets={"other": Target(url="http://127.0.0.2:9")})
    lines = [line.plain for line in planned_lines(two, 8)]
    assert "GET 127.0.0.1:8000/items?page=2  list" in lines[0]
    assert "GET 127.0.0.2:9/o  o" in lines[1]


def test_a_url_with_a_path_is_the_request_that_is_sent() -> None:
    one = at_url(plan(LIST, MAKE), "http://127.0.0.1:9/orders?open=1")
    assert [(each.method, each.path) for each in planned(one)] == [("GET", "/orders?open=1")]
    assert at_url(plan(LIST), "http://") == plan(LIST)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("http://a:1/x?y", "http://a:1"), ("http://a:1", "http://a:1"), ("a", "a"), ("", "")],
)
def test_only_the_host_goes_on_to_the_next_preset(typed: str, kept: str) -> None:
    assert origin_of(typed) == kept
