"""Requests around the load: log-in, tokens and set-up before it, clean-up after it. Never counted."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from msgspec.structs import replace

from perftui.engine.around.before import SetupResult, run_after, run_before
from perftui.engine.around.tokens import Token, fetch_token
from perftui.engine.runner import guard
from perftui.engine.runner.prepare import Prepared
from perftui.engine.runner.weighing import weigh
from perftui.model.errors import PerftuiError
from perftui.model.plan import Plan

if TYPE_CHECKING:
    from perftui.engine.runner.log import RunLog
    from perftui.engine.runner.steering import Steering

RETRY_S = 5.0


class Hooks:
    """What the set-up brought, and what is left to do at the end."""

    def __init__(self, prepared: Prepared, setup: SetupResult, *, asked_s: float) -> None:
        """What follows from a set-up that was begun at this moment of the monotonic clock."""
        self._prepared = prepared
        self._headers = setup.headers
        self._renew_s = _due_s(asked_s, setup.renew_after_s)
        self.secrets = setup.secrets
        """Values that must not be shown: tokens."""
        self.notes = setup.notes
        """What is worth knowing of the set-up."""
        self.variables = setup.variables
        self.weights: dict[str, int] = {}
        """How many requests each page is, where the guard had to know."""
        self.is_clean = False
        """Whether the clean-up was sent, all of it, and nothing refused."""
        self.load_began = False
        """From then on, whoever runs the load sends the clean-up."""

    @classmethod
    async def before(cls, prepared: Prepared) -> Hooks:
        """Make the set-up requests that the plan has, and weigh its pages where that matters.

        Raises:
            PerftuiError: one of them failed, or the guard says no; the run must not start.
        """
        asked_s = time.monotonic()
        setup = await run_before(prepared.resolved, prepared.reachable, secrets=prepared.secrets)
        hooks = cls(prepared, setup, asked_s=asked_s)
        if guard.must_be_weighed(prepared.resolved, prepared.addresses, prepared.confirm_host):
            async with hooks.undone_without_load():
                await hooks._weigh()
        return hooks

    async def _weigh(self) -> None:
        """Ask the guard again, with what each page takes.

        Raises:
            GuardError: that is too much.
        """
        prepared = self._prepared
        self.weights = await weigh(prepared.resolved, prepared.reachable, self.variables, self._headers)
        guard.check(prepared.resolved, prepared.addresses, prepared.confirm_host, self.weights)

    @asynccontextmanager
    async def undone_without_load(self) -> AsyncIterator[None]:
        """Clean up what the set-up made when the load does not begin: a broken file, a full disk, Ctrl-C."""
        try:
            yield
        except BaseException as error:
            if self.load_began:
                raise
            told = await self.after(())
            if isinstance(error, PerftuiError):
                raise type(error)(*error.problems, *told) from error
            raise

    @property
    def plan(self) -> Plan:
        """The plan as workers execute it: what the log-in brought is among its headers."""
        plan = self._prepared.resolved
        if not self._headers:
            return plan
        target = replace(plan.target, headers=plan.target.headers | self._headers, auth=None)
        return replace(plan, target=target)

    async def keep_renewed(self, steering: Steering, log: RunLog) -> None:
        """Fetch a new token before the old one runs out, until cancelled.

        A token's life begins where it is asked for: set-up requests, workers that start and a machine that is busy take
        their time of it.
        """
        told = False
        while self._renew_s is not None:
            await anyio.sleep(max(0.0, self._renew_s - time.monotonic()))
            asked_s = time.monotonic()
            try:
                token = await self._fetch()
            except PerftuiError as error:
                if not told:
                    log.note(f"the token was not renewed, trying again every {RETRY_S:.0f} s: {error}")
                told = True
                self._renew_s = time.monotonic() + RETRY_S
                continue
            told = False
            self._headers, self._renew_s = token.headers, _due_s(asked_s, token.renew_after_s)
            steering.renew_headers(token.headers, token.secrets)

    async def after(self, captured: Sequence[dict[str, str]]) -> list[str]:
        """Make the clean-up requests; what became of them, in words."""
        prepared = self._prepared
        result = await run_after(
            prepared.resolved, self.variables, captured, prepared.reachable, self._headers, secrets=self._hidden
        )
        self.is_clean = not result.failed and not result.problems
        if not result.sent and not result.problems:
            return []
        return [result.summary, *(f"clean-up: {problem}" for problem in result.problems)]

    async def _fetch(self) -> Token:
        prepared = self._prepared
        return await fetch_token(prepared.resolved, prepared.reachable, self.variables, secrets=self._hidden)

    @property
    def _hidden(self) -> tuple[str, ...]:
        return (*self._prepared.secrets, *self.secrets)


def _due_s(asked_s: float, after_s: float | None) -> float | None:
    """When a token is due that was asked for then; None: never."""
    return None if after_s is None else asked_s + after_s
