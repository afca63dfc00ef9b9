"""Requests that were found, as tables of a preset: the same bytes, as readable as can be, secrets made variables."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus

from perftui.model.text import safe_text
from perftui.presets import grammar, texts
from perftui.presets.importing.exact import document_of, json_of, pairs_of, query_value, sendable
from perftui.presets.importing.found import Finding, FoundRequest, split_url
from perftui.presets.importing.headers import HeaderReader, move_shared
from perftui.presets.redaction import is_secret_field
from perftui.presets.references import strings_of

_MEMBER = re.compile(r'("([A-Za-z0-9_-]{1,100})"\s{0,20}:\s{0,20}")((?:[^"\\]|\\.)*)(?=")')
_INNER = re.compile(r'(?<![\w-])(([A-Za-z_][\w-]{0,100})(?:\\?")?\s{0,20}:\s{0,20}\\?")([^"\\]+)(?=\\?")')
"""Members of JSON in a text, and arguments of GraphQL."""
_ELEMENT = re.compile(r"(<([A-Za-z_][\w.-]{0,100})>)([^<>]+)(?=</\2>)")
_RARE = re.compile(r'["<>`{}]')
_LONGEST_WAIT_S = 3600.0
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_OPEN = {"key", "code", "state", "sig"}
"""Names that are telling in a query, and harmless in a document."""


class TableWriter:
    """Turns requests into tables, and secrets into variables."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding
        self._headers = HeaderReader(finding)

    def operation(self, request: FoundRequest, target: str = "") -> dict[str, Any]:
        """The table of one operation, to the target of that name."""
        _, host, path, query = split_url(request.url)
        path = path or "/"
        method = request.method.upper()
        if method != request.method:
            self._finding.notes.append(f"the method {request.method} is sent as {method}")
        table: dict[str, Any] = {"name": safe_text(request.name or f"{method} {_unescaped(path)}", 180)}
        if target:
            table["target"] = target
        if request.stage == "load":
            self._wait(request, table)
        body = self._body(request)
        if method != "GET" or body:
            table["method"] = method
        table |= self._address(path, query)
        own_type = {"form": _FORM, "json": _JSON, "multipart": "multipart/form-data"}.get(next(iter(body), ""), "")
        if headers := self._headers.kept(request, host, own_type):
            table["headers"] = headers
        table |= body
        if "body_file" in body and not any(name.lower() == "content-type" for name, _ in request.headers):
            self._finding.notes.append("a body from a file is sent as application/octet-stream when no type is said")
        statuses = request.statuses
        if checks := [
            *([{"status": statuses[0] if len(statuses) == 1 else statuses}] if statuses else []),
            *request.checks,
        ]:
            table["checks"] = checks
        if request.captures:
            table["captures"] = request.captures
        return table

    @staticmethod
    def shared(steps: Sequence[dict[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Keys of a target for what every request to it has in its headers; that is taken out of them.

        Args:
            steps: all requests to one target.
            settings: of the target; its own auth stays.
        """
        moved = move_shared(steps)
        name = next((name for name in moved if name.lower() == "authorization"), "")
        bearer = moved.get(name, "").removeprefix("Bearer ")
        found: dict[str, Any] = {}
        is_own = not any("target" in step for step in steps)  # others have no auth
        if is_own and bearer != moved.get(name) and bearer.startswith("${env:") and "auth" not in settings:
            found["auth"] = {"bearer": bearer}
            del moved[name]
        return {**found, **({"headers": moved} if moved else {})}

    @staticmethod
    def _wait(request: FoundRequest, table: dict[str, Any]) -> None:
        low, high = (min(wait, _LONGEST_WAIT_S) for wait in (request.think_s, request.think_until_s))
        if high > low:
            table["think"] = [f"{low:.2f}s", f"{high:.2f}s"]
        elif low >= 0.1:
            table["think"] = f"{low:.1f}s"

    def _address(self, path: str, query: str | None) -> dict[str, Any]:
        """Path and query: the query as a table where that gives the same bytes."""
        if query is None:
            return {"path": self._sendable(path)}
        if query and (pairs := pairs_of(query, may_repeat=True, with_placeholders=True)):
            table: dict[str, Any] = {}
            names = [name for name, _ in pairs]
            for name, value in pairs:
                shown = self._secret(name, value, is_secret=is_secret_field(name))
                if names.count(name) > 1:
                    table.setdefault(name, []).append(shown)
                else:
                    table[name] = query_value(shown)
            return {"path": self._sendable(path), "query": table}
        hidden = "&".join(self._hide_pair(pair) for pair in query.split("&"))
        return {"path": self._sendable(f"{path}?{hidden}")}

    def _sendable(self, text: str) -> str:
        """A part of a URL as it may be sent: what is encoded though curl would not do it is told."""
        segments = grammar.split(text)
        made = grammar.join([sendable(one) if isinstance(one, str) else one for one in segments])
        if texts.path_problem("".join(sendable(one) if isinstance(one, str) else "1" for one in segments)):
            # A dollar sign that looks like a variable of another tool.
            plain = [sendable(one).replace("$", "%24") if isinstance(one, str) else one for one in segments]
            made = grammar.join(plain)
            self._finding.notes.append("a dollar sign in a URL is sent percent-encoded")
        if _RARE.search("".join(one for one in segments if isinstance(one, str))):
            self._finding.notes.append("characters that no URL may hold are sent percent-encoded")
        return made

    def _hide_pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        plain = unquote_plus(name)
        if not equals or not is_secret_field(plain) or "${" in value:
            return pair
        return f"{name}={self._secret(plain, unquote(value), is_secret=True)}"

    def _body(self, request: FoundRequest) -> dict[str, Any]:
        if request.body_file:
            return {"body_file": request.body_file}
        if request.parts:
            return {"multipart": [self._hide_part(part) for part in request.parts]}
        if request.fields:
            form = {name: self._secret(name, value, is_secret=is_secret_field(name)) for name, value in request.fields}
            return {"form": form}
        if request.document is not None:
            return {"json": self._hide(request.document)}
        if not request.body:
            return {}
        return self._body_of_bytes(request)

    def _body_of_bytes(self, request: FoundRequest) -> dict[str, Any]:
        kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        if kind == _FORM and (pairs := pairs_of(request.body, may_repeat=False, with_placeholders=False)):
            return {"form": {name: self._secret(name, value, is_secret=is_secret_field(name)) for name, value in pairs}}
        if kind.partition(";")[0] == _FORM:
            return {"body": self._hide_text("&".join(self._hide_pair(pair) for pair in request.body.split("&")))}
        if kind == _JSON and (document := document_of(request.body)) is not None:
            return {"json": self._hide(document)}
        if "\\" in "".join(match[3] for match in _MEMBER.finditer(request.body) if self._is_hidden(match)):
            # A secret with escapes cannot be put back into text; a document escapes it again.
            document = json_of(request.body)
            if document is not None:
                self._finding.notes.append("JSON with a secret that has escapes is written without its spaces")
                return {"json": self._hide(document)}
        return {"body": self._hide_text(request.body)}

    def _hide_text(self, text: str) -> str:
        """A text without the secrets that stand in it under a telling name."""
        for pattern in (_MEMBER, _INNER, _ELEMENT):
            text = pattern.sub(self._hide_member, text)
        return text

    def _is_hidden(self, match: re.Match[str]) -> bool:
        return is_secret_field(match[2]) and match[2] not in _OPEN

    def _hide_member(self, match: re.Match[str]) -> str:
        return match[1] + self._secret(match[2], match[3], is_secret=self._is_hidden(match))

    def _hide_part(self, part: dict[str, Any]) -> dict[str, Any]:
        if "value" not in part:
            return part
        name = part["name"]
        return part | {"value": self._secret(name, part["value"], is_secret=is_secret_field(name))}

    def _hide(self, value: Any, name: str = "") -> Any:  # noqa: ANN401 - whatever JSON holds
        match value:
            case dict():
                return {key: self._hide(inner, key) for key, inner in value.items()}
            case list():
                return [self._hide(inner) for inner in value]
            case str() if name and is_secret_field(name) and name not in _OPEN:
                return self._secret(name, value, is_secret=True)
            case str():
                return self._hide_text(value)
            case _:
                return value

    def _secret(self, name: str, value: str, *, is_secret: bool) -> str:
        """The value, or the environment variable that holds it from now on."""
        return value if not is_secret or not value or "${" in value else self._finding.secret(name, value)


def _unescaped(text: str) -> str:
    return unquote(text) if "${" not in text else text.replace("${", "{")


def placeholders_in(value: object) -> Iterator[grammar.Placeholder]:
    """Every placeholder in a request or a table; texts that are none of a preset, such as names of files, have none."""
    for text in strings_of(value):
        with contextlib.suppress(ValueError):
            yield from grammar.placeholders(text)
