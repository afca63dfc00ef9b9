"""`.http` and `.rest` files of editors: requests between lines of ###, with variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest, literal
from perftui.presets.importing.whole_preset import preset_of
from perftui.presets.json_path import JsonPath

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY"
_LINE = re.compile(rf"(?:({_METHODS})\s+)?(\S.*?)(?:\s+HTTP/[0-9.]+)?", re.IGNORECASE)
_NAME = re.compile(r"(?:#|//)\s*@name[\s=]+(\S+)")
_VARIABLE = re.compile(r"@([\w.-]+)\s*=\s*(.*)")
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*(.*)")
_BRACES = re.compile(r"\{\{\s*([^{}]{1,300}?)\s*\}\}")
_RESPONSE = re.compile(r"([\w-]+)\.response\.(body|headers)\.(.+)")
_MOST_DEPTH = 10


def import_http_file(text: str, name: str = "imported") -> str:
    """The preset of a .http file; requests that use an earlier one's response become a journey.

    Raises:
        UsageError: no request that can be read.
    """
    return preset_of(_Reader(text.removeprefix("\ufeff")).finding(), name, "a .http file")


class _Reader:
    """Reads the requests and follows their variables."""

    def __init__(self, text: str) -> None:
        self._finding = Finding(requests=[], target={}, notes=[])
        self._variables: dict[str, str] = {}
        self._named: dict[str, FoundRequest] = {}
        self._blocks = list(_blocks(text))

    def finding(self) -> Finding:
        """All that was found."""
        for lines in self._blocks:
            for line in lines:
                if match := _VARIABLE.fullmatch(line.strip()):
                    self._variables[match[1]] = match[2]
        for lines in self._blocks:
            self._read(lines)
        return self._finding

    def _read(self, lines: list[str]) -> None:
        name, rest = self._head(lines)
        if not rest:
            return
        first, *after = rest
        match = _LINE.fullmatch(first.strip())
        if match is None:
            raise UsageError(f"no request line: {safe_text(first, 80)}")
        url = match[2]
        while after and after[0].strip()[:1] in {"?", "&"} and after[0][:1].isspace():
            url += after.pop(0).strip()
        request = FoundRequest(
            name=name, method=(match[1] or "GET").upper(), url=self._url(url.partition("#")[0]),
            headers=[], fields=[], parts=[], statuses=[], captures=[],
        )  # fmt: skip
        while after and (header := _HEADER.fullmatch(after[0].strip())):
            request.headers.append((header[1], self._text(header[2])))
            after.pop(0)
        if request.url.startswith("/"):
            host = next((value for header, value in request.headers if header.lower() == "host"), "")
            request.url = f"http://{host}{request.url}" if host else f"{NO_SERVER}{request.url}"
        self._body(request, after)
        if name:
            self._named[name] = request
        self._finding.requests.append(request)

    def _url(self, text: str) -> str:
        """The URL, with a host when the file leaves it to an environment of the editor."""
        first = _BRACES.match(text)
        if first and first[1] not in self._variables:
            self._finding.notes.append(
                f"{{{{{safe_text(first[1], 60)}}}}} names the host; set target.url or give a URL on the command line"
            )
            return NO_SERVER + self._text(text[first.end() :]).replace(" ", "%20")
        url = self._text(text).replace(" ", "%20")
        return url if "://" in url or url.startswith("/") else f"http://{url}"

    def _head(self, lines: list[str]) -> tuple[str, list[str]]:
        """The name, and the lines from the request line on."""
        name = ""
        for number, line in enumerate(lines):
            stripped = line.strip()
            if match := _NAME.match(stripped):
                name = match[1]
            elif stripped and not stripped.startswith(("#", "//", "@", "<", "client.", "%}")):
                return name, lines[number:]
        return name, []

    def _body(self, request: FoundRequest, lines: list[str]) -> None:
        kept = []
        for line in lines:
            if line.startswith(("> ", ">> ", "<> ")) or line.strip() == ">{%":
                if line.startswith("> "):
                    self._finding.notes.append(
                        "left out: scripts that run on a response; write checks and captures instead"
                    )
                break
            kept.append(line)
        body = "\n".join(kept).strip("\n")
        if body.startswith(("< ", "<@ ")):
            request.body_file = body.split(maxsplit=1)[1].strip()
            return
        kind = next((value for header, value in request.headers if header.lower() == "content-type"), "")
        if "x-www-form-urlencoded" in kind:
            pairs = parse_qsl(body.replace("\n", ""), keep_blank_values=True)
            if len({name for name, _ in pairs}) == len(pairs):
                request.fields = [(name, self._text(value)) for name, value in pairs]
                return
        request.body = self._text(body)
        if body.lstrip()[:1] in {"{", "["} and not kind:
            request.headers.append(("Content-Type", "application/json"))

    def _text(self, text: str, depth: int = 0) -> str:
        """Preset text: {{...}} become values or placeholders, all else is literal."""
        pieces = []
        position = 0
        for match in _BRACES.finditer(text):
            pieces += [literal(text[position : match.start()]), self._value(match[1], depth)]
            position = match.end()
        return "".join([*pieces, literal(text[position:])])

    def _value(self, name: str, depth: int) -> str:
        if name in self._variables and depth < _MOST_DEPTH:
            return self._text(self._variables[name], depth + 1)
        if name.startswith("$"):
            return self._dynamic(name)
        if match := _RESPONSE.fullmatch(name):
            return self._captured(match[1], match[2], match[3])
        return self._from_environment(name, name)

    def _from_environment(self, word: str, name: str) -> str:
        """What only the editor knows comes from the environment."""
        variable = re.sub(r"\W+", "_", word).strip("_").upper() or "VALUE"
        variable = f"V_{variable}" if variable[0].isdecimal() else variable
        self._finding.notes.append(f"{{{{{safe_text(name, 60)}}}}} is taken from the environment variable {variable}")
        return f"${{env:{variable}}}"

    def _dynamic(self, name: str) -> str:
        word, _, arguments = name[1:].partition(" ")
        numbers = re.findall(r"-?\d{1,15}", arguments or name)
        match word.partition("(")[0].lower():
            case "guid" | "uuid" | "random.uuid":
                return "${uuid}"
            case "randomint" | "random.integer":
                low, high = map(int, numbers[:2]) if len(numbers) >= 2 else (0, 1000)
                return f"${{rand:{low}..{max(low, high - 1)}}}"
            case "timestamp":
                return "${now:s}"
            case "isotimestamp" | "datetime" | "localdatetime":
                return "${now:iso}"
            case "processenv" | "dotenv" if variable := re.sub(r"\W+", "_", arguments.strip(" %")).strip("_"):
                return f"${{env:{variable}}}"
            case "random.email":
                return "${fake:email}"
            case "random.alphabetic" | "random.alphanumeric":
                return "${fake:word}"
            case _:
                return self._from_environment(word, name)

    def _captured(self, request: str, part: str, source: str) -> str:
        """A value of an earlier response: that request captures it."""
        found = self._named.get(request)
        if found is None:
            raise UsageError(f"{{{{{request}.response...}}}}: no request above is named {safe_text(request, 60)!r}")
        self._finding.is_journey = True
        variable = re.sub(r"[^A-Za-z0-9]+", "_", f"{request}_{source}").strip("_")[:60]
        if texts.variable_problem(variable):
            variable = f"v_{variable}"[:60]
        capture = {"name": variable}
        if part == "headers":
            capture["header"] = source
        else:
            path = "$" if source == "*" else source
            try:
                JsonPath.compile(path)
            except ValueError as error:
                raise UsageError(str(error)) from error
            capture["json"] = path
        if capture not in found.captures:
            found.captures.append(capture)
        return f"${{{variable}}}"


def _blocks(text: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("###"):
            yield lines
            title = line.strip("# \t")
            lines = [f"# @name {title}"] if title and " " not in title else []
        else:
            lines.append(line.rstrip())
    yield lines
