"""A file of an unknown kind: which importer reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from perftui.model.errors import UsageError
from perftui.presets.importing.curl import import_curl
from perftui.presets.importing.har import import_har
from perftui.presets.importing.http_file import import_http_file
from perftui.presets.importing.openapi import import_openapi

Importer = Callable[[str, str], str]
IMPORTERS: dict[str, Importer] = {
    "curl": import_curl,
    "har": import_har,
    "openapi": import_openapi,
    "http": import_http_file,
}

_OPENAPI = re.compile(r"""(?:^|[{,])\s*["']?(openapi|swagger)["']?\s*:""", re.MULTILINE)
_CURL = re.compile(r"^[$%]?[ \t]*curl(\.exe)?\s", re.MULTILINE)


def import_text(text: str, source: str = "", name: str = "imported") -> str:
    """The preset of a text whose kind its name or its content tells.

    Raises:
        UsageError: of no known kind, or its importer found nothing in it.
    """
    return IMPORTERS[kind_of(text, source)](text, name)


def kind_of(text: str, source: str = "") -> str:
    """A name of IMPORTERS.

    Raises:
        UsageError: of no known kind.
    """
    suffix = Path(source).suffix.lower()
    start = text.removeprefix("\ufeff").lstrip()[:2000]
    if suffix == ".har" or (start.startswith("{") and '"log"' in start and '"entries"' in text):
        return "har"
    if suffix in {".http", ".rest"}:
        return "http"
    if suffix in {".yaml", ".yml"} or _OPENAPI.search(start) or (start.startswith("{") and _OPENAPI.search(text)):
        return "openapi"
    if suffix == ".sh" or _CURL.search(start):
        return "curl"
    if start.startswith("###") or start.partition(" ")[0] in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
        return "http"
    raise UsageError(f"{source or 'the text'}: no curl command, HAR recording, OpenAPI document or .http file")
