"""`{{...}}` of .http files and Postman as text of a preset: of the file, of the editor, of earlier responses."""

from __future__ import annotations

import re

from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.importing.found import LONGEST_NAME, NO_SERVER, Finding, FoundRequest, literal, variable_name
from perftui.presets.json_path import JsonPath
from perftui.presets.redaction import is_secret_field

BRACES = re.compile(r"\{\{\s*([^{}]{1,300}?)\s*\}\}")
_RESPONSE = re.compile(r"([\w-]+)\.response\.(body|headers)[.\[](.+)")
_KEPT = re.compile(
    r"""client\.global\.set\(\s*["']([\w.$-]+)["']\s*,\s*response\.(?:"""
    r"""body(?P<path>(?:\.[A-Za-z_$][\w$]*|\[\d+\]|\[["'][^"'\]]+["']\])*)"""
    r"""|headers\.valueOf\(\s*["'](?P<header>[\w-]+)["']\s*\))\s*\)"""
)
_STATUS = re.compile(r"(?:response\.|\?\?\s*)status\s*={2,3}\s*(\d{3})\b")
_TAKEN = {"HOME", "HOST", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "USER", "USERNAME"}
"""Variables that every environment has, and means something else by."""
_MOST_DEPTH = 10
_MOST_VALUES = 2000
"""In one text: variables may lead to each other."""


_DYNAMIC = {
    "guid": "${uuid}", "uuid": "${uuid}", "random.uuid": "${uuid}", "random.hexadecimal": "${uuid}",
    "randomuuid": "${uuid}", "timestamp": "${now:s}", "isotimestamp": "${now:iso}", "datetime": "${now:iso}",
    "localdatetime": "${now:iso}", "randomint": "${rand:0..1000}", "random.email": "${fake:email}",
    "random.alphabetic": "${fake:word}", "random.alphanumeric": "${fake:word}", "randomfirstname": "${fake:first_name}",
    "randomlastname": "${fake:last_name}", "randomfullname": "${fake:name}", "randomemail": "${fake:email}",
    "randomusername": "${fake:username}", "randomphonenumber": "${fake:phone}", "randomcity": "${fake:city}",
    "randomcountry": "${fake:country}", "randomstreetaddress": "${fake:street}", "randomstreetname": "${fake:street}",
    "randomcompanyname": "${fake:company}", "randomjobtitle": "${fake:job}", "randomword": "${fake:word}",
    "randomwords": "${fake:sentence}", "randomloremword": "${fake:word}", "randomloremsentence": "${fake:sentence}",
    "randomloremparagraph": "${fake:paragraph}", "randomcolor": "${fake:color}", "randomurl": "${fake:url}",
    "randomip": "${fake:ip}", "randompassword": "${fake:password}", "randomboolean": "${choice:true|false}",
    "randomprice": "${rand:0.00..1000.00}", "randomexampleemail": "${fake:email}",
}  # fmt: skip
"""Values that editors make anew for each request."""


class UnknownValueError(ValueError):
    """A value that cannot come from anywhere; the message says why."""


