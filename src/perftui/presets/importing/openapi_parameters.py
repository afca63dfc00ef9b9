"""Values of an operation's parameters, written into path, query and headers as the document's styles say."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from perftui.presets import grammar
from perftui.presets.importing.examples import Examples

_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "ssv": "%20", "pipes": "%7C", "tsv": "%09"}


def text_of(parameter: dict[str, Any], examples: Examples) -> str:
    """The preset text of a parameter in a path or header; lists have commas, as the style `simple` says."""
    value = value_of(parameter, examples)
    write = (lambda inner: quoted(_plain(inner))) if parameter.get("in") == "path" else _plain
    if isinstance(value, list):
        return ",".join(map(write, value))
    if isinstance(value, dict):
        joint = "=" if parameter.get("explode") is True else ","
        return ",".join(f"{write(name)}{joint}{write(inner)}" for name, inner in value.items())
    return write(value)


def pairs_of(parameter: dict[str, Any], examples: Examples) -> list[str]:
    """`name=value` of a parameter in a query, encoded."""
    name = quote(str(parameter.get("name", "")))
    value = value_of(parameter, examples)
    style = str(parameter.get("style") or parameter.get("collectionFormat") or "form")
    explodes = parameter.get("explode", style in {"form", "deepObject"} and "collectionFormat" not in parameter)
    if isinstance(value, list):
        texts = [quoted(_plain(inner)) for inner in value]
        if explodes is True or style == "multi":
            return [f"{name}={text}" for text in texts]
        return [f"{name}={_SEPARATORS.get(style, ',').join(texts)}"]
    if isinstance(value, dict):
        if style == "deepObject":
            return [f"{name}%5B{quote(str(key))}%5D={quoted(_plain(inner))}" for key, inner in value.items()]
        if explodes is True:
            return [f"{quote(str(key))}={quoted(_plain(inner))}" for key, inner in value.items()]
        return [f"{name}={','.join(f'{quote(str(key))},{quoted(_plain(inner))}' for key, inner in value.items())}"]
    return [f"{name}={quoted(_plain(value))}"]


def value_of(parameter: dict[str, Any], examples: Examples) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A value: given, or made of the schema; JSON text where the parameter has a type of content."""
    content = parameter.get("content")
    if isinstance(content, dict) and content:
        media = next(iter(content.values()))
        made = examples.of_media(media) if isinstance(media, dict) else None
        return made if isinstance(made, str) else msgspec.json.encode(made, enc_hook=str).decode()
    return examples.of_parameter(parameter)


def quoted(text: str) -> str:
    """Preset text in a URL: what is literal in it is percent-encoded."""
    segments = grammar.split(text)
    return "".join(quote(part, safe="") if isinstance(part, str) else str(part) for part in segments)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else grammar.escape(msgspec.json.encode(value, enc_hook=str).decode())
