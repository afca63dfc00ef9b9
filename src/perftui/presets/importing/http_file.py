"""`.http` and `.rest` files of editors: VS Code's REST Client, JetBrains' HTTP client and those that read the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from perftui.presets.importing.bodies import content_type, use_body
from perftui.presets.importing.curl import add_commands
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest, short_url
from perftui.presets.importing.http_blocks import HttpText, read_document
from perftui.presets.importing.http_values import HttpValues, UnknownValueError
from perftui.presets.importing.whole_preset import preset_of

_WORD = r"((?:\{\{[^{}]*\}\}|[^\s:{}])+)"
_USER = re.compile(rf"(Basic|Digest)\s+{_WORD}(?:\s+|:){_WORD}", re.IGNORECASE)
_FILE = re.compile(r"<(?:@\S*)?[ \t]+(\S.*)")
_NOT_HTTP = {"WEBSOCKET", "GRPC", "RSOCKET", "SSE", "MQTT", "AMQP"}


def import_http_file(text: str, name: str = "imported", variables: Mapping[str, str] | None = None) -> str:
    """The preset of a .http file; requests that use an earlier one's response become a journey.

    Args:
        text: of the file.
        name: of the preset.
        variables: of the editor's environment; those of the file are over them.

    Raises:
        UsageError: no request that can be read.
    """
    document = read_document(text.removeprefix("\ufeff"))
    finding = Finding()
    for line in document.unread:
        finding.omit("as they are no requests", line)
    reader = _Reader(HttpValues({**(variables or {}), **document.variables}, finding), finding)
    for request in document.requests:
        reader.read(request)
    return preset_of(finding, name, "a .http file")


class _Reader:
    """Makes requests of a preset out of those of the file, one after the other."""

    def __init__(self, values: HttpValues, finding: Finding) -> None:
        self._values = values
        self._finding = finding

    def read(self, given: HttpText) -> None:
        """Add a request, or tell why it is left out."""
        if given.method == "CURL":
            add_commands(given.body, self._finding)
            return
        told = given.title or f"{given.method} {given.url}"
        if given.method in _NOT_HTTP:
            self._finding.omit("as they are not HTTP", told)
            return
        try:
            request = self._request(given)
        except UnknownValueError as error:
            self._finding.omit(f"as {error}", told)
            return
        if given.script or given.is_script_elsewhere:
            self._finding.omit("scripts, but for values that they keep and statuses that they expect", told)
        self._values.learn(given.name, given.script, request)
        self._finding.requests.append(request)

    def _request(self, given: HttpText) -> FoundRequest:
        method = "POST" if given.method == "GRAPHQL" else given.method
        request = FoundRequest(name=given.title, method=method, url=self._values.url(given.url.partition("#")[0]))
        is_graphql = given.method == "GRAPHQL"
        for name, value in given.headers:
            if name.lower() == "authorization" and (match := _USER.fullmatch(value)):
                self._use_user(request, match[1].lower(), match[2], match[3])
            elif name.lower() == "x-request-type" and value.lower() == "graphql":
                is_graphql = True
            else:
                request.headers.append((name, self._values.text(value)))
        if request.url.startswith("/"):
            host = next((value for name, value in request.headers if name.lower() == "host"), "")
            request.url = f"http://{host}{request.url}" if host else f"{NO_SERVER}{request.url}"
        body = _graphql(given.body) if is_graphql else given.body
        if is_graphql and not content_type(request):
            request.headers.append(("Content-Type", "application/json"))
        self._use_body(request, body)
        return request

    def _use_user(self, request: FoundRequest, way: str, user: str, password: str) -> None:
        secret = self._values.text(password)
        request.target["auth"] = {
            way: {"user": self._values.text(user), "password": secret if "${" in secret else "${env:PASSWORD}"}
        }

    def _use_body(self, request: FoundRequest, body: str) -> None:
        if match := _FILE.fullmatch(body):
            request.body_file = match[1]
            if body.startswith("<@"):
                self._finding.notes.append(f"variables inside of {match[1]} are not filled in: it is sent as it is")
            return
        if "x-www-form-urlencoded" in content_type(request):
            body = "".join(line.strip() for line in body.splitlines())  # editors put one field on a line
        is_multipart = "multipart/" in content_type(request)
        if files := [line for line in body.splitlines() if _FILE.fullmatch(line) and not is_multipart]:
            self._finding.omit("a file in the middle of a body", files[0])
        if lost := use_body(request, body, self._values.text):
            self._finding.omit(lost, f"{request.method} {short_url(request.url)}")


def _graphql(body: str) -> str:
    """What is sent for a query, and its variables after a blank line."""
    query, _, given = body.rpartition("\n\n")
    try:
        variables = msgspec.json.decode(given) if query else None
    except msgspec.DecodeError:
        query, variables = body, None
    document = {"query": (query if variables is not None else body).strip()}
    return msgspec.json.encode(document | ({"variables": variables} if variables is not None else {})).decode()
