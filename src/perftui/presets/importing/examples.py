"""Example values of the schemas of an OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perftui.model.errors import UsageError
from perftui.presets.importing.found import literal

_MOST_DEPTH = 12
_MOST_VALUES = 2000
_BY_FORMAT = {
    "date-time": "${now:iso}",
    "date": "${fake:date}",
    "time": "${fake:time}",
    "email": "${fake:email}",
    "uuid": "${uuid}",
    "uri": "${fake:url}",
    "url": "${fake:url}",
    "hostname": "host.example.com",
    "ipv4": "${fake:ip}",
    "password": "${fake:password}",
    "phone": "${fake:phone}",
    "byte": "aGVsbG8=",
    "binary": "hello",
}
_BY_NAME = {
    "name": "name",
    "firstname": "first_name",
    "lastname": "last_name",
    "username": "username",
    "password": "password",
    "email": "email",
    "phone": "phone",
    "title": "sentence",
    "description": "sentence",
    "company": "company",
    "address": "street",
    "street": "street",
    "city": "city",
    "country": "country",
    "color": "color",
    "url": "url",
}


class Examples:
    """Makes values of schemas."""

    def __init__(self, resolve: Callable[[object], object]) -> None:
        """With what follows references."""
        self._resolve = resolve
        self._made = 0

    def of_parameter(self, parameter: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The value of a path, query or header parameter."""
        self._made = 0
        given = self._given(parameter)
        return given if given is not None else self.of_schema(parameter.get("schema"), str(parameter.get("name", "")))

    def of_media(self, media: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The example of a body: given, or made of its schema."""
        self._made = 0
        given = self._given(media)
        return given if given is not None else self.of_schema(media.get("schema"))

    def of_schema(self, schema: object, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - whatever JSON holds
        """A value that a schema allows, with placeholders where values may vary; None when there is none."""
        found = self._resolve(schema)
        self._made += 1
        if not isinstance(found, dict) or depth > _MOST_DEPTH or self._made > _MOST_VALUES:
            return None
        given = self._given(found)
        if given is not None:
            return given
        if "const" in found:
            return _literal(found["const"])
        if isinstance(found.get("enum"), list) and found["enum"]:
            return _choice(found["enum"])
        for key in ("oneOf", "anyOf"):
            if isinstance(found.get(key), list) and found[key]:
                return self.of_schema(found[key][0], name, depth + 1)
        if isinstance(found.get("allOf"), list):
            return self._merged(found, depth)
        return self._of_type(found, name, depth)

    def _of_type(self, schema: dict[str, Any], name: str, depth: int) -> Any:  # noqa: ANN401 - whatever JSON holds
        kind = schema.get("type")
        kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
        match kind or ("object" if "properties" in schema else None):
            case "object":
                return self._object(schema, depth)
            case "array":
                member = self.of_schema(schema.get("items"), name, depth + 1)
                return [] if member is None else [member]
            case "integer":
                return _range(schema, 1, 100, whole=True)
            case "number":
                return _range(schema, 1, 100, whole=False)
            case "boolean":
                return True
            case _:
                return _text(schema, name)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return {}
        required = schema.get("required")
        names = [name for name in properties if not isinstance(required, list) or not required or name in required]
        made = {}
        for name in names:
            inner = self._resolve(properties[name])
            if isinstance(inner, dict) and inner.get("readOnly"):
                continue
            value = self.of_schema(inner, str(name), depth + 1)
            if value is not None:
                made[str(name)] = value
        return made

    def _merged(self, schema: dict[str, Any], depth: int) -> Any:  # noqa: ANN401 - whatever JSON holds
        rest = {key: value for key, value in schema.items() if key != "allOf"}
        parts = [self.of_schema(part, "", depth + 1) for part in [*schema["allOf"], rest]]
        tables = [part for part in parts if isinstance(part, dict)]
        if tables:
            return {name: value for table in tables for name, value in table.items()}
        return next((part for part in parts if part is not None), None)

    def _given(self, part: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The example that the document gives itself, with what is literal in it escaped."""
        if "example" in part:
            return _literal(part["example"])
        examples = part.get("examples")
        if isinstance(examples, list) and examples:
            return _literal(examples[0])
        if isinstance(examples, dict) and examples:
            first = self._resolve(next(iter(examples.values())))
            return _literal(first.get("value")) if isinstance(first, dict) else None
        return _literal(part["default"]) if "default" in part else None


class _Literals:
    """Copies a given example with what is literal in it escaped; YAML can make a small one endless."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - whatever JSON holds
        self._left -= 1
        if self._left < 0 or depth > _MOST_DEPTH:
            raise UsageError(f"an example of more than {_MOST_VALUES:,} values, or nested deeper than {_MOST_DEPTH}")
        match value:
            case str():
                return literal(value)
            case dict():
                return {str(name): self.of(inner, depth + 1) for name, inner in value.items()}
            case list():
                return [self.of(inner, depth + 1) for inner in value]
            case bool() | int() | float() | None:
                return value
            case _:
                return literal(str(value))  # dates of YAML


def _literal(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    return _Literals().of(value)


def _choice(options: list[Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
    scalars = [str(option) for option in options if isinstance(option, str | int) and not isinstance(option, bool)]
    words = [word for word in scalars if word and not set("|}$/?#&") & set(word)]
    if len(words) > 1 and len(words) == len(options):
        return f"${{choice:{'|'.join(words[:20])}}}"
    return _literal(options[0])


def _range(schema: dict[str, Any], low: float, high: float, *, whole: bool) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    step = 1 if whole else 0.01
    least = _beside(schema.get("exclusiveMinimum"), least, step)
    most = _beside(schema.get("exclusiveMaximum"), most, -step)
    low = float(least) if isinstance(least, int | float) else low
    high = float(most) if isinstance(most, int | float) else max(high, low + 99)
    low = min(low, high)
    if whole:
        return f"${{rand:{int(max(low, -(10**9)))}..{int(min(high, 10**9))}}}"
    return f"${{rand:{max(low, -1e9):.2f}..{min(high, 1e9):.2f}}}"


def _beside(exclusive: object, bound: object, step: float) -> object:
    """A bound that values may have; `exclusive` is a number, or (before OpenAPI 3.1) says that the bound is none."""
    limit = bound if exclusive is True else exclusive
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        return bound
    return limit + step


def _text(schema: dict[str, Any], name: str) -> str:
    known = _BY_FORMAT.get(str(schema.get("format", "")))
    if known:
        return known
    fake = _BY_NAME.get(name.lower().replace("_", "").replace("-", ""))
    longest = schema.get("maxLength")
    if fake and not (isinstance(longest, int) and longest < 40):
        return f"${{fake:{fake}}}"
    return "${fake:word}"
