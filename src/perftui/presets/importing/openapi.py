"""OpenAPI 3 and Swagger 2.0 documents, JSON or YAML: one operation per path and method, with example values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.importing.exact import fits_toml
from perftui.presets.importing.examples import Examples
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest, literal
from perftui.presets.importing.openapi_documents import Documents, read_document
from perftui.presets.importing.openapi_parameters import pairs_of, text_of
from perftui.presets.importing.openapi_security import Security
from perftui.presets.importing.swagger2 import upgraded
from perftui.presets.importing.whole_preset import preset_of

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_IN_BRACES = re.compile(r"\{([^{}]+)\}")
_NUMBER_IN_QUOTES = re.compile(r'"(\$\{rand:[^}"]*\})"')
_MOST_OPERATIONS = 2000


def import_openapi(text: str, name: str = "imported", folder: Path | None = None) -> str:
    """The preset of a document. Deletions are left out and named: they would need ids that exist.

    Args:
        text: of the document.
        name: of the preset.
        folder: where the files are that it refers to; None: it is all there is.

    Raises:
        UsageError: neither OpenAPI 3 nor Swagger 2.0, or no operation that can be used.
    """
    document = read_document(text)
    if not isinstance(document, dict):
        raise UsageError("not an OpenAPI document: no table at its top")
    version = str(document.get("openapi", ""))
    is_swagger = str(document.get("swagger", "")).startswith("2")
    if not version.startswith("3.") and not is_swagger:
        said = f"Swagger {document['swagger']}" if "swagger" in document else "no `openapi: 3...` or `swagger: 2.0`"
        raise UsageError(f"not an OpenAPI 3 or Swagger 2.0 document: {safe_text(said, 60)}")
    finding = Finding()
    documents = Documents(document, folder, lambda one: finding.omit("references that lead nowhere from here", one))
    shaped = upgraded(document, documents.resolve) if is_swagger else document
    _Importer(shaped, documents, finding).find()
    return preset_of(finding, name, "a Swagger document" if is_swagger else "an OpenAPI document")


class _Importer:
    """Walks the paths of a document."""

    def __init__(self, document: dict[str, Any], documents: Documents, finding: Finding) -> None:
        self._document = document
        self._resolve = documents.resolve
        self._examples = Examples(documents.resolve)
        self._finding = finding
        self._security = Security(document, documents.resolve, finding)

    def find(self) -> None:
        """Add all operations."""
        finding = self._finding
        info = _table(self._document.get("info"))
        finding.title = safe_text(str(info.get("title", "")), 100)
        for server in _list(self._document.get("servers"))[1:]:
            finding.omit("other servers of the document", str(_table(server).get("url")))
        for webhook in _table(self._document.get("webhooks")):
            finding.omit("what the service itself sends", str(webhook))
        for path, entry in _table(self._document.get("paths")).items():
            item = _table(self._resolve(entry))
            for method in _METHODS:
                if len(finding.requests) < _MOST_OPERATIONS and isinstance(operation := item.get(method), dict):
                    self._operation(str(path), method, item, operation)
        self._security.tell()

    def _operation(self, path: str, method: str, item: dict[str, Any], operation: dict[str, Any]) -> None:
        if method in {"delete", "trace"}:
            reason = "because they delete" if method == "delete" else "as they say what the way there looks like"
            self._finding.omit(reason, f"{method.upper()} {path}")
            return
        servers = next(filter(None, (_list(part.get("servers")) for part in (operation, item))), None)
        base = self._server(servers or _list(self._document.get("servers")))
        parameters: dict[tuple[Any, Any], dict[str, Any]] = {}
        for given in [*_list(item.get("parameters")), *_list(operation.get("parameters"))]:
            parameter = _table(self._resolve(given))
            if parameter:  # that of the operation is over that of its path
                parameters[str(parameter.get("name")), str(parameter.get("in"))] = parameter
        self._finding.requests.append(self._request(base, path, method, operation, list(parameters.values())))

    def _server(self, servers: list[Any]) -> str:
        server = _table(next(iter(servers), {}))
        variables = _table(server.get("variables"))
        url = _IN_BRACES.sub(
            lambda match: str(_table(variables.get(match[1])).get("default", match[1])), str(server.get("url", "/"))
        )
        try:
            has_host = bool(urlsplit(url).netloc)
            whole = urljoin(f"{NO_SERVER}/", literal(url)).rstrip("/")
        except ValueError:
            self._finding.omit("as it is no URL", f"the server {url}")
            return NO_SERVER
        if not has_host:
            self._finding.notes.append("the document names no host; set target.url or give a URL on the command line")
        return whole

    def _request(
        self, base: str, path: str, method: str, operation: dict[str, Any], parameters: list[dict[str, Any]]
    ) -> FoundRequest:
        path_values: dict[str, str] = {}
        pairs: list[str] = []
        told = f"{method.upper()} {path}"
        request = FoundRequest(url="", method=method.upper(), headers=[], fields=[], parts=[], captures=[])
        for parameter in parameters:
            name, place = str(parameter.get("name", "")), parameter.get("in")
            is_wanted = parameter.get("required") or "example" in parameter or "examples" in parameter
            if place == "path":
                path_values[name] = text_of(parameter, self._examples)
            elif not is_wanted:
                self._finding.omit("parameters that may be left out and have no example", f"{name} of {told}")
            elif place == "query":
                pairs += pairs_of(parameter, self._examples)
            elif place == "header":
                request.headers.append((name, text_of(parameter, self._examples)))
            else:
                self._finding.omit("cookies", f"{name} of {told}")
        pieces = _IN_BRACES.split(path)  # literals, and the names between them
        filled = "".join(
            path_values.get(piece, "1") if number % 2 else literal(piece) for number, piece in enumerate(pieces)
        )
        request.url = f"{base}{filled}{'?' + '&'.join(pairs) if pairs else ''}"
        request.name = safe_text(str(operation.get("operationId") or told), 150)
        request.statuses = _statuses(_table(operation.get("responses")))
        if auth := self._security.of(operation):
            request.target["auth"] = auth
        self._body(request, _table(self._resolve(operation.get("requestBody"))))
        return request

    def _body(self, request: FoundRequest, body: dict[str, Any]) -> None:
        content = _table(body.get("content"))
        for kind, given in content.items():
            media = _table(given)
            example = self._examples.of_media(media)
            kind = str(kind)  # noqa: PLW2901 - YAML may have anything for a key
            if ("json" in kind or kind == "*/*") and example is not None:
                request.headers.append(("Content-Type", "application/json" if kind == "*/*" else kind))
                self._use_document(request, example)
                return
            if "x-www-form-urlencoded" in kind and isinstance(example, dict):
                request.headers.append(("Content-Type", kind))
                request.fields = [(literal(str(name)), _plain(value)) for name, value in example.items()]
                return
            if "multipart" in kind and isinstance(example, dict):
                request.parts = [self._part(media, str(name), value) for name, value in example.items()]
                return
            if isinstance(example, str) and (kind.startswith("text/") or "xml" in kind or "yaml" in kind):
                request.headers.append(("Content-Type", kind))
                request.body = example
                return
        if content:
            self._finding.omit(f"bodies of {', '.join(map(str, content))}", request.name)

    def _use_document(self, request: FoundRequest, example: object) -> None:
        """A body as a document, or as text where TOML cannot hold it: it has no null."""
        if fits_toml(example):
            request.document = example
        else:
            request.body = _NUMBER_IN_QUOTES.sub(r"\1", msgspec.json.encode(example).decode())

    def _part(self, media: dict[str, Any], name: str, value: object) -> dict[str, Any]:
        """A part of a multipart body; a file has a name, or servers take it for a field."""
        part = {"name": literal(name), "value": _plain(value)}
        properties = _table(_table(self._resolve(media.get("schema"))).get("properties"))
        kind = _table(self._resolve(properties.get(name)))
        is_file = kind.get("format") == "binary" or "contentMediaType" in kind
        said = _table(_table(media.get("encoding")).get(name)).get("contentType")
        typed = {"content_type": said} if isinstance(said, str) and "," not in said and "*" not in said else {}
        return part | ({"filename": "file.bin"} if is_file else {}) | typed


def _statuses(responses: dict[Any, Any]) -> list[int]:
    good = sorted(int(str(status)) for status in responses if re.fullmatch(r"2\d\d", str(status)))
    return good[:10]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else literal(msgspec.json.encode(value).decode())


def _table(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
