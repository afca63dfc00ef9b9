"""The clean-up of a run whose runner did not live to send it."""

from __future__ import annotations

from pathlib import Path

from perftui.engine.around.after import CleanupResult, run_after
from perftui.engine.runner.guard import check_once
from perftui.model.plan import Plan
from perftui.presets.secrets import resolve_secrets
from perftui.store.leftovers import drop_leftovers, read_leftovers


async def clean_up(folder: Path, plan: Plan) -> CleanupResult:
    """Send the clean-up requests for what a run made; forget what it made when none of them failed.

    Args:
        folder: of the run, which is over.
        plan: of its record.

    Raises:
        UsageError: nothing is left, or a secret is missing.
        GuardError: a target is never asked.
        UnreachableError: the name of a target is unknown.
    """
    before, made = read_leftovers(folder)
    resolved, secrets = resolve_secrets(plan)
    await check_once(resolved)
    result = await run_after(resolved, before, made, secrets=secrets)
    if not result.failed and not result.problems:
        drop_leftovers(folder)
    return result