class HttpValues:
    """What `{{...}}` stands for, as far as the file has been read."""

    def __init__(self, variables: dict[str, str], finding: Finding) -> None:
        self._variables = variables
        self._finding = finding
        self._left = 0
        self._named: dict[str, FoundRequest] = {}
        self._kept: dict[str, tuple[FoundRequest, dict[str, str]]] = {}

    def knows(self, name: str) -> bool:
        """Whether the file says what a name stands for."""
        return name in self._variables or name in self._kept

    def text(self, text: str, depth: int = 0) -> str:
        """Preset text: {{...}} become values or placeholders, all else is literal.

        Raises:
            UnknownValueError: a response is asked for that no request above has.
        """
        self._left = self._left if depth else _MOST_VALUES
        pieces = []
        position = 0
        for match in BRACES.finditer(text):
            self._left -= 1
            if self._left < 0:
                raise UnknownValueError("its variables lead to each other without end")
            pieces += [literal(text[position : match.start()]), self._value(match[1], depth)]
            position = match.end()
        return "".join([*pieces, literal(text[position:])])

    def url(self, text: str) -> str:
        """A URL, with a host when the file leaves it to an environment of the editor.

        Raises:
            UnknownValueError: as text.
        """
        first = BRACES.match(text)
        if first and not first[1].startswith("$") and not self.knows(first[1]):
            rest = text[first.end() :]
            if rest.startswith("://"):
                return f"http{self.text(rest)}"
            self._finding.notes.append(f"{first[0]} names the host; set target.url or give a URL on the command line")
            return NO_SERVER + self.text(rest).replace(" ", "%20")
        url = self.text(text).replace(" ", "%20")
        return url if "://" in url or url.startswith("/") else f"http://{url}"

    def keep(self, name: str, request: FoundRequest, source: dict[str, str]) -> None:
        """A value that a request's script keeps: a capture without its name."""
        self._kept[name] = request, {"name": _variable(name), **source}

    def learn(self, name: str, script: str, request: FoundRequest) -> None:
        """What later requests may take from a response: by the request's name, or because its script keeps it."""
        if name:
            self._named[name] = request
        for match in _KEPT.finditer(script):
            source = {"header": match["header"]} if match["header"] else {"json": f"${match['path'] or ''}"}
            self.keep(match[1], request, source)
        request.statuses = sorted({int(match[1]) for match in _STATUS.finditer(script)})

    def _value(self, name: str, depth: int) -> str:
        if name in self._kept:
            return self._capture(*self._kept[name])
        if name in self._variables and depth < _MOST_DEPTH:
            value = self._variables[name]
            if value and is_secret_field(name) and not BRACES.search(value):
                return self._finding.secret(name, value)
            return self.text(value, depth + 1)
        if name.startswith("$"):
            return self._dynamic(name)
        if match := _RESPONSE.fullmatch(name):
            return self._of_response(match[1], match[2], match[3])
        return self._from_environment(name, name)

    def _from_environment(self, word: str, name: str) -> str:
        """What only the editor knows comes from the environment."""
        variable = variable_name(word, "VALUE")
        variable = f"V_{variable}" if variable in _TAKEN else variable
        if variable != name.upper():
            told = safe_text(name, 60)
            self._finding.notes.append(f"{{{{{told}}}}} is taken from the environment variable {variable}")
        return f"${{env:{variable}}}"

    def _dynamic(self, name: str) -> str:
        word, _, arguments = name[1:].partition(" ")
        word, _, more = word.partition("(")
        numbers = re.findall(r"-?\d{1,15}", f"{more} {arguments}")
        match word.lower():
            case "randomint" | "random.integer" if len(numbers) >= 2:
                low, high = map(int, numbers[:2])
                return f"${{rand:{low}..{max(low, high - 1)}}}"
            case "random.integer":
                return "${rand:0..999}"
            case "random.float":
                low, high = map(int, numbers[:2]) if len(numbers) >= 2 else (0, 1000)
                return f"${{rand:{low}.00..{max(low, high)}.00}}"
            case "processenv" | "dotenv" if variable := re.sub(r"\W+", "_", arguments, flags=re.ASCII).strip("_"):
                return f"${{env:{variable[:LONGEST_NAME]}}}"
            case known if known in _DYNAMIC:
                return _DYNAMIC[known]
            case _:
                return self._from_environment(word, name)

    def _of_response(self, request: str, part: str, source: str) -> str:
        """A value of an earlier response: that request captures it."""
        found = self._named.get(request)
        if found is None:
            raise UnknownValueError(f"no request above is named {safe_text(request, 60)!r}")
        source = source.strip("[]'\"") if part == "headers" else source
        capture = {"name": _variable(f"{request}_{source}")}
        if part == "headers":
            if texts.header_name_problem(source):
                raise UnknownValueError(f"{safe_text(source, 60)!r} is no header")
            capture["header"] = source
        else:
            capture["json"] = "$" if source == "*" else source
        return self._capture(found, capture)

    def _capture(self, request: FoundRequest, capture: dict[str, str]) -> str:
        if path := capture.get("json", ""):
            try:
                JsonPath.compile(path)
            except ValueError as error:
                raise UnknownValueError(str(error)) from error
        self._finding.is_journey = True
        if capture not in request.captures:
            request.captures.append(capture)
        return f"${{{capture['name']}}}"


def _variable(text: str) -> str:
    variable = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:60]
    return f"v_{variable}"[:60] if texts.variable_problem(variable) else variable
