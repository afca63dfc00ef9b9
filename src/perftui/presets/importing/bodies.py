"""Bodies of requests that were found: parts where they are that, else text as it is; what is lost is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_string
from email.message import Message
from typing import Any

from perftui.presets.importing.found import FoundRequest, literal

MOST_CHARACTERS = 64 * 1024
"""Of a body as text; a longer one makes no readable preset."""
_BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
_FILE = re.compile(r"<(?:@\S*)?[ \t]+(\S.*)")
"""Where editors name a file instead of its content."""


def use_body(request: FoundRequest, text: str, write: Callable[[str], str] = literal) -> str:
    """Take a body over into the request.

    Args:
        request: with its headers.
        text: of the body, as it is sent.
        write: makes preset text of a piece of it.

    Returns:
        What had to be left out, in words; empty: nothing.
    """
    kind = content_type(request)
    if "multipart/form-data" in kind.lower():
        parts = _parts(text, kind)
        if parts and (is_binary(text) or _FILE.search(text) or _written(parts) == _lines(text, kind)):
            files = [name for part in parts if (name := _use_part(request, part, write))]
            return f"the bytes of {', '.join(files)}; write file = ... in that part" if files else ""
    if is_binary(text):
        return "its binary body; write body_file = ..."
    if len(text) > MOST_CHARACTERS:
        return f"its body of {len(text):,} characters; write body_file = ..."
    request.body = write(text)
    return ""


def content_type(request: FoundRequest) -> str:
    """What the request says its body is; empty when it does not."""
    return next((value for name, value in request.headers if name.lower() == "content-type"), "")


def is_binary(text: str) -> bool:
    """Whether a text holds what no text does."""
    return bool(_BINARY.search(text))


def _parts(text: str, kind: str) -> list[Message]:
    whole = message_from_string(f"Content-Type: {kind}\n\n{text.lstrip()}")
    parts = whole.get_payload()
    if not isinstance(parts, list):
        return []
    named = [part for part in parts if isinstance(part, Message) and _parameter(part, "name")]
    return named if len(named) == len(parts) else []


def _written(parts: list[Message]) -> list[str]:
    """The lines of parts as perftui writes them, `--` for the text between them."""
    lines: list[str] = []
    for part in parts:
        filename = _parameter(part, "filename")
        disposition = f'Content-Disposition: form-data; name="{_parameter(part, "name")}"'
        lines += ["--", disposition + (f'; filename="{filename}"' if filename else "")]
        lines += [f"Content-Type: {part['Content-Type']}"] if "Content-Type" in part else []
        content = part.get_payload()
        lines += ["", *(content if isinstance(content, str) else "").split("\n")]
    return [*lines, "----"]


def _lines(text: str, kind: str) -> list[str]:
    """The lines of a multipart text, without its boundary, which means nothing."""
    found = re.search(r'boundary="?([^";]+)', kind, re.IGNORECASE)
    boundary = found[1].strip() if found else ""
    lines = text.replace("\r\n", "\n").strip("\n").split("\n")
    return [
        line.replace(boundary, "", 1) if line in {f"--{boundary}", f"--{boundary}--"} else line.rstrip("\r")
        for line in lines
    ]


def _use_part(request: FoundRequest, part: Message, write: Callable[[str], str]) -> str:
    """Take a part over; returns the name of a file whose bytes are not there."""
    found: dict[str, Any] = {"name": write(_parameter(part, "name"))}
    content = part.get_payload()
    text = content if isinstance(content, str) else ""
    filename = _parameter(part, "filename")
    lost = ""
    if named := _FILE.fullmatch(text.strip()):
        found["file"] = named[1].strip()
    elif is_binary(text) or len(text) > MOST_CHARACTERS or (filename and not text):
        found["value"] = ""
        lost = filename or _parameter(part, "name")
    else:
        found["value"] = write(text)
    if filename:
        found["filename"] = write(filename)
    if "Content-Type" in part:
        found["content_type"] = write(part["Content-Type"])
    request.parts.append(found)
    return lost


def _parameter(part: Message, name: str) -> str:
    value = part.get_param(name, header="content-disposition", unquote=True)
    return value if isinstance(value, str) else ""
