"""The guard: how heavy a plan is, and what whoever steers a run may ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import anyio
import pytest
from msgspec.structs import replace

from perftui.demo.server import Demo
from perftui.engine.control.client import ControlClient
from perftui.engine.load.schedule import Schedule
from perftui.engine.runner import guard
from perftui.engine.runner.probing import guarded_probe
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import GuardError, PerftuiError
from perftui.model.interval import Interval
from perftui.model.journal import Header, JournalLine
from perftui.model.plan import Auth, Journey, Load, Mode, OAuth2, Operation, Plan, Stage, Target
from support.page_server import page_server

PUBLIC = (("93.184.216.34", 80),)
PRIVATE = (("10.0.0.1", 80),)
STEP = Operation(name="step", path="/health")


def plan_for(level: float, mode: Mode = "rate", think_s: float = 0.0, url: str = "http://api.example.com") -> Plan:
    load = Load(mode=mode, stages=(Stage(duration_s=4, to=level),), start_level=level, think_s=(0.0, 2 * think_s))
    return Plan(name="test", target=Target(url=url), load=load, operations=(STEP,))


def journeys(mode: Mode, level: float, steps: int, step_think_s: float) -> Plan:
    step = Operation(name="step", path="/health", think_s=(step_think_s, step_think_s))
    load = Load(mode=mode, stages=(Stage(duration_s=4, to=level),), start_level=level, rate_of="journeys")
    journey = Journey(name="shop", steps=(step,) * steps)
    return Plan(name="test", target=Target(url="http://api.example.com"), load=load, journeys=(journey,))


@pytest.mark.parametrize(
    ("plan", "heavy"),
    [
        (plan_for(50), False),
        (plan_for(51), True),
        (plan_for(1, "users"), True),
        (plan_for(20, "users", think_s=1), False),
        (plan_for(21, "users", think_s=10), True),
        (plan_for(20, "users", think_s=0.1), True),
        (plan_for(5, "users", think_s=0.1), False),
        (journeys("rate", 10, 5, 0), False),
        (journeys("rate", 11, 5, 0), True),
        (journeys("users", 10, 5, 0.2), False),
        (journeys("users", 11, 5, 0.2), True),
        (journeys("users", 1, 5, 0), True),
    ],
)
def test_users_are_as_heavy_as_their_think_time_lets_them_be(plan: Plan, *, heavy: bool) -> None:
    assert guard.is_heavy(plan) == heavy


def asking(level: float, driver: str, request: dict[str, object], weight: float = 1.0) -> Plan:
    operation = Operation(name="other", driver=driver, request=request, weight=weight)
    return replace(plan_for(level), operations=(STEP, operation))


@pytest.mark.parametrize(
    ("plan", "weights", "heavy"),
    [
        (asking(5, "page", {"page": "/"}), {}, False),
        (asking(5, "page", {"page": "/"}), {"other": 19}, False),
        (asking(5, "page", {"page": "/"}), {"other": 20}, True),
        (asking(5, "page", {"page": "/"}, weight=3), {"other": 14}, True),
        (asking(10, "redis", {"redis": [["GET", "a"]] * 9}), {}, False),
        (asking(10, "redis", {"redis": [["GET", "a"]] * 10}), {}, True),
        (asking(10, "redis", {"redis": ["GET", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]}), {}, False),
        (asking(10, "sql", {"sql": ["select 1"] * 10}), {}, True),
    ],
)
def test_an_arrival_is_as_many_requests_as_it_makes(plan: Plan, weights: dict[str, int], *, heavy: bool) -> None:
    assert guard.is_heavy(plan, weights) == heavy


@pytest.mark.slow
def test_a_page_of_a_public_host_is_weighed_before_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "classify", lambda _: "public")
    page = Operation(name="visit", driver="page", request={"page": "/twelve"})
    with page_server() as server:
        light = replace(plan_for(3, url=server.url), operations=(page,))
        assert run_plan(RunRequest(plan=light)).whole_run.ok == 12
        server.paths.clear()
        heavy = replace(plan_for(4, url=server.url), operations=(page,))
        with pytest.raises(GuardError, match=r"heavy \(visit: 13 requests\); .*--confirm-host 127"):
            run_plan(RunRequest(plan=heavy))
        assert sum(server.paths.values()) == 13
        confirmed = replace(heavy, load=replace(heavy.load, max_requests=2))
        assert run_plan(RunRequest(plan=confirmed, confirm_host="127.0.0.1")).whole_run.ok == 2


@pytest.mark.slow
def test_a_page_that_grows_beyond_what_was_let_through_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "classify", lambda _: "public")
    page = Operation(name="visit", driver="page", request={"page": "/grown"})
    with page_server() as server:
        server.documents["/grown"] = "<p>small</p>"

        def grow(_: object) -> None:
            server.documents["/grown"] = "".join(f'<img src="/{number}.png">' for number in range(40))

        plan = replace(plan_for(5, url=server.url), operations=(page,))
        plan = replace(plan, load=replace(plan.load, stages=(Stage(duration_s=20, to=5),)))
        record = run_plan(RunRequest(plan=plan), on_started=grow)

    assert record.stopped_by_guard.startswith("127.0.0.1 is a public host, and its pages take ")
    assert record.summary.duration_s < 10


@pytest.mark.parametrize(
    ("plan", "confirmed", "level", "allowed"),
    [
        (plan_for(5), "", 50, True),
        (plan_for(5), "", 50.1, False),
        (plan_for(200), "api.example.com", 200, True),
        (plan_for(200), "api.example.com", 201, False),
        (plan_for(5), "api.example.com", 50, True),
        (plan_for(5, "users", think_s=1), "", 20, True),
        (plan_for(5, "users", think_s=1), "", 21, False),
        (plan_for(5, "users"), "api.example.com", 5, True),
        (plan_for(5, "users"), "api.example.com", 6, False),
    ],
)
def test_what_was_confirmed_is_a_ceiling(plan: Plan, confirmed: str, level: float, *, allowed: bool) -> None:
    on_the_way = guard.Guard(plan, {"": PUBLIC}, confirmed)
    if allowed:
        on_the_way.allow(level)
    else:
        with pytest.raises(GuardError, match=r"api\.example\.com is a public host"):
            on_the_way.allow(level)
    guard.Guard(plan, {"": PRIVATE}, confirmed).allow(level)


def test_a_steered_level_is_asked_about_again_where_the_name_leads_elsewhere() -> None:
    on_the_way = guard.Guard(plan_for(5), {"": PRIVATE}, "")
    on_the_way.allow(5000)
    with pytest.raises(GuardError, match="this would be 5000/s"):
        on_the_way.admit("", PUBLIC, 5000)
    with pytest.raises(GuardError):
        on_the_way.allow(5000)


def test_steering_a_run_on_a_public_host_stays_below_the_ceiling(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo service, for once taken for a public host."""
    monkeypatch.setattr(guard, "classify", lambda _: "public")
    said: list[str] = []
    steering: list[threading.Thread] = []
    commands: tuple[Callable[[ControlClient], object], ...] = (
        lambda client: client.send("level", level=5000.0),
        lambda client: client.send("level", level=40.0),
        lambda client: client.send("pause"),
        lambda client: client.send("resume"),
    )

    def steer(run_id: str) -> None:
        for command in commands:
            try:
                anyio.run(command, ControlClient(run_id))  # type: ignore[arg-type]  # each is an awaitable
                said.append("done")
            except PerftuiError as error:
                said.append(str(error))

    def on_line(line: JournalLine) -> None:
        if isinstance(line, Header):
            steering.append(threading.Thread(target=steer, args=(line.id,)))
        elif isinstance(line, Interval) and steering[0].ident is None:
            steering[0].start()

    record = run_plan(RunRequest(plan=plan_for(5, url=demo.url)), on_line=on_line)
    steering[0].join()

    assert said[1:] == ["done", "done", "done"]
    assert said[0].endswith(
        "is a public host: this run may come to 50/s, and this would be 5000/s; for more, start a run that asks for it"
    )
    assert record.whole_run.scheduled < 50 * 4


