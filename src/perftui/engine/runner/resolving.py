"""Looks the target's name up again while a run goes on, for plans that ask for it."""

from __future__ import annotations

from functools import partial

import anyio

from perftui.engine.fleet.seat import Seats
from perftui.engine.runner.guard import Guard
from perftui.engine.runner.log import RunLog
from perftui.engine.runner.prepare import Prepared
from perftui.engine.runner.steering import Steering
from perftui.model.errors import GuardError, UnreachableError


async def keep_resolved(prepared: Prepared, seats: Seats, steering: Steering, log: RunLog, guard: Guard) -> None:
    """Have new connections go to the current addresses. A name that comes to mean a guarded place stops the run.

    Args:
        prepared: the plan and the addresses it started with.
        seats: where names are looked up: what one means may differ between machines.
        steering: of the run.
        log: takes what went wrong.
        guard: of the run.
    """
    async with anyio.create_task_group() as tasks:
        for name, target in prepared.resolved.used_targets.items():
            if target.re_resolve_s > 0 and prepared.addresses[name]:
                one = partial(_keep_one_resolved, name, prepared, steering=steering, log=log, guard=guard)
                tasks.start_soon(one, seats)


async def _keep_one_resolved(
    name: str, prepared: Prepared, seats: Seats, *, steering: Steering, log: RunLog, guard: Guard
) -> None:
    plan, addresses = prepared.resolved, prepared.addresses[name]
    target = plan.used_targets[name]
    told = False
    while True:
        await anyio.sleep(target.re_resolve_s)
        try:
            found = await seats.look_up(name, target, addresses)
            if found is not None:
                guard.admit(name, found, steering.highest_to_come)
        except UnreachableError as error:
            if not told:
                log.note(f"{error}; the addresses known so far stay in use")
            told = True
            continue
        except GuardError as error:
            steering.stop(f"guard: {error}", "runner")
            return
        told = False
        if found is not None:
            addresses = found
            steering.use_addresses(name, found)
