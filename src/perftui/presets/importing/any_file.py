"""A file of an unknown kind: which importer reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from perftui.model.errors import UsageError
from perftui.presets.importing.curl import import_curl
from perftui.presets.importing.har import import_har
from perftui.presets.importing.http_file import import_http_file
from perftui.presets.importing.jmx import import_jmx
from perftui.presets.importing.openapi import import_openapi
from perftui.presets.importing.postman import import_postman
from perftui.presets.importing.scripts import script_problem

Importer = Callable[[str, str], str]
IMPORTERS: dict[str, Importer] = {
    "curl": import_curl,
    "har": import_har,
    "openapi": import_openapi,
    "http": import_http_file,
    "postman": import_postman,
    "jmx": import_jmx,
}
MOST_BYTES = 64 * 1024 * 1024
"""Of a file: recordings are large."""

_OPENAPI = re.compile(r"""(?:^|[{,])\s*["']?(openapi|swagger)["']?\s*:""", re.MULTILINE)
_POSTMAN = re.compile(r"""schema\.getpostman\.com|"_postman_id"\s*:""")
_CURL = re.compile(r"^(?:[^#\n]{0,200}[\s(|;&`])?curl(?:\.exe)?\s", re.MULTILINE)


def import_any(
    text: str, kind: str, name: str, *, folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> str:
    """The preset of a text.

    Args:
        text: of the file.
        kind: a name of IMPORTERS.
        name: of the preset.
        folder: where files are that it refers to; None: nowhere.
        variables: of an editor's environment.

    Raises:
        UsageError: its importer cannot read it, or found nothing in it.
    """
    if variables is not None and kind not in {"http", "postman"}:
        raise UsageError("an environment is for Postman collections and .http files")
    match kind:
        case "openapi":
            return import_openapi(text, name, folder)
        case "http":
            return import_http_file(text, name, variables)
        case "postman":
            return import_postman(text, name, variables)
        case _:
            return IMPORTERS[kind](text, name)


def kind_of(text: str, source: str = "") -> str:
    """A name of IMPORTERS.

    Raises:
        UsageError: of no known kind, or a script of a load tool: its requests are listed.
    """
    if problem := script_problem(text):
        raise UsageError(f"{source or 'the text'}: {problem[0]}", *problem[1:])
    suffix = Path(source).suffix.lower()
    start = text.removeprefix("\ufeff").lstrip()[:2000]
    if suffix == ".har" or (start.startswith("{") and '"log"' in start and '"entries"' in text):
        return "har"
    if suffix == ".jmx" or "<jmeterTestPlan" in start:
        return "jmx"
    if suffix in {".http", ".rest"}:
        return "http"
    if start.startswith("{") and (_POSTMAN.search(text) or source.endswith(".postman_collection.json")):
        return "postman"
    if suffix in {".yaml", ".yml"} or _OPENAPI.search(start) or (start.startswith("{") and _OPENAPI.search(text)):
        return "openapi"
    if start.startswith("###") or start.partition(" ")[0] in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
        return "http"
    if suffix == ".sh" or _CURL.search(start):
        return "curl"
    raise UsageError(
        f"{source or 'the text'}: no curl command, HAR recording, OpenAPI or Swagger document, Postman collection, "
        "JMeter test plan or .http file"
    )
