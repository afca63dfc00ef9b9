"""A probe that asks the guard first."""

from __future__ import annotations

from perftui.engine.around import probe
from perftui.engine.runner.guard import check_once
from perftui.model.plan import Plan
from perftui.presets.secrets import resolve_secrets


async def guarded_probe(plan: Plan) -> probe.ProbeResult:
    """Send one request per operation and journey step, where that may be done.

    Args:
        plan: as loaded.

    Raises:
        UsageError: a secret is missing, or a certificate or file cannot be used.
        GuardError: a target, or another URL of the plan, is never asked.
        UnreachableError: the name of another URL is unknown.
    """
    resolved, _ = resolve_secrets(plan)
    await check_once(resolved)
    return await probe.probe(plan)
