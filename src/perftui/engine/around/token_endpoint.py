"""Client credentials: a token of an OAuth2 token end point, which is no target and may be anywhere. Asked by httpx."""

from __future__ import annotations

from urllib.parse import quote_plus

import anyio
import httpx
import msgspec

from perftui.engine.clients.guarded_http import GuardedTransport
from perftui.engine.clients.http.request import USER_AGENT
from perftui.engine.clients.tls import client_context
from perftui.model.errors import UnreachableError
from perftui.model.plan import OAuth2, Target
from perftui.model.text import safe_text
from perftui.presets import grammar

_MOST_BODY_BYTES = 1024 * 1024


async def ask_for_token(target: Target, settings: OAuth2) -> dict[str, object]:
    """The document that holds `access_token`.

    Args:
        target: whose certificates, proxy and timeout are used.
        settings: with secrets resolved.

    Raises:
        UnreachableError: no token came; says what did.
    """
    url = grammar.literal(settings.token_url)
    context = client_context(target.tls) if url.startswith("https:") else True
    async with httpx.AsyncClient(
        transport=GuardedTransport(context), verify=context, proxy=target.proxy or None, trust_env=False, timeout=None,  # noqa: S113 - _exchange has the deadline
        headers={"User-Agent": USER_AGENT},
    ) as client:  # fmt: skip
        try:
            status, body = await _exchange(client, url, settings, target.timeout_s, in_body=False)
            if status in {400, 401}:
                # Servers must take the pair by basic authentication, but some take it in the body only.
                status, body = await _exchange(client, url, settings, target.timeout_s, in_body=True)
        except (httpx.HTTPError, OSError) as error:
            raise UnreachableError(f"target.auth.oauth2: {safe_text(url)}: {_words(error)}") from error
        except TimeoutError as error:
            raise UnreachableError(
                f"target.auth.oauth2: {safe_text(url)}: no answer within {target.timeout_s:g} s"
            ) from error
    return _document(url, status, body)


async def _exchange(
    client: httpx.AsyncClient, url: str, settings: OAuth2, timeout_s: float, *, in_body: bool
) -> tuple[int, bytes]:
    name, secret = grammar.literal(settings.client_id), grammar.literal(settings.client_secret)
    form = {"grant_type": "client_credentials"}
    if settings.scope:
        form["scope"] = grammar.literal(settings.scope)
    if in_body:
        form |= {"client_id": name, "client_secret": secret}
    auth = None if in_body else httpx.BasicAuth(quote_plus(name), quote_plus(secret))
    with anyio.fail_after(timeout_s):
        async with client.stream("POST", url, data=form, auth=auth, headers={"Accept": "application/json"}) as response:
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > _MOST_BODY_BYTES:
                    raise UnreachableError(f"target.auth.oauth2: {safe_text(url)}: the answer is larger than 1 MiB")
            return response.status_code, bytes(body)


def _document(url: str, status: int, body: bytes) -> dict[str, object]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        found = None
    document: dict[str, object] = found if isinstance(found, dict) else {}
    token = document.get("access_token")
    if status != 200 or not isinstance(token, str) or not token or any(c in token for c in "\r\n\0"):
        said = document.get("error_description") or document.get("error") or ""
        detail = f": {safe_text(str(said), 120)}" if said else ""
        raise UnreachableError(f"target.auth.oauth2: {safe_text(url)} gave no token, but status {status}{detail}")
    return document


def _words(error: Exception) -> str:
    text = safe_text(str(error)) or type(error).__name__
    match error:
        case httpx.ConnectError():
            return f"no connection: {text}"
        case httpx.RemoteProtocolError():
            return f"the answer is no HTTP/1.1: {text}"
        case httpx.NetworkError():
            return f"the connection broke: {text}"
        case _:
            return text
