"""Swagger 2.0 documents in the shape of OpenAPI 3: servers, bodies, ways to identify ourselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_OWN_KEYS = {"name", "in", "required", "description"}


def upgraded(document: dict[str, Any], resolve: Callable[[object], object]) -> dict[str, Any]:
    """The document as OpenAPI 3 would have it; references into it still lead where they led."""
    base = str(document.get("basePath") or "/")
    host = document.get("host")
    schemes = document.get("schemes")
    scheme = schemes[0] if isinstance(schemes, list) and schemes else "https" if host else ""
    # One that speaks both is asked without the cost of TLS only when it says so first.
    url = f"{scheme}://{host}{base if base.startswith('/') else '/' + base}" if host else base
    paths = document.get("paths")
    definitions = document.get("securityDefinitions")
    ways = {name: _scheme(one) for name, one in definitions.items()} if isinstance(definitions, dict) else {}
    return {
        **document,
        "servers": [{"url": url}],
        "paths": {
            path: _item(resolve(item), document, resolve)
            for path, item in (paths.items() if isinstance(paths, dict) else ())
        },
        "components": {"securitySchemes": ways},
    }


def _scheme(scheme: object) -> object:
    if not isinstance(scheme, dict) or scheme.get("type") != "oauth2" or scheme.get("flow") != "application":
        return scheme
    return {**scheme, "flows": {"clientCredentials": {key: scheme.get(key) for key in ("tokenUrl", "scopes")}}}


def _item(item: object, document: dict[str, Any], resolve: Callable[[object], object]) -> object:
    if not isinstance(item, dict):
        return item
    shared = item.get("parameters")
    changed = {**item, "parameters": []}
    for method in _METHODS:
        if isinstance(operation := item.get(method), dict):
            given = [*(shared if isinstance(shared, list) else []), *_list(operation.get("parameters"))]
            parameters = [one for one in map(resolve, given) if isinstance(one, dict)]
            own = _list(operation.get("consumes")) or _list(document.get("consumes"))
            changed[method] = {
                **operation,
                "parameters": [_parameter(one) for one in parameters if str(one.get("in")) not in {"body", "formData"}],
                **_body(parameters, [str(kind) for kind in own]),
            }
    return changed


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter whose schema stands in it: a list has commas unless it says otherwise."""
    schema = {key: value for key, value in parameter.items() if key not in _OWN_KEYS}
    example = {"example": parameter["x-example"]} if "x-example" in parameter else {}
    is_list = {"collectionFormat": parameter.get("collectionFormat", "csv")} if parameter.get("type") == "array" else {}
    return {key: parameter[key] for key in _OWN_KEYS & parameter.keys()} | {"schema": schema} | example | is_list


def _body(parameters: list[dict[str, Any]], kinds: list[str]) -> dict[str, Any]:
    fields = [one for one in parameters if one.get("in") == "formData"]
    if fields:
        has_file = any(one.get("type") == "file" for one in fields)
        kind = (
            "multipart/form-data" if has_file or "multipart/form-data" in kinds else "application/x-www-form-urlencoded"
        )
        properties = {
            str(one.get("name")): {"type": "string", "format": "binary"}
            if one.get("type") == "file"
            else _parameter(one)["schema"]
            for one in fields
        }
        required = [one.get("name") for one in fields if one.get("required")]
        schema = {"type": "object", "properties": properties, **({"required": required} if required else {})}
        return {"requestBody": {"content": {kind: {"schema": schema}}}}
    body = next((one for one in parameters if one.get("in") == "body"), None)
    if body is None:
        return {}
    media: dict[str, Any] = {"schema": body.get("schema")}
    if isinstance(examples := body.get("x-examples") or body.get("examples"), dict) and examples:
        media["example"] = next(iter(examples.values()))
    return {"requestBody": {"content": dict.fromkeys(kinds or ["application/json"], media)}}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
