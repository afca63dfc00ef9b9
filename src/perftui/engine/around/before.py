"""Before and after the load: log-in and set-up whose values feed it, clean-up of what it made. Never counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from perftui.engine.around.after import CleanupResult, run_after
from perftui.engine.around.tokens import Token, fetch_token, needs_token
from perftui.engine.clients.client import Addresses
from perftui.model.errors import PerftuiError, UnreachableError
from perftui.model.plan import Plan
from perftui.presets.redaction import Redactor
from perftui.presets.variables import names_in

if TYPE_CHECKING:
    from perftui.engine.around.steps import Steps


__all__ = ["CleanupResult", "SetupResult", "needs_setup", "run_after", "run_before"]


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
    notes: tuple[str, ...] = ()
    """What is worth knowing of it."""


def needs_setup(plan: Plan) -> bool:
    """Whether anything must be sent before the start."""
    return bool(plan.before) or needs_token(plan)


async def run_before(
    plan: Plan,
    addresses: Mapping[str, Addresses] | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    secrets: Sequence[str] = (),
) -> SetupResult:
    """Log in and send the set-up requests, in their order.

    The log-in comes first, or right after the set-up requests whose captured values it uses. When one fails, or
    the whole is interrupted, what the earlier ones made is cleaned up.

    Args:
        plan: with secrets resolved.
        addresses: of the targets by name, as found before the start; looked up where missing.
        variables: values that requests may use.
        secrets: values to blank out of what is told.

    Raises:
        UnreachableError: a request failed; nothing of the load was sent.
        UsageError: a certificate or data file cannot be used.
    """
    if not needs_setup(plan):
        return SetupResult(variables=dict(variables or {}))
    from perftui.engine.around.steps import Steps

    token: Token | None = None
    done = False
    async with Steps(plan, addresses, variables) as steps:
        try:
            for operation in plan.before:
                if token is None and _can_log_in(plan, steps.variables):
                    token = await _use_token(plan, addresses, steps, secrets)
                step = await steps.take(operation)
                if step.problem:
                    hidden = [*secrets, *(token.secrets if token else ())]
                    raise UnreachableError(Redactor(hidden).text(f"before: {step.problem}"))  # noqa: TRY301 - as a log-in that fails
                done = True
            if token is None:
                token = await _use_token(plan, addresses, steps, secrets)
        except BaseException as error:  # also when somebody ends it
            if not done:
                raise
            hidden = [*secrets, *(token.secrets if token else ())]
            headers = token.headers if token else None
            cleaned = await run_after(plan, steps.variables, (), addresses, headers, secrets=hidden)
            if isinstance(error, PerftuiError):
                raise type(error)(*error.problems, *(f"clean-up: {told}" for told in cleaned.problems)) from error
            raise
    hide = Redactor((*secrets, *token.secrets)).text
    return SetupResult(
        variables=steps.variables, headers=token.headers, renew_after_s=token.renew_after_s, secrets=token.secrets,
        sent=len(plan.before) + needs_token(plan), notes=tuple(hide(f"before: {note}") for note in steps.notes),
    )  # fmt: skip


def _can_log_in(plan: Plan, variables: Mapping[str, str]) -> bool:
    auth = plan.target.auth
    if auth is None or auth.login is None:
        return True
    return names_in(auth.login.request) <= variables.keys()


async def _use_token(
    plan: Plan, addresses: Mapping[str, Addresses] | None, steps: Steps, secrets: Sequence[str]
) -> Token:
    token = await fetch_token(plan, addresses, steps.variables, secrets=secrets)
    steps.variables |= token.variables
    steps.use_headers(token.headers)
    return token
