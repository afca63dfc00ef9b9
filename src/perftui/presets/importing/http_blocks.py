"""The lines of a .http file, taken apart: request lines, headers, bodies, scripts, variables of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY|GRAPHQL|WEBSOCKET|GRPC|RSOCKET|SSE|MQTT|AMQP"
_LINE = re.compile(rf"(?:({_METHODS})\s+)?(\S.*?)(?:\sHTTP/[0-9.]+)?", re.IGNORECASE)
_NEXT = re.compile(rf"(?:{_METHODS})\s+(?:https?://|/|\{{\{{)\S.*")
"""A request line in the middle of a block: some editors need no separator."""
_ADDRESS = re.compile(r"https?://|\{\{|/|curl\s|localhost\b|[\w-]+(?:\.[\w-]+)+(?:[:/?]|$)", re.IGNORECASE)
_NAME = re.compile(r"(?:#|//)\s*@name[\s=]+(\S+)")
_VARIABLE = re.compile(r"@([\w.-]+)\s*=\s*(.*)")
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*(.*)")
_HANDLER = re.compile(r"\s*>\s*\{%.*|>\s*\S+\.(?:js|ts|lua)|>>!? ?\S+|<>\s*\S+|\?\?\s.*|\{\{")


class HttpText(Struct, kw_only=True):
    """One request as the file has it, variables and all."""

    name: str = ""
    """Under which other requests know it."""
    title: str = ""
    """For people; may be empty."""
    method: str = ""
    url: str
    headers: list[tuple[str, str]] = []
    body: str = ""
    script: str = ""
    """What runs on its response."""
    is_script_elsewhere: bool = False
    """Whether a file holds the script, or one runs before the request."""


class HttpDocument(Struct, kw_only=True):
    """All that a file has."""

    requests: list[HttpText] = []
    variables: dict[str, str] = {}
    unread: list[str] = []
    """Lines that stand where a request should begin, and are none."""


def read_document(text: str) -> HttpDocument:
    """Take a file apart."""
    document = HttpDocument()
    for title, lines in _blocks(text):
        block = _Block(title, lines, document)
        while block.has_request():
            document.requests.append(block.request())
    return document


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    title, lines = "", list[str]()
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("###"):
            yield title, lines
            title, lines = line.strip("# \t"), []
        else:
            lines.append(line)
    yield title, lines


class _Block:
    """The lines between two separators."""

    def __init__(self, title: str, lines: list[str], document: HttpDocument) -> None:
        self._title = title
        self._lines = lines
        self._document = document
        self._at = 0
        self._name = ""
        self._has_script_before = False

    def has_request(self) -> bool:
        """Go to the next request line; False at the end of the block."""
        self._name, self._has_script_before = "", False
        while self._at < len(self._lines):
            line = self._lines[self._at].strip()
            if match := _NAME.match(line):
                self._name = match[1]
            elif match := _VARIABLE.fullmatch(line):
                self._document.variables[match[1]] = match[2]
            elif line.startswith(("<", "{{@", "{{+")) or line in {"{{", "}}"}:
                self._has_script_before = True
                self._script()
                continue
            elif line and not line.startswith(("#", "//")) and not _HANDLER.fullmatch(line):
                match = _LINE.fullmatch(line)
                if match and (match[1] or _ADDRESS.match(line)):
                    return True
                self._document.unread.append(line)
            self._at += 1
        return False

    def request(self) -> HttpText:
        """The request that begins here."""
        line = self._lines[self._at].strip()
        self._at += 1
        if line.lower().startswith("curl "):
            command = [line, *self._rest()]
            return HttpText(method="CURL", url="", body="\n".join(command))
        match = _LINE.fullmatch(line)
        assert match is not None
        url = match[2].strip()
        while (more := self._line()).strip() and (more[:1].isspace() or more[:1] in {"?", "&"}):
            if _HEADER.fullmatch(more.strip()) and more.strip()[:1] not in {"?", "&", "/"}:
                break
            url += more.strip()
            self._at += 1
        request = HttpText(
            name=self._name or ("" if " " in self._title else self._title), title=self._name or self._title,
            method=(match[1] or "GET").upper(), url=url, is_script_elsewhere=self._has_script_before,
        )  # fmt: skip
        self._title = ""
        self._read_headers(request)
        lines = self._rest()
        if all(not line.strip() or line.lstrip().startswith(("#", "//")) for line in lines):
            lines = []  # notes of the writer
        request.body = "\n".join(lines).strip("\n")
        self._read_handlers(request)
        return request

    def _line(self) -> str:
        return self._lines[self._at] if self._at < len(self._lines) else ""

    def _read_headers(self, request: HttpText) -> None:
        while self._at < len(self._lines) and (line := self._line().strip()):
            match = _HEADER.fullmatch(line)
            if match is None and not line.startswith(("#", "//")):
                return
            if match is not None and not line.startswith("#"):
                request.headers.append((match[1], match[2]))
            self._at += 1

    def _rest(self) -> list[str]:
        """The lines of the body."""
        began = self._at
        while self._at < len(self._lines):
            line = self._line().rstrip()
            begins = self._at == began or not self._lines[self._at - 1].strip()
            if _HANDLER.fullmatch(line) or (begins and (_NEXT.fullmatch(line) or _VARIABLE.fullmatch(line))):
                break
            self._at += 1
        return self._lines[began : self._at]

    def _read_handlers(self, request: HttpText) -> None:
        while self._at < len(self._lines):
            line = self._line().strip()
            if line.startswith(("> {%", ">{%", "{{")):
                request.script += self._script()
            elif _HANDLER.fullmatch(line):
                request.script += f"{line}\n" if line.startswith("??") else ""
                request.is_script_elsewhere |= line.startswith("> ")
                self._at += 1
            elif line and not line.startswith(("#", "//")):
                return
            else:
                self._at += 1

    def _script(self) -> str:
        """What stands between {% and %}, or {{ and }}; a line that names a file is all of it."""
        line = self._line().strip()
        end = "%}" if "{%" in line else "}}" if line.startswith("{{") else ""
        began = self._at
        while end and end not in self._line() and self._at < len(self._lines):
            self._at += 1
        self._at += 1
        return "\n".join(self._lines[began : self._at]) + "\n"
