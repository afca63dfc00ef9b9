"""From a request to all that is needed for the start. Nothing is saved yet, and nothing sent but set-up requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.host_class import classify
from perftui.engine.clients.registry import driver_of
from perftui.engine.clients.resolve import resolve
from perftui.engine.runner import guard, preflight
from perftui.engine.runner.environment import available_cpus
from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.target_process import check_process
from perftui.model.load_profile import peak
from perftui.model.plan import Plan
from perftui.presets.secrets import resolve_secrets
from perftui.store.paths import runs_directory

_RATE_PER_WORKER = 10_000.0
"""Well below what a worker can send on one core, so that its own queueing never shows."""
_USERS_PER_WORKER = 500.0
_FULL_SPEED_PER_WORKER = 10.0
"""Users that never think load as fast as they can: ten of them keep a core busy, where one is free."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A plan that may start."""

    plan: Plan
    """As saved: placeholders instead of secrets."""
    resolved: Plan
    """As executed, in memory only."""
    secrets: tuple[str, ...]
    addresses: dict[str, Addresses]
    """What the names of the targets' hosts mean, by the target's own name."""
    reachable: dict[str, Addresses] = field(default_factory=dict)
    """Those of them that take connections."""
    workers: int
    confirm_host: str = ""
    """As typed by the user."""
    notes: list[str] = field(default_factory=list)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses that are loaded."""
        return tuple(dict.fromkeys(address for found in self.reachable.values() for address, _ in found))


async def prepare(request: RunRequest) -> Prepared:
    """Resolve secrets and names, ask the guard, check this machine's limits.

    Raises:
        PerftuiError: the run must not or cannot start, in words.
    """
    resolved, secrets = resolve_secrets(request.plan)
    addresses: dict[str, Addresses] = {}
    for operation in resolved.all_operations:
        driver_of(operation)  # a package that is missing is said before anything is looked up
    for name, target in resolved.used_targets.items():
        if not resolved.load.cluster:  # its machines look the name up themselves: it may mean another place there
            addresses[name] = await resolve(target)
    guard.check(resolved, addresses, request.confirm_host)
    await guard.check_others(resolved)
    check_process(resolved)
    workers = worker_count(resolved, addresses)
    # machines of a cluster are asked themselves
    notes = [] if resolved.load.cluster else preflight.check_limits(resolved, workers)
    notes += preflight.check_space(resolved, runs_directory())
    plan = msgspec.structs.replace(request.plan, load=msgspec.structs.replace(request.plan.load, workers=workers))
    return Prepared(
        plan=plan, resolved=resolved, secrets=secrets, addresses=addresses, workers=workers,
        confirm_host=request.confirm_host, notes=notes,
    )  # fmt: skip


def worker_count(plan: Plan, addresses: Mapping[str, Addresses]) -> int:
    """The workers asked for, or (0) as many as the load needs and the targets leave cores for."""
    if plan.load.workers:
        return plan.load.workers
    cores = available_cpus()
    local = any(
        not found or any(classify(address) == "loopback" for address, _ in found) for found in addresses.values()
    )
    return workers_for(plan, max(1, cores // 2 if local else cores - 1))


def workers_for(plan: Plan, free: int) -> int:
    """As many as the load needs, where so many cores are free."""
    highest = peak(plan.load)
    full_speed = plan.load.mode == "users" and plan.load.think_s[1] <= 0
    per_worker = _RATE_PER_WORKER if plan.load.mode == "rate" else _USERS_PER_WORKER
    if full_speed:
        per_worker = _FULL_SPEED_PER_WORKER
    return max(1, min(free, math.ceil(highest / per_worker)))
