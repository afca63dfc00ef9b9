"""A name whose address changes while the run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from perftui.demo.server import Demo
from perftui.engine.clients.client import Addresses
from perftui.engine.fleet import process
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import UnreachableError
from perftui.model.interval import Event
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from support.conservation import assert_conserved


def plan_for(url: str, duration_s: float) -> Plan:
    port = urlsplit(url).port
    load = Load(stages=(Stage(duration_s=duration_s, to=100),), start_level=100)
    target = Target(url=f"http://localhost:{port}", re_resolve_s=0.3, keep_alive=False)
    return Plan(name="test", target=target, load=load, operations=(Operation(name="read", path="/health"),))


def answers(*each: Addresses | Exception) -> Iterator[Addresses | Exception]:
    yield from each
    while True:
        yield each[-1]


def script(monkeypatch: pytest.MonkeyPatch, *each: Addresses | Exception) -> None:
    coming = answers(*each)

    async def resolve(_: Target) -> Addresses:
        answer = next(coming)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(process, "resolve", resolve)


def test_a_name_that_comes_to_mean_a_public_host_stops_the_run(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, (("127.0.0.1", 1),), (("93.184.216.34", 80),))
    record = run_plan(RunRequest(plan=plan_for(demo.url, 60)))
    assert_conserved(record)
    assert record.status == "stopped"
    assert record.status_detail.startswith("guard: localhost is a public host")
    assert record.summary.duration_s < 60


def test_new_connections_go_to_the_new_address(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Event] = []
    script(monkeypatch, UnreachableError("gone"), (("127.0.0.1", 1),))
    record = run_plan(
        RunRequest(plan=plan_for(demo.url, 3)),
        on_line=lambda line: lines.append(line) if isinstance(line, Event) else None,
    )
    assert_conserved(record)
    assert record.status == "finished"
    assert record.summary.total.error_classes == {"connect.refused": record.whole_run.errors}
    assert record.whole_run.errors > 0
    assert record.whole_run.ok > 0
    assert [line.detail for line in lines if line.kind == "note"] == [
        "gone; the addresses known so far stay in use", "the target's addresses are now 127.0.0.1",
    ]  # fmt: skip
