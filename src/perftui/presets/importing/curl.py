"""curl commands, as typed or as copied from a browser."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.importing.bodies import content_type, use_body
from perftui.presets.importing.found import Finding, FoundRequest, literal, short_url
from perftui.presets.importing.whole_preset import preset_of

_ANSI_C = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_WITH_VALUE = {
    "-X": "--request", "-H": "--header", "-d": "--data", "-F": "--form", "-u": "--user", "-b": "--cookie",
    "-A": "--user-agent", "-e": "--referer", "-x": "--proxy", "-m": "--max-time", "-o": "--output", "-E": "--cert",
    "-w": "--write-out", "-T": "--upload-file", "-c": "--cookie-jar", "-D": "--dump-header", "-r": "--range",
}  # fmt: skip
_LONG_WITH_VALUE = {
    *_WITH_VALUE.values(), "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json", "--form-string",
    "--url", "--key", "--cacert", "--unix-socket", "--oauth2-bearer", "--connect-timeout", "--retry", "--resolve",
    "--proxy-user", "--max-redirs", "--interface", "--limit-rate", "--ciphers", "--tls-max", "--retry-delay",
}  # fmt: skip
_SHORT_FLAGS = {"-k": "--insecure", "-G": "--get", "-I": "--head", "-L": "--location"}
_DATA = {"--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json"}


def import_curl(text: str, name: str = "imported") -> str:
    """The preset of one or several curl commands.

    Raises:
        UsageError: no curl command, or one that cannot be read.
    """
    finding = Finding()
    for words in _commands(text):
        finding.requests.append(_Command(finding, words).request())
    if not finding.requests:
        raise UsageError("no curl command was found; it starts with the word curl")
    return preset_of(finding, name, "a curl command" if len(finding.requests) == 1 else "curl commands")


def _commands(text: str) -> Iterator[list[str]]:
    text = _ANSI_C.sub(lambda match: shlex.quote(_ansi_c(match[1])), text.replace("\\\r\n", " ").replace("\\\n", " "))
    # Windows' command line as browsers copy it: ^ before line ends and quotes.
    if "^\n" in text or '^"' in text:
        text = re.sub(r"\^\r?\n", " ", text).replace('^\\^"', '\\"').replace('^"', '"').replace("^%", "%")
    command: list[str] = []
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise UsageError(f"the curl command cannot be read: {error}") from error
    for word in [*words, ";"]:
        if word and set(word) <= set(";|&\n"):
            if command[:1] == ["curl"]:
                yield command[1:]
            command = []
        else:
            command.append(word)


def _ansi_c(text: str) -> str:
    """What bash makes of the inside of $'...'."""
    simple = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "e": "\x1b"}

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return simple.get(match[2], match[0])

    return re.sub(r"\\(?:[xu]([0-9A-Fa-f]{2,4})|(.))", one, text, flags=re.DOTALL)


class _Command:
    """One curl command."""

    def __init__(self, finding: Finding, words: list[str]) -> None:
        self._finding = finding
        self._request = FoundRequest(url="", headers=[], fields=[], parts=[], statuses=[], captures=[])
        self._method = ""
        self._data: list[str] = []
        self._get = False
        for option, value in _options(words):
            self._take(option, value)

    def request(self) -> FoundRequest:
        """The request the command sends."""
        request = self._request
        if not request.url:
            raise UsageError("the curl command has no URL")
        if "://" not in request.url:
            request.url = f"http://{request.url}"
        self._user_of_url()
        if self._get and self._data:
            request.url += ("&" if "?" in request.url else "?") + "&".join(self._data)
        elif self._data:
            self._use_data("&".join(self._data))
        has_body = request.body or request.fields or request.parts or request.body_file
        request.method = self._method or ("POST" if has_body else "GET")
        return request

    def _take(self, option: str, value: str) -> None:
        request, target = self._request, self._finding.target
        match option:
            case "" | "--url":
                request.url = request.url or literal(value)
            case "--request":
                self._method = value.upper()
            case "--head":
                self._method = "HEAD"
            case "--get":
                self._get = True
            case "--header":
                name, _, text = value.partition(":")
                request.headers.append((name.strip(), literal(text.strip())))
            case "--cookie" if "=" in value:
                request.headers.append(("Cookie", literal(value)))
            case "--referer":
                request.headers.append(("Referer", literal(value)))
            case "--user":
                user, _, password = value.partition(":")
                target["auth"] = {"basic": {"user": literal(user), "password": "${env:PASSWORD}" if password else ""}}
            case "--oauth2-bearer":
                request.headers.append(("Authorization", f"Bearer {literal(value)}"))
            case "--insecure":
                target.setdefault("tls", {})["insecure"] = True
            case "--cert" | "--key" | "--cacert":
                key = {"--cert": "cert_file", "--key": "key_file", "--cacert": "ca_file"}[option]
                target.setdefault("tls", {})[key] = value.partition(":")[0]
            case "--proxy":
                target["proxy"] = literal(value if "://" in value else f"http://{value}")
            case "--unix-socket":
                target["unix_socket"] = value
            case "--max-time":
                target["timeout"] = f"{value}s"
            case "--form" | "--form-string":
                request.parts.append(_part(value, files=option == "--form"))
            case _ if option in _DATA:
                self._take_data(option, value)
            case "--location":
                self._finding.notes.append("-L: perftui does not follow redirects; name the final URL")
            case _:
                pass  # about curl's own output

    def _take_data(self, option: str, value: str) -> None:
        if option == "--json":
            self._request.headers += [("Content-Type", "application/json"), ("Accept", "application/json")]
        if value.startswith("@") and option not in {"--data-raw", "--data-urlencode"}:
            self._request.body_file = value[1:]
        elif option == "--data-urlencode":
            name, equals, text = value.partition("=")
            self._data.append(f"{name}={quote(text, safe='')}" if equals and name else quote(text or value, safe=""))
        else:
            self._data.append(value)

    def _use_data(self, data: str) -> None:
        request = self._request
        if not content_type(request):
            # curl sends a form's type for JSON as well; the service can hardly want it.
            is_json = data.lstrip()[:1] in {"{", "["}
            kind = "application/json" if is_json else "application/x-www-form-urlencoded"
            request.headers.append(("Content-Type", kind))
        if lost := use_body(request, data):
            self._finding.omit(lost, f"{request.method} {short_url(request.url)}")

    def _user_of_url(self) -> None:
        parts = urlsplit(self._request.url)
        if parts.username is None:
            return
        auth: dict[str, Any] = {"user": parts.username, "password": "${env:PASSWORD}"}
        self._finding.target["auth"] = {"basic": auth}
        self._request.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Long names and values; the URL has no name."""
    remaining = iter(words)
    for word in remaining:
        if not word.startswith("-") or word == "-":
            yield "", word
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            if name in _LONG_WITH_VALUE:
                yield name, value if equals else _next(remaining, name)
            else:
                yield name, ""
        else:
            yield from _short(word, remaining)


def _short(word: str, remaining: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Options of one letter, which may stand together: -sSLX POST."""
    for position, letter in enumerate(word[1:], 2):
        option = f"-{letter}"
        if option in _WITH_VALUE:
            yield _WITH_VALUE[option], word[position:] or _next(remaining, option)
            return
        yield _SHORT_FLAGS.get(option, option), ""


def _next(remaining: Iterator[str], option: str) -> str:
    value = next(remaining, None)
    if value is None:
        raise UsageError(f"the curl command ends after {safe_text(option, 40)}, which needs a value")
    return value


def _part(text: str, *, files: bool) -> dict[str, Any]:
    name, _, value = text.partition("=")
    if not files or not value.startswith("@"):
        return {"name": literal(name), "value": literal(value)}
    path, *attributes = value[1:].split(";")
    part: dict[str, Any] = {"name": literal(name), "file": path.strip('"')}
    for attribute in attributes:
        key, _, inner = attribute.strip().partition("=")
        if key in {"type", "filename"}:
            part["content_type" if key == "type" else "filename"] = literal(inner.strip('"'))
    return part
