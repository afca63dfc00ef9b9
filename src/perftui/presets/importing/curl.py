"""curl commands, as typed, as documentation of services has them, or as copied from a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.presets import texts
from perftui.presets.importing.bodies import content_type, use_body
from perftui.presets.importing.curl_options import NOT_DONE, read_options
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest, short_url
from perftui.presets.importing.shell import commands, holds_variable, leading_variable, plain_text, preset_text, quoted
from perftui.presets.importing.whole_preset import preset_of

_BEFORE_CURL = re.compile(r"[$%!]|sudo|time|exec|if|then|else|do|[A-Za-z_]\w*=.*", re.DOTALL)
_ATTRIBUTE = re.compile(r";\s*(type|filename)=(\"[^\"]*\"|[^;]*)")
_CONTENT_OF = re.compile(r"<[^}]+")
_SECONDS = re.compile(r"[1-9]\d{0,2}(\.\d{1,3})?|0\.\d{0,2}[1-9]")
_DATA = {"--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json"}


def import_curl(text: str, name: str = "imported") -> str:
    """The preset of one or several curl commands.

    Raises:
        UsageError: no curl command, or one that cannot be read.
    """
    finding = Finding()
    add_commands(text, finding)
    if not finding.requests:
        raise UsageError("no curl command was found; it starts with the word curl and has a URL", *finding.comments())
    return preset_of(finding, name, "a curl command" if len(finding.requests) == 1 else "curl commands")


def add_commands(text: str, finding: Finding) -> None:
    """Add the requests of every curl command in a text.

    Raises:
        UsageError: a command cannot be read.
    """
    try:
        for words in commands(text):
            for arguments in _arguments(words):
                finding.requests += _Command(finding, arguments).requests()
    except ValueError as error:
        raise UsageError(f"the curl command cannot be read: {error}") from error


def _arguments(words: list[str]) -> Iterator[list[str]]:
    """What stands after the word curl, once for each part between `--next`."""
    while words and _BEFORE_CURL.fullmatch(words[0]):
        words = words[1:]
    if not words or PurePath(words[0]).name.lower() not in {"curl", "curl.exe"}:
        return
    part: list[str] = []
    for word in [*words[1:], "--next"]:
        if word in {"--next", "-:"}:
            yield part
            part = []
        else:
            part.append(word)


class _Command:
    """One curl command. Its words keep their variables until they are written."""

    def __init__(self, finding: Finding, words: list[str]) -> None:
        self._finding = finding
        self._request = FoundRequest(url="")
        self._target: dict[str, Any] = {}
        self._urls: list[str] = []
        self._method = ""
        self._data: list[str] = []
        self._separator = "&"
        self._queries: list[str] = []
        self._user: str | None = None
        self._proxy = ""
        self._proxy_user = ""
        self._is_digest = False
        self._gets = False
        for option, value in read_options(words):
            self._take(option, value)

    def requests(self) -> list[FoundRequest]:
        """The requests that the command sends: one for each URL."""
        request = self._request
        if self._gets:
            self._queries += self._data
            self._data = []
        if self._user is not None:
            user, colon, password = self._user.partition(":")
            self._use_user(user, password if colon else "asked for")
        if self._proxy:
            self._use_proxy(self._proxy)
        has_body = self._data or request.parts or request.body_file
        request.method = self._method or ("POST" if has_body else "GET")
        found = []
        for url in self._urls:
            pairs = "&".join(self._queries)
            whole = f"{self._with_server(url)}{('&' if '?' in url else '?') * bool(pairs)}{pairs}"
            own = {"headers": [*request.headers], "parts": [*request.parts], "target": self._target}
            found.append(replace(request, url=preset_text(whole), **own))
        if not found:
            self._finding.omit("as they have no URL", "curl")
        elif self._data:
            self._use_data(found)
        return found

    def _take(self, option: str, value: str) -> None:
        request, target, text = self._request, self._target, preset_text(value)
        match option:
            case "" | "--url":
                self._urls.append(value)
            case "--request":
                self._method = value.upper()
            case "--head":
                self._method = self._method or "HEAD"
            case "--get":
                self._gets = True
            case "--digest":
                self._is_digest = True
            case "--header" if value.startswith("@"):
                self._finding.omit("headers of a file", plain_text(value[1:]))
            case "--header":
                name, _, content = value.partition(":")
                request.headers.append((name.strip(), preset_text(content.strip())))
            case "--cookie" if "=" in value:
                request.headers.append(("Cookie", text))
            case "--cookie" if value:
                self._finding.omit("cookies of a file", plain_text(value))
            case "--referer":
                request.headers.append(("Referer", text))
            case "--range":
                request.headers.append(("Range", f"bytes={text}"))
            case "--user":
                self._user = value
            case "--oauth2-bearer":
                request.headers.append(("Authorization", f"Bearer {text}"))
            case "--insecure":
                target.setdefault("tls", {})["insecure"] = True
            case "--cert" | "--key" | "--cacert":
                key = {"--cert": "cert_file", "--key": "key_file", "--cacert": "ca_file"}[option]
                target.setdefault("tls", {})[key] = plain_text(value).partition(":")[0]
            case "--proxy":
                self._proxy = value
            case "--proxy-user":
                self._proxy_user = value
            case "--unix-socket":
                target["unix_socket"] = plain_text(value)
            case "--max-time" if _SECONDS.fullmatch(value):
                target["timeout"] = f"{value}s"
            case "--form" | "--form-string":
                request.parts.append(_part(value, files=option == "--form"))
            case "--upload-file":
                request.body_file = plain_text(value)
                self._method = self._method or "PUT"
            case "--location" | "--location-trusted":
                self._finding.notes.append(f"no redirect is followed ({option}): name the final URL")
            case "--url-query":
                self._queries.append(_urlencoded(value))
            case _ if option in _DATA:
                self._take_data(option, value)
            case _ if option in NOT_DONE:
                self._finding.omit("as perftui does not do it", option)
            case _:
                pass  # about curl's own output

    def _take_data(self, option: str, value: str) -> None:
        if option == "--json":
            self._separator = ""  # its pieces make one document, those of all others a form
            self._request.headers += [("Content-Type", "application/json"), ("Accept", "application/json")]
        if option == "--data-urlencode" and "@" in value and "=" not in value.partition("@")[0]:
            self._finding.omit("a part of the body that is in a file", plain_text(value.partition("@")[2]))
        elif option == "--data-urlencode":
            self._data.append(_urlencoded(value))
        elif not value.startswith("@") or option == "--data-raw":
            self._data.append(value)
        elif value == "@-" or self._request.body_file:
            self._finding.omit("a part of the body that is elsewhere", plain_text(value[1:]))
        else:
            self._request.body_file = plain_text(value[1:])

    def _use_data(self, found: list[FoundRequest]) -> None:
        data = self._separator.join(self._data)
        for request in found:
            if request.body_file:
                self._finding.omit("a part of the body beside a file", plain_text(data))
                continue
            if not content_type(request):
                # curl sends a form's type for JSON as well; the service can hardly want it.
                kind = "json" if data.lstrip()[:1] in {"{", "["} else "x-www-form-urlencoded"
                request.headers.append(("Content-Type", f"application/{kind}"))
            if lost := use_body(request, data, preset_text):
                self._finding.omit(lost, f"{request.method} {short_url(request.url)}")

    def _with_server(self, url: str) -> str:
        """The URL with scheme and host, and without a user."""
        name, rest = leading_variable(url)
        if name:
            self._finding.notes.append(f"${name} is the server; set target.url or give a URL on the command line")
            return NO_SERVER + rest
        url = url if "://" in url or url.startswith("data:") else f"http://{url}"
        parts = urlsplit(url)
        if parts.username is None:
            return url
        self._use_user(parts.username, parts.password or "")
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def _use_user(self, user: str, password: str) -> None:
        """A user with an empty password is a key."""
        name = preset_text(user) if user and (password or holds_variable(user)) else "${env:API_KEY}"
        secret = preset_text(password) if holds_variable(password) else "${env:PASSWORD}" if password else ""
        self._target["auth"] = {"digest" if self._is_digest else "basic": {"user": name, "password": secret}}

    def _use_proxy(self, proxy: str) -> None:
        scheme, _, rest = proxy.rpartition("://")
        user, at, host = rest.rpartition("@")
        if scheme not in {"", "http"} or (not holds_variable(host) and texts.proxy_problem(f"http://{host}")):
            self._finding.omit("as perftui does not do it", f"--proxy {plain_text(host)}")
            return
        user = "${env:PROXY_USER}:${env:PROXY_PASSWORD}@" if at or self._proxy_user else ""
        self._target["proxy"] = f"http://{user}{preset_text(host)}"


def _urlencoded(value: str) -> str:
    name, equals, text = value.partition("=")
    if not equals:
        return quoted(value)
    return f"{name}={quoted(text)}" if name else quoted(text)


def _part(text: str, *, files: bool) -> dict[str, Any]:
    name, _, value = text.partition("=")
    part: dict[str, Any] = {"name": preset_text(name)}
    if not files:
        return part | {"value": preset_text(value)}
    attributes = {match[1]: match[2].strip().strip('"') for match in _ATTRIBUTE.finditer(value)}
    value = _ATTRIBUTE.sub("", value)
    if value.startswith("@"):
        part["file"] = plain_text(value[1:]).strip('"')
    elif _CONTENT_OF.fullmatch(plain_text(value)):
        part["value"] = f"${{file:{plain_text(value[1:])}}}"
    else:
        part["value"] = preset_text(value.strip('"'))
    for key, attribute in attributes.items():
        part["content_type" if key == "type" else "filename"] = preset_text(attribute)
    return part
