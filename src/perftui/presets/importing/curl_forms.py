"""Parts of a form as curl's -F has them."""

from __future__ import annotations

import re
from typing import Any

from perftui.presets.importing.found import Finding
from perftui.presets.importing.shell_words import plain_text, preset_text

_ATTRIBUTE = re.compile(r"\s*;\s*(type|filename|headers|encoder)=(\"(?:[^\"\\]|\\.)*\"|[^;]*)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TYPES = {
    "gif": "image/gif", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "svg": "image/svg+xml",
    "txt": "text/plain", "htm": "text/html", "html": "text/html", "pdf": "application/pdf", "xml": "application/xml",
}  # fmt: skip
"""What curl knows; a larger table would send another type than it does."""


def form_part(text: str, finding: Finding, *, is_string: bool) -> dict[str, Any]:
    """One part, of -F or --form-string."""
    name, _, value = text.partition("=")
    part: dict[str, Any] = {"name": preset_text(name)}
    if is_string:
        return part | {"value": preset_text(value)}
    value, attributes = _attributes(value)
    if value.startswith("@"):
        part["file"] = _unquoted(plain_text(value[1:]))
        kind = _TYPES.get(part["file"].rpartition(".")[2].lower(), "application/octet-stream")
        part["content_type"] = kind
    elif value.startswith("<"):
        part["value"] = f"${{file:{_unquoted(plain_text(value[1:]))}}}"
        finding.notes.append("the line end at the end of a file that is a value is not sent")
    else:
        part["value"] = preset_text(_unquoted(value))
    for key, attribute in attributes.items():
        if key in {"headers", "encoder"}:
            finding.omit("as a part has no such thing", f"{key} of {name}")
        else:
            part["content_type" if key == "type" else "filename"] = preset_text(_unquoted(attribute))
    return part


def _attributes(value: str) -> tuple[str, dict[str, str]]:
    """The value itself, and what is said of it after a semicolon."""
    quoted = _QUOTED.match(value)
    start = quoted.end() if quoted else 0
    rest = value[start:]
    found = {match[1]: match[2].strip() for match in _ATTRIBUTE.finditer(rest)}
    return value[:start] + _ATTRIBUTE.sub("", rest), found


def _unquoted(text: str) -> str:
    match = _QUOTED.fullmatch(text.strip())
    return re.sub(r"\\([\"\\])", r"\1", match[1]) if match else text
