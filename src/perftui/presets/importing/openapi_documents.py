"""The documents of an API's description: the file itself, and those beside it that its references lead to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.model.units import whole_number
from perftui.presets.text_files import read_text

_MOST_FILES = 1000
_MOST_BYTES = 8 * 1024 * 1024
_MOST_STEPS = 12
"""References that lead to references."""
_ENDINGS = {".yaml", ".yml", ".json"}


class Documents:
    """Follows references: into the document, and into files in its folder or below."""

    def __init__(self, document: dict[str, Any], folder: Path | None, missing: Callable[[str], None]) -> None:
        """A document and where it is.

        Args:
            document: as it was read.
            folder: where files beside it are; None: nowhere.
            missing: told of each reference that leads nowhere.
        """
        self.document = document
        self._folder = folder.resolve() if folder else None
        self._missing = missing
        self._read: dict[str, object] = {}
        self._left = _MOST_BYTES

    def resolve(self, value: object) -> object:
        """What a `$ref` leads to; the value itself when it is none, nothing when it leads nowhere."""
        reference = ""
        for _ in range(_MOST_STEPS):
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return value
            reference = value["$ref"]
            value = self._follow(reference)
        self._missing(reference)
        return None

    def _follow(self, reference: str) -> object:
        file, _, pointer = reference.partition("#")
        value = self._file(file) if file else self.document
        for name in pointer.lstrip("/").split("/") if pointer.strip("/") else ():
            key = unquote(name).replace("~1", "/").replace("~0", "~")
            if isinstance(value, list) and (at := whole_number(key)) is not None:
                value = value[at] if at < len(value) else None
            else:
                value = _member(value, key)
        if value is None:
            self._missing(reference)
        return value

    def _file(self, name: str) -> object:
        """A file beside the document; None of one that may not or cannot be read."""
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    def _load(self, name: str) -> object:
        if self._folder is None or "://" in name or len(self._read) >= _MOST_FILES:
            return None
        try:
            path = (self._folder / unquote(name)).resolve()
            if not path.is_relative_to(self._folder) or path.suffix.lower() not in _ENDINGS:
                return None
            text = read_text(path, self._left)
            self._left -= len(text)
            value = read_document(text)
        except (UsageError, OSError, ValueError):
            return None
        _make_absolute(value, path.relative_to(self._folder).as_posix())
        return value


def _member(value: object, key: str) -> object:
    """A member of a table; YAML has numbers for keys."""
    if not isinstance(value, dict):
        return None
    return value.get(key, value.get(int(key)) if key.isdecimal() and len(key) < 10 else None)


def _make_absolute(value: object, file: str) -> None:
    """Make the references of a file start in the folder of the first document."""
    folder = file.rpartition("/")[0]
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict | list) or id(one) in seen:
            continue  # YAML may say the same thing in many places
        seen.add(id(one))
        waiting += one.values() if isinstance(one, dict) else one
        if isinstance(one, dict) and isinstance(reference := one.get("$ref"), str) and "://" not in reference:
            start = file if reference.startswith("#") else f"{folder}/" if folder else ""
            one["$ref"] = f"{start}{reference}"


def read_document(text: str) -> object:
    """JSON or YAML.

    Raises:
        UsageError: neither.
    """
    try:
        return msgspec.json.decode(text) if text.lstrip()[:1] == "{" else _read_yaml(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"not an OpenAPI document: {safe_text(str(error), 120)}") from error


def _read_yaml(text: str) -> object:
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(f"not YAML{place}: {safe_text(str(getattr(error, 'problem', error)), 120)}") from error
