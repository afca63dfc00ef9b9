"""OpenAPI 3 documents, JSON or YAML: one operation per path and method, with example values."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets import grammar
from perftui.presets.importing.examples import Examples
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest, literal
from perftui.presets.importing.whole_preset import preset_of

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_IN_BRACES = re.compile(r"\{([^{}]+)\}")


def import_openapi(text: str, name: str = "imported") -> str:
    """The preset of an OpenAPI 3 document. Deletions are left out and named: they would need ids that exist.

    Raises:
        UsageError: not OpenAPI 3, or no operation that can be used.
    """
    document = _read(text)
    version = str(document.get("openapi", ""))
    if not version.startswith("3."):
        said = f"Swagger {document['swagger']}" if "swagger" in document else "no `openapi: 3...`"
        raise UsageError(f"not an OpenAPI 3 document: {safe_text(said, 60)}")
    return preset_of(_Importer(document).finding(), name, "an OpenAPI document")


def _read(text: str) -> dict[str, Any]:
    document: Any
    try:
        document = msgspec.json.decode(text) if text.lstrip()[:1] == "{" else _read_yaml(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"not an OpenAPI document: {safe_text(str(error), 120)}") from error
    if not isinstance(document, dict):
        raise UsageError("not an OpenAPI document: no table at its top")
    return document


def _read_yaml(text: str) -> object:
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(f"not YAML{place}: {safe_text(str(getattr(error, 'problem', error)), 120)}") from error


class _Importer:
    """Walks the paths of a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._examples = Examples(document)
        self._finding = Finding(requests=[], target={}, notes=[])

    def finding(self) -> Finding:
        """All operations."""
        finding = self._finding
        info = _table(self._document.get("info"))
        finding.title = safe_text(str(info.get("title", "")), 100)
        self._security()
        for path, entry in _table(self._document.get("paths")).items():
            item = _table(self._examples.resolve(entry))
            for method in _METHODS:
                operation = item.get(method)
                if not isinstance(operation, dict):
                    continue
                if method == "delete":
                    finding.omit("because they delete", f"DELETE {path}")
                    continue
                parameters = [*_list(item.get("parameters")), *_list(operation.get("parameters"))]
                servers = next(filter(None, (_list(part.get("servers")) for part in (operation, item))), None)
                base = self._server(servers or _list(self._document.get("servers")))
                finding.requests.append(self._request(base, str(path), method, operation, parameters))
        return finding

    def _server(self, servers: list[Any]) -> str:
        server = _table(next(iter(servers), {}))
        variables = _table(server.get("variables"))
        url = _IN_BRACES.sub(
            lambda match: str(_table(variables.get(match[1])).get("default", match[1])), str(server.get("url", "/"))
        )
        if not urlsplit(url).netloc:
            self._finding.notes.append("the document names no host; set target.url or give a URL on the command line")
        return urljoin(f"{NO_SERVER}/", literal(url)).rstrip("/")

    def _request(
        self, base: str, path: str, method: str, operation: dict[str, Any], parameters: list[Any]
    ) -> FoundRequest:
        path_values: dict[str, str] = {}
        query: dict[str, str] = {}
        request = FoundRequest(url="", method=method.upper(), headers=[], fields=[], parts=[], captures=[])
        for parameter in (_table(self._examples.resolve(one)) for one in parameters):
            name, place = str(parameter.get("name", "")), parameter.get("in")
            if place == "path":
                path_values[name] = self._examples.text_of_parameter(parameter)
            elif place == "query" and (parameter.get("required") or "example" in parameter):
                query[name] = self._examples.text_of_parameter(parameter)
            elif place == "header" and parameter.get("required"):
                request.headers.append((name, self._examples.text_of_parameter(parameter)))
            elif place == "cookie" and parameter.get("required"):
                self._finding.omit("cookies", f"{name} of {method.upper()} {path}")
        pieces = _IN_BRACES.split(path)  # literals, and the names between them
        filled = "".join(
            _quoted(path_values.get(piece, "1")) if number % 2 else literal(piece)
            for number, piece in enumerate(pieces)
        )
        pairs = "&".join(f"{quote(name)}={_quoted(value)}" for name, value in query.items())
        request.url = f"{base}{filled}{'?' + pairs if pairs else ''}"
        request.name = safe_text(str(operation.get("operationId") or f"{method.upper()} {path}"), 150)
        request.statuses = _statuses(_table(operation.get("responses")))
        self._body(request, _table(self._examples.resolve(operation.get("requestBody"))))
        return request

    def _body(self, request: FoundRequest, body: dict[str, Any]) -> None:
        content = _table(body.get("content"))
        for kind, media in content.items():
            example = self._examples.of_media(_table(media))
            if "json" in kind and example is not None:
                request.headers.append(("Content-Type", str(kind)))
                request.body = msgspec.json.encode(example).decode()
                return
            if "x-www-form-urlencoded" in kind and isinstance(example, dict):
                request.fields = [(literal(str(name)), _plain(value)) for name, value in example.items()]
                return
            if "multipart" in kind and isinstance(example, dict):
                request.parts = [self._part(media, str(name), value) for name, value in example.items()]
                return
            if kind.startswith("text/") and isinstance(example, str):
                request.headers.append(("Content-Type", str(kind)))
                request.body = example
                return
        if content:
            self._finding.omit(f"bodies of {', '.join(map(str, content))}", request.name)

    def _part(self, media: Any, name: str, value: object) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
        """A part of a multipart body; a file has a name, or servers take it for a field."""
        part = {"name": literal(name), "value": _plain(value)}
        properties = _table(_table(self._examples.resolve(_table(media).get("schema"))).get("properties"))
        kind = _table(self._examples.resolve(properties.get(name)))
        is_file = kind.get("format") == "binary" or "contentMediaType" in kind
        return part | ({"filename": "file.bin"} if is_file else {})

    def _security(self) -> None:
        """One way to identify ourselves: that of the whole document, else the first that it has."""
        schemes = _table(_table(self._document.get("components")).get("securitySchemes"))
        asked = [name for one in _list(self._document.get("security")) for name in _table(one)]
        for name in [*asked, *schemes]:
            if auth := _auth(_table(self._examples.resolve(schemes.get(name)))):
                self._finding.target["auth"] = auth
                for other in schemes:
                    if other != name:
                        self._finding.omit(
                            f"ways to identify ourselves other than {safe_text(str(name), 40)}", str(other)
                        )
                return


