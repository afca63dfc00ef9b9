"""Postman collections, 2.0 and 2.1: folders, variables, auth, bodies, and what simple scripts say."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.importing.environments import variables_of
from perftui.presets.importing.found import Finding, FoundRequest
from perftui.presets.importing.http_values import HttpValues, UnknownValueError
from perftui.presets.importing.postman_scripts import Script
from perftui.presets.importing.whole_preset import preset_of

_MOST_DEPTH = 40
_LANGUAGES = {
    "json": "application/json", "xml": "application/xml", "html": "text/html", "javascript": "application/javascript",
    "text": "text/plain",
}  # fmt: skip
_PATH_VARIABLE = re.compile(r"(?<=/):([A-Za-z_][\w.-]*)(?=[/?]|$)")


def import_postman(text: str, name: str = "imported", variables: Mapping[str, str] | None = None) -> str:
    """The preset of a collection; requests that use what an earlier one's script keeps become a journey.

    Args:
        text: of the exported collection.
        name: of the preset.
        variables: of an environment; they are over those of the collection.

    Raises:
        UsageError: no collection of version 2, or no request in it can be used.
    """
    try:
        document = msgspec.json.decode(text.removeprefix("\ufeff"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"not a Postman collection: {safe_text(str(error), 120)}") from error
    document = document.get("collection", document) if isinstance(document, dict) else {}
    if not isinstance(document, dict) or not isinstance(document.get("item"), list):
        is_old = isinstance(document, dict) and isinstance(document.get("requests"), list)
        hint = "version 1; export it from Postman as Collection v2.1" if is_old else "no list `item`"
        raise UsageError(f"not a Postman collection of version 2: {hint}")
    finding = Finding(title=safe_text(str(_table(document.get("info")).get("name", "")), 100))
    values = HttpValues({**variables_of(document.get("variable")), **(variables or {})}, finding)
    _Collection(finding, values).read(document)
    return preset_of(finding, name, "a Postman collection")


class _Collection:
    """Walks the folders in their order."""

    def __init__(self, finding: Finding, values: HttpValues) -> None:
        self._finding = finding
        self._values = values

    def read(self, folder: dict[str, Any], path: tuple[str, ...] = (), auth: object = None) -> None:
        """Add the requests of a folder and of those in it."""
        auth = folder.get("auth") or auth
        told = " / ".join(path) or "the collection"
        for listen, _ in _scripts(folder):
            self._finding.omit(f"{listen} scripts of folders", told)
        if path and isinstance(folder.get("variable"), list):
            self._finding.omit("variables of folders", told)
        for item in map(_table, _list(folder.get("item"))):
            name = safe_text(str(item.get("name", "")), 100)
            if isinstance(item.get("item"), list):
                if len(path) < _MOST_DEPTH:
                    self.read(item, (*path, name), auth)
                else:
                    self._finding.omit(f"as folders are nested deeper than {_MOST_DEPTH}", name)
            elif "request" in item:
                self._add(item, " / ".join((*path, name)), auth)

    def _add(self, item: dict[str, Any], name: str, auth: object) -> None:
        given = item["request"]
        given = {"url": given, "method": "GET"} if isinstance(given, str) else _table(given)
        try:
            request = self._request(given, name)
            self._use_auth(request, given.get("auth") or auth)
        except UnknownValueError as error:
            self._finding.omit(f"as {error}", name)
            return
        for listen, text in _scripts(item):
            if listen == "test":
                self._use_tests(request, Script(text), name)
            else:
                self._finding.omit(f"{listen} scripts", name)
        self._finding.requests.append(request)

    def _request(self, given: dict[str, Any], name: str) -> FoundRequest:
        request = FoundRequest(
            name=safe_text(name, 150), method=str(given.get("method") or "GET"), url=self._url(given.get("url"))
        )
        headers = given.get("header")
        if isinstance(headers, str):
            pairs = [line.partition(":") for line in headers.splitlines() if line.strip()]
            request.headers = [(key.strip(), self._values.text(value.strip())) for key, _, value in pairs]
        else:
            request.headers = [(str(one.get("key", "")), self._text(one.get("value"))) for one in _enabled(headers)]
        body = _table(given.get("body"))
        if body and not body.get("disabled"):
            self._use_body(request, body)
        return request

    def _url(self, url: object) -> str:
        parts = _table(url)
        raw = url if isinstance(url, str) else str(parts.get("raw") or _raw(parts))
        given = {str(one.get("key", one.get("id"))): one.get("value") for one in _enabled(parts.get("variable"))}
        address, mark, query = raw.partition("#")[0].partition("?")
        start = address.find("/", address.find("://") + 3 if "://" in address else 0)
        if start >= 0:
            filled = _PATH_VARIABLE.sub(lambda found: self._filled(found, given), address[start:])
            address = address[:start] + filled
        return self._values.url(f"{address}{mark}{query}".strip())

    def _filled(self, found: re.Match[str], given: Mapping[str, object]) -> str:
        """The value of a path variable; a longer segment may begin with its name, such as `:id.json`."""
        segment = found[1]
        names = [name for name in given if segment == name or re.match(rf"{re.escape(name)}(?!\w)", segment)]
        name = max(names, key=len, default="")
        if not name or given[name] is None:
            self._finding.omit("path variables that have no value and are sent as they are", found[0])
            return found[0]
        return f"{given[name]}{segment.removeprefix(name)}"

    def _use_body(self, request: FoundRequest, body: dict[str, Any]) -> None:
        mode = body.get("mode")
        content = body.get(mode) if isinstance(mode, str) else None
        match mode:
            case "raw" if isinstance(content, str) and content:
                language = str(_table(_table(body.get("options")).get("raw")).get("language", ""))
                _say_type(request, _LANGUAGES.get(language, ""))
                request.body = self._values.text(content)
            case "urlencoded":
                pairs = [(self._text(one.get("key")), self._text(one.get("value"))) for one in _enabled(content)]
                _say_type(request, "application/x-www-form-urlencoded")
                if len({name for name, _ in pairs}) == len(pairs):
                    request.fields = pairs
                else:
                    request.body = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
            case "formdata":
                for one in _enabled(content):
                    self._add_part(request, one)
            case "file" if isinstance(source := _table(content).get("src"), str) and source:
                request.body_file = source
            case "graphql":
                document = _table(content)
                _say_type(request, "application/json")
                variables = document.get("variables")
                whole = {"query": document.get("query", ""), "variables": _json(variables)}
                request.body = self._values.text(msgspec.json.encode(whole).decode())
            case None | "raw" | "none":
                pass
            case _:
                self._finding.omit(f"a body of the kind {mode}", request.name)

    def _add_part(self, request: FoundRequest, one: dict[str, Any]) -> None:
        name, kind = self._text(one.get("key")), one.get("contentType")
        typed = {"content_type": kind} if isinstance(kind, str) and kind else {}
        if one.get("type") != "file":
            request.parts.append({"name": name, "value": self._text(one.get("value")), **typed})
            return
        sources = [source for source in _list(one.get("src")) or [one.get("src")] if isinstance(source, str) and source]
        for source in sources:
            guessed = mimetypes.guess_type(PurePath(source).name, strict=False)[0] or "application/octet-stream"
            request.parts.append({"name": name, "file": source, "content_type": guessed, **typed})
        if not sources:
            self._finding.omit("files that the collection does not name", f"{name} of {request.name}")

    def _use_auth(self, request: FoundRequest, auth: object) -> None:
        kind = str(_table(auth).get("type", "noauth"))
        said = _members(_table(auth).get(kind))
        text = {key: self._text(value) for key, value in said.items() if isinstance(value, str | int)}
        match kind:
            case "noauth":
                return
            case "bearer":
                request.headers.append(("Authorization", f"Bearer {text.get('token', '')}"))
            case "oauth2" if text.get("accessToken"):
                request.headers.append(("Authorization", f"Bearer {text['accessToken']}"))
            case "basic" | "digest":
                request.target["auth"] = {
                    kind: {
                        "user": text.get("username", "") or "${env:API_USER}",
                        "password": self._secret("PASSWORD", text.get("password", "")),
                    }
                }
            case "apikey" if text.get("key"):
                name, value = text["key"], text.get("value", "")
                if text.get("in") == "query":
                    joint = "&" if "?" in request.url else "?"
                    request.url += f"{joint}{_encoded(name)}={_encoded(self._secret(name, value))}"
                else:
                    request.headers.append((name, self._secret(name, value)))
            case _:
                self._finding.omit(f"auth of the kind {kind}", request.name)

    def _use_tests(self, request: FoundRequest, script: Script, name: str) -> None:
        request.statuses = sorted(set(script.statuses))
        request.checks = script.checks
        for variable, source in script.kept.items():
            self._values.keep(variable, request, source)
        if script.has_more:
            self._finding.omit("what scripts do beyond statuses, simple checks and kept values", name)

    def _secret(self, name: str, value: str) -> str:
        return value if not value or "${" in value else self._finding.secret(name, value)

    def _text(self, value: object) -> str:
        if value is None:
            return ""
        return self._values.text(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _scripts(item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and text of each script that does anything."""
    for event in _enabled(item.get("event")):
        lines = _table(event.get("script")).get("exec")
        text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")
        if re.sub(r"//[^\n]*|\s+", "", text):
            yield ("test" if event.get("listen") == "test" else "pre-request"), text


