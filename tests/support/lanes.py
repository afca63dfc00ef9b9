"""A driver's client without a worker: its requests one after the other, on the loop of the test."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter_ns

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Client
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.registry import driver_for
from perftui.engine.clients.resolve import resolve
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import PHASES, Plan
from perftui.presets.values import ValueStream

_LOOK_S = 0.05


@dataclass
class Ended:
    """How requests ended."""

    ok: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    """Details of failures."""
    opened: int = 0
    """Connections."""


def ask_one_by_one(plan: Plan, requests: int) -> Ended:
    """Send the first operation of a plan so often by one lane at a time, as a user does who is in no journey."""
    return asyncio.run(_ask(plan, requests))


async def _ask(plan: Plan, requests: int) -> Ended:
    loop = asyncio.get_running_loop()
    ended = Ended()
    end: asyncio.Future[None] = loop.create_future()

    def done(client: Client, lane: Lane | None, _user: VirtualUser | None, failure: str | None) -> None:
        if failure is None:
            ended.ok += 1
        else:
            ended.classes[failure] += 1
        client.release(lane)
        end.set_result(None)

    def sample(_operation: object, _class: str, detail: str, *_: object) -> None:
        ended.said.append(detail)

    cell = CellRecorder("", "measure", rate_mode=False)
    driver = driver_for(plan.target)
    preparer = driver.preparer(plan, ValueStream(), {}, CleanUpValues(frozenset()))
    operation = preparer.prepare(plan.operations[0], dict.fromkeys(PHASES, cell), in_journey=False)
    client = driver.connect(loop, plan, await resolve(plan.target), most=1, done=done, sample=sample)
    try:
        for _ in range(requests):
            end = loop.create_future()
            client.submit(operation, cell, 0, None)
            while not end.done():
                await asyncio.wait({end}, timeout=_LOOK_S)
                client.expire(perf_counter_ns())
    finally:
        await client.close()
    assert cell.ok == ended.ok
    assert cell.errors + cell.timeouts + cell.client_errors == ended.classes.total()
    ended.opened = client.opened
    return ended
