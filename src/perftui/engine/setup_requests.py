"""Before and after the load: log-in and set-up whose values feed it, clean-up of what it made. Never counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct

from perftui.engine.auth import Token, fetch_token, needs_token
from perftui.model.errors import UnreachableError
from perftui.model.plan import Operation, Plan
from perftui.presets.variables import names_in

if TYPE_CHECKING:
    from perftui.engine.setup_steps import Steps

MOST_AT_ONCE = 8
CLEANUP_LIMIT_S = 120.0
MOST_PROBLEMS = 5


class SetupResult(Struct, frozen=True, kw_only=True):
    """What the load may use."""

    variables: dict[str, str] = {}
    headers: dict[str, str] = {}
    """Sent with every request: a token."""
    renew_after_s: float | None = None
    """When auth.fetch_token is due again; None: never."""
    secrets: tuple[str, ...] = ()
    """Tokens, to blank out of everything that is stored or shown."""
    sent: int = 0


class CleanupResult(Struct, frozen=True, kw_only=True):
    """What the clean-up did."""

    sent: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()
    """The first ones, in words."""


def needs_setup(plan: Plan) -> bool:
    """Whether anything must be sent before the start."""
    return bool(plan.before) or needs_token(plan)


async def run_before(
    plan: Plan, addresses: Sequence[tuple[str, int]] = (), variables: Mapping[str, str] | None = None
) -> SetupResult:
    """Log in and send the set-up requests, in their order.

    The log-in comes first, or right after the set-up requests whose captured values it uses.

    Args:
        plan: with secrets resolved.
        addresses: of the target, as resolved before the start; empty: looked up.
        variables: values that requests may use.

    Raises:
        UnreachableError: a request failed; nothing of the load was sent.
        UsageError: a certificate or data file cannot be used.
    """
    if not needs_setup(plan):
        return SetupResult(variables=dict(variables or {}))
    from perftui.engine.setup_steps import Steps

    token: Token | None = None
    async with Steps(plan, addresses, variables) as steps:
        for operation in plan.before:
            if token is None and _can_log_in(plan, steps.variables):
                token = await _use_token(plan, addresses, steps)
            step = await steps.take(operation)
            if step.problem:
                raise UnreachableError(f"before: {step.problem}")
        if token is None:
            token = await _use_token(plan, addresses, steps)
        return SetupResult(
            variables=steps.variables, headers=token.headers, renew_after_s=token.renew_after_s, secrets=token.secrets,
            sent=len(plan.before) + needs_token(plan),
        )  # fmt: skip


async def run_after(
    plan: Plan,
    variables: Mapping[str, str],
    captured: Sequence[Mapping[str, str]] = (),
    addresses: Sequence[tuple[str, int]] = (),
    headers: Mapping[str, str] | None = None,
) -> CleanupResult:
    """Send the clean-up requests: once each, or once for each captured value that a request uses.

    A failed request does not stop the others.

    Args:
        plan: with secrets resolved.
        variables: from run_before.
        captured: values that the load captured, one mapping per request or journey.
        addresses: as run_before.
        headers: the token; without one, a plan that needs a token fetches it again.
    """
    if not plan.after:
        return CleanupResult()
    from perftui.engine.setup_steps import Steps

    if not headers and needs_token(plan):
        try:
            headers = (await fetch_token(plan, addresses, variables)).headers
        except UnreachableError as error:
            return CleanupResult(problems=error.problems)
    cleanup = _Cleanup()
    with anyio.move_on_after(CLEANUP_LIMIT_S) as limit:
        async with Steps(plan, addresses, variables, headers) as steps:
            for operation in plan.after:
                await cleanup.send_all(steps, operation, _uses(operation, variables, captured))
    if limit.cancelled_caught:
        cleanup.note(f"the clean-up took longer than {CLEANUP_LIMIT_S:.0f} s and was ended")
    return cleanup.result()


class _Cleanup:
    """Counts what the clean-up does."""

    def __init__(self) -> None:
        self._sent = 0
        self._failed = 0
        self._problems: list[str] = []

    async def send_all(self, steps: Steps, operation: Operation, uses: Sequence[Mapping[str, str]]) -> None:
        """Send one operation with each of some values, a few at once."""
        places = anyio.CapacityLimiter(MOST_AT_ONCE)
        async with anyio.create_task_group() as tasks:
            for values in uses:
                await places.acquire_on_behalf_of(values_token := object())
                tasks.start_soon(self._send, steps, operation, values, places, values_token)

    async def _send(
        self,
        steps: Steps,
        operation: Operation,
        values: Mapping[str, str],
        places: anyio.CapacityLimiter,
        place: object,
    ) -> None:
        try:
            step = await steps.take(operation, values)
            self._sent += 1
            if step.problem:
                self._failed += 1
                self.note(step.problem)
        finally:
            places.release_on_behalf_of(place)

    def note(self, problem: str) -> None:
        """Keep the first problems, each once."""
        if problem not in self._problems and len(self._problems) < MOST_PROBLEMS:
            self._problems.append(problem)

    def result(self) -> CleanupResult:
        """What was done up to now."""
        return CleanupResult(sent=self._sent, failed=self._failed, problems=tuple(self._problems))


def _can_log_in(plan: Plan, variables: Mapping[str, str]) -> bool:
    auth = plan.target.auth
    if auth is None or auth.login is None:
        return True
    return names_in(auth.login.request) <= variables.keys()


async def _use_token(plan: Plan, addresses: Sequence[tuple[str, int]], steps: Steps) -> Token:
    token = await fetch_token(plan, addresses, steps.variables)
    steps.variables |= token.variables
    steps.use_headers(token.headers)
    return token


def _uses(
    operation: Operation, variables: Mapping[str, str], captured: Sequence[Mapping[str, str]]
) -> list[Mapping[str, str]]:
    """The values to send an operation with; each combination once."""
    wanted = names_in(operation) - variables.keys()
    if not wanted:
        return [{}]
    uses: dict[tuple[str, ...], Mapping[str, str]] = {}
    for values in captured:
        if wanted <= values.keys():
            uses.setdefault(tuple(values[name] for name in sorted(wanted)), values)
    return list(uses.values())
