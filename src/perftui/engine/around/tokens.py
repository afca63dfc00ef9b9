"""Tokens: fetched before the start by client credentials or a log-in request, and again when they run out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from perftui.engine.clients.client import Addresses
from perftui.model.errors import UnreachableError
from perftui.model.plan import Login, OAuth2, Plan
from perftui.model.text import safe_text
from perftui.presets import grammar
from perftui.presets.placeholders import Template
from perftui.presets.redaction import Redactor
from perftui.presets.secrets import typed_secrets

RENEW_AT = 0.8
"""Share of a token's life after which a new one is fetched."""
SHORTEST_LIFE_S = 5.0


class Token(Struct, frozen=True, kw_only=True):
    """What identifies requests, and for how long."""

    headers: dict[str, str] = {}
    variables: dict[str, str] = {}
    """Captured by the log-in request."""
    secrets: tuple[str, ...] = ()
    """Values to blank out of everything that is stored or shown."""
    renew_after_s: float | None = None
    """Seconds until a new one is due; None: never."""


def needs_token(plan: Plan) -> bool:
    """Whether something must be fetched before requests can identify themselves."""
    auth = plan.target.auth
    return auth is not None and (auth.oauth2 is not None or auth.login is not None)


async def fetch_token(
    plan: Plan,
    addresses: Mapping[str, Addresses] | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    secrets: Sequence[str] = (),
) -> Token:
    """Fetch the token of a plan with oauth2 or login; for any other plan, an empty one.

    Args:
        plan: with secrets resolved.
        addresses: of the targets by name, as found before the start; looked up where missing.
        variables: captured by set-up requests.
        secrets: values to blank out of what is told.

    Raises:
        UnreachableError: no token came; says what did.
    """
    try:
        return await _fetch(plan, addresses, variables or {})
    except UnreachableError as error:
        scrub = Redactor([*secrets, *typed_secrets(plan)]).text
        raise UnreachableError(*map(scrub, error.problems)) from None  # the cause would tell what is blanked out


async def _fetch(plan: Plan, addresses: Mapping[str, Addresses] | None, variables: Mapping[str, str]) -> Token:
    auth = plan.target.auth
    if auth is not None and auth.oauth2 is not None:
        return await _client_credentials(plan, auth.oauth2)
    if auth is not None and auth.login is not None:
        return await _log_in(plan, auth.login, addresses, variables)
    return Token()


async def _client_credentials(plan: Plan, settings: OAuth2) -> Token:
    from perftui.engine.around.token_endpoint import ask_for_token

    document = await ask_for_token(plan.target, settings)
    token = str(document["access_token"])
    header = f"Bearer {grammar.escape(token)}"
    return Token(headers={"Authorization": header}, secrets=(token,), renew_after_s=_renewal(document))


async def _log_in(
    plan: Plan, login: Login, addresses: Mapping[str, Addresses] | None, variables: Mapping[str, str]
) -> Token:
    from perftui.engine.around.steps import Steps

    async with Steps(plan, addresses, variables) as steps:
        step = await steps.take(login.request)
    if step.problem:
        raise UnreachableError(f"target.auth.login: {step.problem}")
    values = {**variables, **step.captures}
    try:
        value = Template.compile(login.value, quoting="header").render(steps.values, values)
    except (KeyError, ValueError) as error:
        raise UnreachableError(f"target.auth.login.value: {safe_text(str(error))}") from error
    try:
        document = step.response.document() if step.response else None
    except ValueError:
        document = None
    return Token(
        headers={login.header: grammar.escape(value)},
        variables=step.captures,
        secrets=tuple(step.captures.values()),
        renew_after_s=_renewal(document),
    )


def _renewal(document: object) -> float | None:
    """When a token is to be renewed: `expires_in` as OAuth2 has it, in seconds."""
    lifetime = document.get("expires_in") if isinstance(document, dict) else None
    if isinstance(lifetime, str):
        try:
            lifetime = msgspec.json.decode(lifetime)
        except msgspec.DecodeError:
            return None
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or lifetime <= 0:
        return None
    return max(SHORTEST_LIFE_S, float(lifetime) * RENEW_AT)
