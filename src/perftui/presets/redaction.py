"""Secrets blanked out of everything that is stored or shown: by the name they go under, and by their value."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit, urlunsplit

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

    def __init__(self, secrets: Sequence[str] = (), headers: Sequence[str] = ()) -> None:
        """Know what is secret.

        Args:
            secrets: values.
            headers: names of headers that are never shown, whatever they are called.
        """
        self._headers = frozenset(name.lower() for name in headers)
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
            (
                self.text(name),
                REDACTED if is_secret_header(name) or name.lower() in self._headers else self.text(value),
            )
            for name, value in pairs
        )

    def url(self, url: str) -> str:
        """The URL without user, password and secret parameters; the parameters' names are kept."""
        return self.text(url)


def is_secret_header(name: str) -> bool:
    """Whether a header of this name is never shown."""
    return bool(_HEADER.search(name))


def is_secret_member(name: str) -> bool:
    """The same, by names that mean nothing else: what stands under them is secret elsewhere, too."""
    return bool(_MEMBER_NAME.search(name))


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
        metrics_url=_redact_url(target.metrics_url),
        headers=_redact_headers(target.headers, target.secret_headers),
        auth=_redact_auth(target.auth) if target.auth else None,
    )


def with_shown_names(plan: Plan) -> Plan:
    """The plan with names, titles and descriptions that hold no secret: results are stored and shown under them."""
    text = Redactor(typed_values(plan)).text
    names: dict[str, str] = {}
    taken = {operation.name for operation in plan.counted_operations}

    def shown(name: str) -> str:
        if name not in names:
            hidden, number = text(name), 1
            while hidden != name and hidden in taken:  # results of two operations are kept apart
                number += 1
                hidden = f"{text(name)} {number}"
            taken.add(hidden)
            names[name] = hidden
        return names[name]

    plan = rewrite_operations(plan, lambda operation: replace(operation, name=shown(operation.name)))
    return replace(
        plan,
        title=text(plan.title),
        description=text(plan.description),
        journeys=tuple(replace(journey, name=shown(journey.name)) for journey in plan.journeys),
        objectives=tuple(
            replace(objective, operation=shown(objective.operation) if objective.operation else "")
            for objective in plan.objectives
        ),
    )


def typed_values(plan: Plan) -> list[str]:
    """Values under telling names that are typed into the plan, as they stand there; those with placeholders not."""
    found: list[str] = []

    def note(operation: Operation) -> Operation:
        found.extend(value for name, value in _lines(operation.headers) if is_secret_header(name))
        found.extend(unquote(match[3]) for match in _PARAMETER.finditer(operation.path) if is_secret_member(match[2]))
        parts = {part.name: part.value for part in operation.multipart}
        for document in (operation.query, operation.form, parts, operation.json, operation.request):
            found.extend(_values_of(document))
        return operation

    rewrite_operations(plan, note)
    for target in (plan.target, *plan.targets.values()):
        secret = {name.lower() for name in target.secret_headers}
        found += [value for name, value in _lines(target.headers) if is_secret_header(name) or name.lower() in secret]
        for url in (target.url, target.proxy):
            found += [unquote(password)] if (password := _password(url)) else []
            found.extend(unquote(match[3]) for match in _PARAMETER.finditer(url) if is_secret_member(match[2]))
    return found


def _lines(headers: Headers) -> Iterator[tuple[str, str]]:
    """Every header line: a name may have several."""
    for name, value in headers.items():
        for line in [value] if isinstance(value, str) else value:
            yield name, line


def _values_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and is_secret_member(name):
                yield inner
            else:
                yield from _values_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values_of(inner)


def _password(url: str) -> str:
    authority = url.partition("://")[2].partition("/")[0]
    return authority.rpartition("@")[0].partition(":")[2]


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


def _redact_headers(headers: Headers, secret: Sequence[str] = ()) -> Headers:
    hidden = {name.lower() for name in secret}

    def redacted(name: str, value: str) -> str:
        return REDACTED if name.lower() in hidden else _redact_value(name, value)

    return {
        name: redacted(name, value) if isinstance(value, str) else [redacted(name, one) for one in value]
        for name, value in headers.items()
    }


def _redact_url(url: str) -> str:
    """Without a password, wherever it stands: before the host, or among the options of a database."""
    if "?" in url:
        before, _, query = url.partition("?")
        url = f"{before}?{'&'.join(map(_redact_parameter, query.split('&')))}"
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
        body=_redact_text(operation.body),
        form={name: _redact_member(name, value) for name, value in operation.form.items()},
        multipart=tuple(replace(part, value=_redact_member(part.name, part.value)) for part in operation.multipart),
        request={name: _redact_member(name, value) for name, value in operation.request.items()},
    )


def _redact_text(body: str) -> str:
    """A body that was typed: what stands under telling names in it. One with placeholders stays, it says nothing."""
    return body if "${" in body else Redactor().text(body)


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