def _say_type(request: FoundRequest, kind: str) -> None:
    if kind and not any(name.lower() == "content-type" for name, _ in request.headers):
        request.headers.append(("Content-Type", kind))


def _raw(parts: dict[str, Any]) -> str:
    """The URL of its parts, where it has no `raw`."""
    host, path = parts.get("host"), parts.get("path")
    protocol = f"{parts['protocol']}://" if parts.get("protocol") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    joined = "/".join(_segment(one) for one in path) if isinstance(path, list) else str(path or "").lstrip("/")
    query = "&".join(
        f"{one.get('key') or ''}{'' if one.get('value') is None else '='}{one.get('value') or ''}"
        for one in _enabled(parts.get("query"))
    )
    whole = ".".join(map(str, host)) if isinstance(host, list) else str(host or "")
    return f"{protocol}{whole}{port}/{joined}{'?' + query if query else ''}"


def _segment(one: object) -> str:
    return str(_table(one).get("value", "")) if isinstance(one, dict) else str(one)


def _members(value: object) -> dict[str, Any]:
    """Settings of auth: a list of pairs in 2.1, a table in 2.0."""
    if isinstance(value, list):
        return {str(one.get("key")): one.get("value") for one in map(_table, value)}
    return _table(value)


def _json(text: object) -> object:
    try:
        return msgspec.json.decode(text) if isinstance(text, str) and text.strip() else text or {}
    except msgspec.DecodeError:
        return text


def _encoded(text: str) -> str:
    return text if "${" in text else quote(text, safe="")


def _enabled(members: object) -> list[dict[str, Any]]:
    return [one for one in map(_table, _list(members)) if not one.get("disabled")]


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
