"""Tokens: fetched before the start by client credentials or a log-in request, and again when they run out."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from perftui.model.errors import UnreachableError
from perftui.model.plan import Login, OAuth2, Plan
from perftui.model.text import safe_text
from perftui.presets import grammar
from perftui.presets.placeholders import Template
from perftui.presets.redaction import Redactor
from perftui.presets.secrets import typed_secrets

if TYPE_CHECKING:
    import httpx

    from perftui.engine.clients.http.answer import Answer

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
    addresses: Sequence[tuple[str, int]] = (),
    variables: Mapping[str, str] | None = None,
    *,
    secrets: Sequence[str] = (),
) -> Token:
    """Fetch the token of a plan with oauth2 or login; for any other plan, an empty one.

    Args:
        plan: with secrets resolved.
        addresses: of the target, as resolved before the start.
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


async def _fetch(plan: Plan, addresses: Sequence[tuple[str, int]], variables: Mapping[str, str]) -> Token:
    auth = plan.target.auth
    if auth is not None and auth.oauth2 is not None:
        return await _client_credentials(plan, auth.oauth2)
    if auth is not None and auth.login is not None:
        return await _log_in(plan, auth.login, addresses, variables)
    return Token()


async def _client_credentials(plan: Plan, settings: OAuth2) -> Token:
    from perftui.engine.clients.http import single as sending
    from perftui.engine.clients.http.secure import client_context

    url = grammar.literal(settings.token_url)
    elsewhere = replace(plan, target=replace(plan.target, unix_socket=""))
    context: ssl.SSLContext | None = client_context(plan.target.tls) if url.startswith("https:") else None
    async with sending.open_client(elsewhere, context) as client:
        try:
            answer = await sending.exchange(
                client, _token_request(client, url, settings, in_body=False), plan.target.timeout_s
            )
            if answer.status in {400, 401}:
                # Servers must take the pair by basic authentication, but some take it in the body only.
                request = _token_request(client, url, settings, in_body=True)
                answer = await sending.exchange(client, request, plan.target.timeout_s)
        except sending.ExchangeError as error:
            raise UnreachableError(f"target.auth.oauth2: {safe_text(url)}: {'; '.join(error.problems)}") from error
    return _token_of(answer, url)


def _token_request(client: httpx.AsyncClient, url: str, settings: OAuth2, *, in_body: bool) -> httpx.Request:
    name, secret = grammar.literal(settings.client_id), grammar.literal(settings.client_secret)
    form = {"grant_type": "client_credentials"}
    if settings.scope:
        form["scope"] = grammar.literal(settings.scope)
    headers = {"Accept": "application/json"}
    if in_body:
        form |= {"client_id": name, "client_secret": secret}
        return client.build_request("POST", url, data=form, headers=headers)
    import httpx

    request = client.build_request("POST", url, data=form, headers=headers)
    flow = httpx.BasicAuth(quote_plus(name), quote_plus(secret)).sync_auth_flow(request)
    return next(flow)


def _token_of(answer: Answer, url: str) -> Token:
    try:
        document = answer.document()
    except ValueError:
        document = None
    token = document.get("access_token") if isinstance(document, dict) else None
    if answer.status != 200 or not isinstance(token, str) or not token or any(c in token for c in "\r\n\0"):
        said = document.get("error_description") or document.get("error") if isinstance(document, dict) else ""
        detail = f": {safe_text(str(said), 120)}" if said else ""
        raise UnreachableError(
            f"target.auth.oauth2: {safe_text(url)} gave no token, but status {answer.status}{detail}"
        )
    header = f"Bearer {grammar.escape(token)}"
    return Token(headers={"Authorization": header}, secrets=(token,), renew_after_s=_renewal(document))


async def _log_in(
    plan: Plan, login: Login, addresses: Sequence[tuple[str, int]], variables: Mapping[str, str]
) -> Token:
    from perftui.engine.around.steps import Steps
    from perftui.engine.clients.http.single import ExchangeError

    try:
        async with Steps(plan, addresses, variables) as steps:
            step = await steps.take(login.request)
    except ExchangeError as error:
        raise UnreachableError(f"target.auth.login: {'; '.join(error.problems)}") from error
    if step.problem:
        raise UnreachableError(f"target.auth.login: {step.problem}")
    values = {**variables, **step.captures}
    try:
        value = Template.compile(login.value, quoting="header").render(steps.values, values)
    except (KeyError, ValueError) as error:
        raise UnreachableError(f"target.auth.login.value: {safe_text(str(error))}") from error
    try:
        document = step.answer.document() if step.answer else None
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