@pytest.mark.parametrize("host", ["169.254.169.254", "[64:ff9b::a9fe:a9fe]", "0xa9fea9fe", "metadata.google.internal"])
def test_no_url_of_a_plan_leads_to_a_metadata_address(host: str) -> None:
    settings = OAuth2(token_url=f"http://{host}/token", client_id="a", client_secret="b")
    plan = plan_for(5, url="http://127.0.0.1:9")
    with_token = replace(plan, target=replace(plan.target, auth=Auth(oauth2=settings)))
    with_metrics = replace(plan, target=replace(plan.target, metrics_url=f"http://{host}/metrics"))
    for asked in (with_token, with_metrics, plan_for(5, url=f"http://{host}/")):
        with pytest.raises(GuardError, match="never loaded"):
            anyio.run(guarded_probe, asked)
    with pytest.raises(GuardError, match="never loaded"):
        run_plan(RunRequest(plan=with_token))
    with pytest.raises(GuardError, match="never loaded"):
        run_plan(RunRequest(plan=with_metrics))


def test_the_rest_of_the_plan_counts() -> None:
    """A level is a factor for all that comes: twice as much now is twice as much at the end of the ramp."""
    load = Load(stages=(Stage(duration_s=10, to=60), Stage(duration_s=5, to=10)), start_level=10)
    schedule = Schedule(load)
    assert schedule.highest_from(0) == 60
    assert schedule.highest_from(12.5) == 35
    schedule.scale(0, 2)
    schedule.pause(1)
    assert schedule.highest_from(1) == 120
    assert schedule.highest_from(20) == 0
