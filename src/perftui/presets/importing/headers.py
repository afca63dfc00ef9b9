"""Which headers of a request that was found are sent, and which of them every request has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import unquote

from perftui.presets import texts
from perftui.presets.importing.found import Finding, FoundRequest
from perftui.presets.redaction import is_secret_field, is_secret_header

_PARAMETER = re.compile(r"([?&]([^=&?#\s]{1,100})=)([^&#\s\"']+)")
_OF_ENVIRONMENT = re.compile(r"\$\{(?:env|file):[^}]*\}")
_OF_CONNECTIONS = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length"}


class HeaderReader:
    """Reads the headers of requests: all are kept, but for those of the connection, which perftui makes itself."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    def kept(self, request: FoundRequest, host: str, own_type: str) -> dict[str, str]:
        """The headers of a request as a preset has them.

        Args:
            request: as it was found.
            host: of its URL.
            own_type: the Content-Type that perftui sends for its body without being told.
        """
        found: dict[str, str] = {}
        spelled: dict[str, str] = {}
        for name, value in request.headers:
            lower = name.lower()
            if not self._is_sent(name, value, host, own_type):
                continue
            known = spelled.setdefault(lower, name)
            if known not in found:
                found[known] = value.strip(" \t")
            elif lower == "cookie":
                found[known] += f"; {value}"
            else:
                found[known] += f", {value}"
                self._finding.notes.append(f"{known} comes more than once; it is sent once, with all values")
        return {name: self._hidden(name, value) for name, value in found.items()}

    def _is_sent(self, name: str, value: str, host: str, own_type: str) -> bool:
        """Whether a header is written into the preset; one that is not is told, unless the same is sent anyway."""
        lower = name.lower()
        if name.startswith(":"):
            return False  # of HTTP/2: the request line
        if lower == "host":
            return value != host
        if lower == "content-type" and own_type:
            is_same = value == own_type or (own_type == "multipart/form-data" and value.startswith(own_type))
            if not is_same and own_type == "multipart/form-data":
                self._finding.omit("as the parts of a form have their own", f"{name}: {value}")
            return not is_same and own_type != "multipart/form-data"
        if lower in _OF_CONNECTIONS:
            if lower != "content-length" and value.lower() not in {"keep-alive", "close"}:
                self._finding.omit("headers of the connection, which perftui makes itself", f"{name}: {value}")
            return False
        if problem := texts.header_name_problem(name) or texts.header_value_problem(value):
            self._finding.omit(f"as it {problem}", f"header {name}")
        return not problem

    def _hidden(self, name: str, value: str) -> str:
        if name.lower() == "authorization":
            scheme, space, rest = value.partition(" ")
            variable = {"bearer": "API_TOKEN", "basic": "BASIC_AUTH"}.get(scheme.lower(), "AUTHORIZATION")
            return f"{scheme} {self._secret(variable, rest)}" if space else self._secret(variable, value)
        if is_secret_header(name):
            return self._secret(name, value)
        return _PARAMETER.sub(self._hidden_parameter, value)

    def _hidden_parameter(self, match: re.Match[str]) -> str:
        """A parameter of a URL in a header, such as that of the page before."""
        is_secret = is_secret_field(unquote(match[2])) and "${" not in match[3]
        return f"{match[1]}{self._secret(match[2], match[3])}" if is_secret else match[0]

    def _secret(self, name: str, value: str) -> str:
        """The environment variable of a secret; text with a placeholder has its own."""
        return value if not value or "${" in value else self._finding.secret(name, value)


def move_shared(steps: Sequence[dict[str, dict[str, str]]]) -> dict[str, str]:
    """Take out of the requests what most of them say alike; only headers that every one of them has."""
    every = [step.get("headers", {}) for step in steps]
    names = Counter(name for headers in every for name in headers if name.lower() != "content-type")
    shared: dict[str, str] = {}
    for name, count in names.items():
        value, same = Counter(headers.get(name, "") for headers in every).most_common(1)[0]
        # What a response gives, or what is new for each request, is no setting of a target.
        is_constant = "${" not in _OF_ENVIRONMENT.sub("", value.replace("${$}", ""))
        if count == len(every) and same > len(every) / 2 and is_constant:
            shared[name] = value
    for step in steps:
        own = {name: value for name, value in step.get("headers", {}).items() if shared.get(name) != value}
        if own:
            step["headers"] = own
        else:
            step.pop("headers", None)
    return shared
