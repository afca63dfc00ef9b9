"""Secrets blanked out of everything that is stored or shown: by the name they go under, and by their value."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

from msgspec.structs import replace

from perftui.model.plan import Auth, Headers, Operation, Plan, Target
from perftui.presets.rewriting import rewrite_operations

REDACTED = "REDACTED"
SHORTEST = 6
"""Shorter values are not searched for: they would rewrite innocent text."""
_HEADER = re.compile(
    r"^(authorization|proxy-authorization|cookie|set-cookie)$|token|secret|password|session|api[-_]?key", re.IGNORECASE
)
_FIELD = re.compile(
    r"^(awsaccesskeyid|signature|sig|x-goog-signature|x-amz-signature|key|code|state)$"
    r"|token(?!_type)|secret|password|passwd|session|api[-_]?key|credential",
    re.IGNORECASE,
)
_MEMBER_NAME = re.compile(
    r"token(?!_type)|secret|password|passwd|session|api[-_]?key|credential|authorization|cookie", re.IGNORECASE
)
_MEMBER = re.compile(r'("([^"\\]{1,200})"\s{0,20}:\s{0,20}")((?:[^"\\]|\\.)*)')
_PARAMETER = re.compile(r"(^|[?&;])([^=&;?#/\s]{1,200})=([^&#\s\"'<>]*)")
_USER = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30}://)[^/?#\s@\"']{1,2000}@")


class Redactor:
    """Blanks out secrets: values it was given in every form they are sent in, and what stands under a telling name."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._values = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text without secrets, passwords of URLs and values under telling names in queries, forms and JSON."""
        if self._values is not None:
            text = self._values.sub(REDACTED, text)
        if "://" in text:
            text = _USER.sub(rf"\1{REDACTED}:{REDACTED}@", text)
        if '"' in text:
            text = _MEMBER.sub(_blank_member, text)
        return _PARAMETER.sub(_blank_parameter, text) if "=" in text else text

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Headers without secrets; the names are kept."""
        return tuple(
            (self.text(name), REDACTED if is_secret_header(name) else self.text(value)) for name, value in pairs
        )

    def url(self, url: str) -> str:
        """The URL without user, password and secret parameters; the parameters' names are kept."""
        return self.text(url)


def is_secret_header(name: str) -> bool:
    """Whether a header of this name is never shown."""
    return bool(_HEADER.search(name))


def is_secret_field(name: str) -> bool:
    """Whether a form field, JSON member or query parameter of this name is never shown."""
    return bool(_FIELD.search(name))


def redact_plan(plan: Plan) -> Plan:
    """The plan as it may be saved: secrets typed into the preset become REDACTED, placeholders stay."""
    targets = {name: _redact_target(target) for name, target in plan.targets.items()}
    return rewrite_operations(replace(plan, target=_redact_target(plan.target), targets=targets), _redact_operation)


def _redact_target(target: Target) -> Target:
    return replace(
        target,
        url=_redact_url(target.url),
        proxy=_redact_url(target.proxy),
        headers=_redact_headers(target.headers),
        auth=_redact_auth(target.auth) if target.auth else None,
    )


def _forms(secret: str) -> set[str]:
    data = secret.encode("utf-8", "surrogatepass")
    encoded = base64.b64encode(data).decode()
    forms = {
        secret, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"), encoded,
        encoded.rstrip("="), base64.urlsafe_b64encode(data).decode().rstrip("="),
        json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1],
    }  # fmt: skip
    return {form for form in forms if len(form) >= SHORTEST}


def _blank_parameter(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}={REDACTED}" if match[3] and is_secret_field(match[2]) else match[0]


def _blank_member(match: re.Match[str]) -> str:
    return f"{match[1]}{REDACTED}" if match[3] and _MEMBER_NAME.search(match[2]) else match[0]


def _blank(text: str) -> str:
    """A secret's text: placeholders say nothing and stay."""
    return text if not text or "${" in text else REDACTED


def _redact_auth(auth: Auth) -> Auth:
    changes: dict[str, Any] = {"bearer": _blank(auth.bearer)}
    for name in ("basic", "digest", "header", "query"):
        if pair := getattr(auth, name):
            changes[name] = (pair[0], _blank(pair[1]))
    if auth.oauth2:
        changes["oauth2"] = replace(auth.oauth2, client_secret=_blank(auth.oauth2.client_secret))
    if auth.login:
        changes["login"] = replace(
            auth.login,
            value=_redact_value(auth.login.header, auth.login.value),
        )
    return replace(auth, **changes)


def _redact_value(header: str, value: str) -> str:
    return _blank(value) if is_secret_header(header) else value


def _redact_headers(headers: Headers) -> Headers:
    return {
        name: _redact_value(name, value) if isinstance(value, str) else [_redact_value(name, one) for one in value]
        for name, value in headers.items()
    }


def _redact_url(url: str) -> str:
    if "@" not in url:
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if _blank(user.partition(":")[2] or user) != REDACTED:
        return url  # placeholders say nothing
    return urlunsplit(parts._replace(netloc=f"{REDACTED}:{REDACTED}@{host}"))


def _redact_operation(operation: Operation) -> Operation:
    path, mark, query = operation.path.partition("?")
    return replace(
        operation,
        path=path + mark + "&".join(map(_redact_parameter, query.split("&"))) if mark else path,
        query={name: _redact_member(name, value) for name, value in operation.query.items()},
        headers=_redact_headers(operation.headers),
        json=_redact_document(operation.json),
        form={name: _redact_member(name, value) for name, value in operation.form.items()},
        multipart=tuple(replace(part, value=_redact_member(part.name, part.value)) for part in operation.multipart),
        request={name: _redact_member(name, value) for name, value in operation.request.items()},
    )


def _redact_parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    return f"{name}{equals}{_redact_member(name, value)}"


def _redact_member(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if is_secret_field(name) and isinstance(value, str):
        return _blank(value)
    return _redact_document(value)


def _redact_document(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    match value:
        case dict():
            return {name: _redact_member(name, inner) for name, inner in value.items()}
        case list():
            return [_redact_document(inner) for inner in value]
        case _:
            return value
