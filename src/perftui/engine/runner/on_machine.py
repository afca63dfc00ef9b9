"""What every machine of a cluster is asked before the load: it runs there, and its answer goes to the runner."""

from __future__ import annotations

from msgspec import Struct

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.registry import driver_for
from perftui.engine.clients.resolve import resolve
from perftui.engine.runner import guard
from perftui.engine.runner.preflight import check_limits
from perftui.model.errors import PerftuiError
from perftui.model.plan import Plan


class Fit(Struct, frozen=True, kw_only=True):
    """What a machine found out."""

    found: dict[str, Addresses] = {}
    """What the names of the targets' hosts mean there."""
    reachable: dict[str, Addresses] = {}
    """Those of them that take connections."""
    notes: tuple[str, ...] = ()
    problem: tuple[int, tuple[str, ...]] | None = None
    """Why the load cannot be sent from there: the exit code, and it in words."""


async def check_here(plan: Plan, confirm_host: str, workers: int) -> Fit:
    """Look names up, ask the guard, raise this machine's limits, and reach the targets.

    Args:
        plan: as executed, with its secrets, and with files where they are here.
        confirm_host: the host's name as typed by the user.
        workers: of the whole cluster.
    """
    try:
        found = {name: await resolve(target) for name, target in plan.used_targets.items()}
        guard.check(plan, found, confirm_host)
        notes = check_limits(plan, workers)
        reachable = {
            name: await driver_for(target).reach(plan.aimed_at(name), found[name])
            for name, target in plan.used_targets.items()
        }
    except PerftuiError as error:
        return Fit(problem=(error.exit_code, error.problems))
    return Fit(found=found, reachable=reachable, notes=tuple(notes))
