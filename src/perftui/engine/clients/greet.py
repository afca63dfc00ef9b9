"""Whether a target of questions and answers is there, and lets us in: one request before the start, not counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter_ns

from perftui.engine.clients.client import Addresses, Client, Done, Sample
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.reaching import check_reachable, shown_url
from perftui.metrics.recorder import CellRecorder
from perftui.model.errors import UnreachableError
from perftui.model.plan import PHASES, Phase, Plan
from perftui.model.text import safe_text

_GRACE_S = 0.01
Connect = Callable[[Done, Sample, Addresses], Client]


async def greet(
    plan: Plan,
    addresses: Addresses,
    connect: Connect,
    prepare: Callable[[Mapping[Phase, CellRecorder]], PreparedOperation],
) -> Addresses:
    """Send one request and wait for its answer; which of the addresses take connections.

    Args:
        plan: its target is asked.
        addresses: of the target.
        connect: opens a client.
        prepare: makes the operation.

    Raises:
        UnreachableError: there is no answer, or it is a refusal.
    """
    good = await check_reachable(plan.target, addresses)
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    said: list[str] = []

    def done(*outcome: object) -> None:
        if not ended.done():
            ended.set_result(str(outcome[-1] or ""))

    def sample(_operation: object, _class: str, detail: str, *_: object) -> None:
        said.append(safe_text(detail))

    cell = CellRecorder("", "measure", rate_mode=False)
    client = connect(done, sample, good)
    try:
        client.submit(prepare(dict.fromkeys(PHASES, cell)), cell, 0, None)
        while not ended.done():
            await asyncio.wait({ended}, timeout=plan.target.timeout_s + _GRACE_S)
            client.expire(perf_counter_ns())
    finally:
        await client.close()
    if ended.result():
        raise UnreachableError(f"{shown_url(plan.target)}: {'; '.join(said) or ended.result()} ({ended.result()})")
    return good
