"""Requests that were found, as tables of a preset: noise of the recording left out, secrets made variables."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import msgspec

from perftui.model.text import safe_text
from perftui.presets import grammar, texts
from perftui.presets.importing.found import Finding, FoundRequest
from perftui.presets.redaction import is_secret_field, is_secret_header
from perftui.presets.references import strings_of

_NOT_OURS = {
    "host", "content-length", "connection", "accept-encoding", "transfer-encoding", "te", "upgrade-insecure-requests",
    "priority", "dnt", "pragma", "user-agent", "if-none-match", "if-modified-since",
}  # fmt: skip
"""Headers that the client that was recorded made, its cache included, or that perftui makes itself."""
_OF_BROWSERS = {"Accept", "Accept-Language", "Cache-Control", "Cookie", "Origin", "Referer"}
"""Headers that do no harm to a request that had none."""
_MEMBER = re.compile(r'("([A-Za-z0-9_-]{1,100})"\s{0,20}:\s{0,20}")([^"\\]*)(?=")')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})")


class TableWriter:
    """Turns requests into tables, and secrets into variables."""

    def __init__(self, finding: Finding) -> None:
        self._target = dict(finding.target)
        self._is_journey = finding.is_journey

    def operation(self, request: FoundRequest) -> dict[str, Any]:
        """The table of one operation."""
        parts = urlsplit(request.url)
        path = parts.path or "/"
        table: dict[str, Any] = {"name": safe_text(request.name or f"{request.method} {_unescaped(path)}", 180)}
        if request.think_s >= 0.1:
            table["think"] = f"{min(request.think_s, 10.0):.1f}s"
        if request.method != "GET" or self._body(request):
            table["method"] = request.method
        segments = grammar.split(path)
        table["path"] = grammar.join(
            [segment.replace(" ", "%20") if isinstance(segment, str) else segment for segment in segments]
        )
        if parts.query:
            table |= self._query(parts.query)
        if headers := self._headers(request):
            table["headers"] = headers
        table |= self._body(request)
        if request.statuses:
            table["checks"] = [{"status": request.statuses if len(request.statuses) > 1 else request.statuses[0]}]
        if request.captures:
            table["captures"] = request.captures
        return table

    def target(self, steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Keys of [target]; headers that every request has move there, those of a browser if most have them."""
        shared = _shared([step.get("headers", {}) for step in steps])
        authorization = shared.get("Authorization", "")
        bearer = authorization.removeprefix("Bearer ")
        moved = dict(shared)
        if bearer != authorization and bearer.startswith("${env:") and "auth" not in self._target:
            self._target["auth"] = {"bearer": bearer}
            del moved["Authorization"]
        if moved:
            self._target["headers"] = {**self._target.get("headers", {}), **moved}
        for step in steps:
            own = {name: value for name, value in step.get("headers", {}).items() if shared.get(name) != value}
            if own:
                step["headers"] = own
            else:
                step.pop("headers", None)
        return self._target

    def _query(self, query: str) -> dict[str, Any]:
        pairs = parse_qsl(query, keep_blank_values=True)
        names = [name for name, _ in pairs]
        found: dict[str, Any] = {}
        for name, value in pairs:
            shown = self._secret(name, value, is_secret=is_secret_field(name))
            if names.count(name) > 1:
                found.setdefault(name, []).append(shown)
            else:
                found[name] = int(shown) if _NUMBER.fullmatch(shown) else shown
        return {"query": found} if found else {}

    def _headers(self, request: FoundRequest) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in request.headers:
            if name.startswith(":") or name.lower() in _NOT_OURS or name.lower().startswith(("sec-", "x-forwarded")):
                continue
            if not value or texts.header_name_problem(name) or texts.header_value_problem(value):
                continue
            if name.lower() == "content-type" and (request.parts or request.fields or _is_json(request)):
                continue
            canonical = "-".join(part[:1].upper() + part[1:] for part in name.split("-"))
            if canonical == "Authorization":
                found[canonical] = self._authorization(value)
            else:
                found[canonical] = self._secret(name, value, is_secret=is_secret_header(name))
        return found

    def _authorization(self, value: str) -> str:
        scheme, space, rest = value.partition(" ")
        variable = {"bearer": "API_TOKEN", "basic": "BASIC_AUTH"}.get(scheme.lower(), "AUTHORIZATION")
        if not space:
            return self._secret(variable, value, is_secret=True)
        return f"{scheme} {self._secret(variable, rest, is_secret=True)}"

    def _body(self, request: FoundRequest) -> dict[str, Any]:
        if request.body_file:
            return {"body_file": request.body_file}
        if request.parts:
            return {"multipart": request.parts}
        if request.fields:
            return {
                "form": {
                    name: self._secret(name, value, is_secret=is_secret_field(name)) for name, value in request.fields
                }
            }
        if not request.body:
            return {}
        document = _document(request.body) if _is_json(request) else None
        return {"body": self._hide_members(request.body)} if document is None else {"json": self._hide(document)}

    def _hide(self, value: Any, name: str = "") -> Any:  # noqa: ANN401 - whatever JSON holds
        match value:
            case dict():
                return {key: self._hide(inner, key) for key, inner in value.items()}
            case list():
                return [self._hide(inner) for inner in value]
            case str():
                return self._secret(name, value, is_secret=bool(name) and is_secret_field(name) and name not in _OPEN)
            case _:
                return value

    def _hide_members(self, body: str) -> str:
        """A body that is kept as text, without the secrets of its JSON members."""
        return _MEMBER.sub(
            lambda match: (
                match[1]
                + self._secret(match[2], match[3], is_secret=is_secret_field(match[2]) and match[2] not in _OPEN)
            ),
            body,
        )

    def _secret(self, name: str, value: str, *, is_secret: bool) -> str:
        """The value, or the environment variable that holds it from now on."""
        if not is_secret or not value or "${" in value:
            return value
        variable = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "SECRET"
        variable = f"V_{variable}" if variable[0].isdecimal() else variable
        return f"${{env:{variable}}}"


def _shared(headers: Sequence[dict[str, str]]) -> dict[str, str]:
    """The headers that may be sent with every request."""
    pairs = Counter(pair for one in headers for pair in one.items() if pair[0] != "Content-Type")
    found: dict[str, str] = {}
    for (name, value), count in pairs.most_common():
        if count == len(headers) or (name in _OF_BROWSERS and count > len(headers) / 2):
            found.setdefault(name, value)
    return found


_OPEN = {"key", "code", "state", "sig"}
"""Names that are telling in a query, and harmless in a document."""


def _is_json(request: FoundRequest) -> bool:
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return "json" in kind.lower() and _document(request.body) is not None


def _document(body: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The body as a document that TOML can hold, or None: TOML has no null."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if _holds_null(document) else document


def _holds_null(value: object) -> bool:
    match value:
        case None:
            return True
        case dict():
            return any(map(_holds_null, value.values()))
        case list():
            return any(map(_holds_null, value))
        case int():
            return abs(value) >= 2**63
        case _:
            return False


def _unescaped(text: str) -> str:
    return unquote_plus(text) if "${" not in text else text.replace("${", "{")


def placeholders_in(value: object) -> Iterator[grammar.Placeholder]:
    """Every placeholder in a request or a table; texts that are none of a preset, such as names of files, have none."""
    for text in strings_of(value):
        with contextlib.suppress(ValueError):
            yield from grammar.placeholders(text)
