"""Bodies of requests: JSON, forms, raw text, files and multipart uploads, rendered to bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from perftui.model.plan import Operation, Part
from perftui.presets import grammar
from perftui.presets.placeholders import JsonTemplate, Template
from perftui.presets.text_files import MOST_UPLOAD_BYTES, read_data
from perftui.presets.values import ValueStream

BOUNDARY = "perftui-7d1f0c2b9a6e4853"
"""Between the parts of a multipart body. Fixed, so that equal requests are equal bytes."""

Render = Callable[[ValueStream, Mapping[str, str]], bytes]


class Body:
    """How to make one operation's body."""

    def __init__(self, content_type: str, templates: list[Template | JsonTemplate], render: Render) -> None:
        self.content_type = content_type
        """Sent unless the operation or the target sets its own; empty: none."""
        self.templates = templates
        """What in it varies."""
        self.render = render

    @classmethod
    def of(cls, operation: Operation) -> Body | None:
        """The body of an operation, or None.

        Raises:
            UsageError: a file cannot be read, or is too large.
            ValueError: a placeholder is wrong.
        """
        if operation.json is not None:
            document = JsonTemplate.compile(operation.json)
            return cls("application/json", [document], document.render)
        if operation.form:
            return _form(operation.form)
        if operation.body_file:
            content = read_data(Path(operation.body_file), MOST_UPLOAD_BYTES)
            return cls("application/octet-stream", [], lambda _values, _variables: content)
        if operation.multipart:
            return _multipart(operation.multipart)
        if operation.body:
            return _text("", Template.compile(operation.body))
        return None


def _form(fields: Mapping[str, str]) -> Body:
    pieces: list[str | Template] = []
    for name, value in fields.items():
        pieces += ["&", Template.compile(name, quoting="form"), "=", Template.compile(value, quoting="form")]
    return _text("application/x-www-form-urlencoded", Template.joined(pieces[1:]))


def _text(content_type: str, text: Template) -> Body:
    return Body(content_type, [text], lambda values, variables: text.render(values, variables).encode())


def _multipart(parts: tuple[Part, ...]) -> Body:
    pieces = [(_part_head(part), _part_content(part)) for part in parts]

    def render(values: ValueStream, variables: Mapping[str, str]) -> bytes:
        lines = bytearray()
        for head, content in pieces:
            lines += head.render(values, variables).encode()
            lines += content if isinstance(content, bytes) else content.render(values, variables).encode()
            lines += b"\r\n"
        lines += f"--{BOUNDARY}--\r\n".encode()
        return bytes(lines)

    templates: list[Template | JsonTemplate] = [
        piece for pair in pieces for piece in pair if isinstance(piece, Template)
    ]
    return Body(f"multipart/form-data; boundary={BOUNDARY}", templates, render)


def _part_content(part: Part) -> bytes | Template:
    return read_data(Path(part.file), MOST_UPLOAD_BYTES) if part.file else Template.compile(part.value)


def _part_head(part: Part) -> Template:
    filename = part.filename or grammar.escape(Path(part.file).name if part.file else "")
    lines = [f"--{BOUNDARY}", f'Content-Disposition: form-data; name="{_escape(part.name)}"']
    if filename:
        lines[-1] += f'; filename="{_escape(filename)}"'
    content_type = part.content_type or ("application/octet-stream" if part.file else "")
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return Template.compile("\r\n".join(lines) + "\r\n\r\n")


def _escape(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