def _auth(scheme: dict[str, Any]) -> dict[str, Any]:
    flows = _table(_table(scheme.get("flows")).get("clientCredentials"))
    name = str(scheme.get("name", ""))
    match (scheme.get("type"), str(scheme.get("scheme", "")).lower(), scheme.get("in")):
        case ("http", "bearer", _) | ("openIdConnect", _, _):
            return {"bearer": "${env:API_TOKEN}"}
        case ("http", "basic", _):
            return {"basic": {"user": "${env:API_USER}", "password": "${env:API_PASSWORD}"}}
        case ("apiKey", _, "header" | "query" as place):
            return {place: {"name": name, "value": "${env:API_KEY}"}}
        case ("oauth2", _, _) if str(flows.get("tokenUrl", "")).startswith("http"):
            client = {"client_id": "${env:CLIENT_ID}", "client_secret": "${env:CLIENT_SECRET}"}
            scopes = " ".join(_table(flows.get("scopes")))
            return {"oauth2": {"token_url": flows["tokenUrl"], **client, **({"scope": scopes} if scopes else {})}}
        case ("oauth2", _, _):
            return {"bearer": "${env:API_TOKEN}"}
        case _:
            return {}


def _statuses(responses: dict[Any, Any]) -> list[int]:
    good = sorted(int(str(status)) for status in responses if re.fullmatch(r"2\d\d", str(status)))
    return good[:10]


def _quoted(text: str) -> str:
    """Preset text in a URL: what is literal in it is percent-encoded."""
    segments = grammar.split(text)
    return "".join(quote(part, safe="") if isinstance(part, str) else str(part) for part in segments)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else literal(msgspec.json.encode(value).decode())


def _table(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
