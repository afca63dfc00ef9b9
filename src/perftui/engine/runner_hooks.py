"""Requests around the load: log-in, tokens and set-up before it, clean-up after it. Never counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio

from perftui.engine.runner_prepare import Prepared
from perftui.model.plan import Plan

if TYPE_CHECKING:
    from perftui.engine.runner_live import LiveRun


class Hooks:
    """What the set-up brought, and what is left to do at the end."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        """As executed: what the log-in brought is among its headers."""
        self.secrets: tuple[str, ...] = ()
        """Values that must not be shown: tokens."""
        self.variables: dict[str, str] = {}
        self.notes: list[str] = []
        self._renew_after_s: float | None = None

    @classmethod
    async def before(cls, prepared: Prepared) -> Hooks:
        """Make the set-up requests that the plan has.

        Raises:
            PerftuiError: one of them failed; the run must not start.
        """
        return cls(prepared.resolved)

    async def keep_renewed(self, live: LiveRun) -> None:
        """Fetch a new token before the old one runs out, until cancelled."""
        await anyio.sleep_forever()

    async def after(self, captured: Sequence[dict[str, str]]) -> list[str]:
        """Make the clean-up requests; what went wrong, in words."""
        return []
