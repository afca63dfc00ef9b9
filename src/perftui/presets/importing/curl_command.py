"""One curl command: what its options make of a request."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from perftui.presets import texts
from perftui.presets.importing.bodies import use_body
from perftui.presets.importing.curl_forms import form_part
from perftui.presets.importing.curl_options import KNOWN, NOT_DONE, read_options
from perftui.presets.importing.curl_urls import expanded, whole_url, without_dots
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest, literal, short_url, split_url
from perftui.presets.importing.shell_words import (
    holds_variable,
    leading_variable,
    plain_text,
    preset_text,
    quoted,
    quoted_path,
)

_SECONDS = re.compile(r"[1-9]\d{0,2}(\.\d{1,3})?|0\.\d{0,2}[1-9]")
_LINE_ENDS = re.compile(r"[\r\n\0]")
_DATA = {"--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json"}
_MOST_URLS = 200
_SENT_ANYWAY = {"user-agent", "accept", "host"}
_FORM = "application/x-www-form-urlencoded"


class Input(Struct, kw_only=True):
    """What a command reads from its input: a text, a file, or what is not known."""

    text: str | None = None
    file: str = ""
    what: str = ""


class CurlCommand:
    """One curl command. Its words keep their variables until they are written."""

    def __init__(self, finding: Finding, words: list[str], given: Input) -> None:
        self._finding = finding
        self._given = given
        self._request = FoundRequest(url="")
        self._target: dict[str, Any] = {}
        self._urls: list[str] = []
        self._method = ""
        self._data: list[str] | None = None
        self._data_file = ""
        self._separator = "&"
        self._queries: list[str] = []
        self._cookies: list[str] = []
        self._removed: set[str] = set()
        self._user: str | None = None
        self._proxy = ""
        self._proxy_user = ""
        self._flags: set[str] = set()
        self._uploads: list[str] = []
        self._request_target = ""
        for option, value in read_options(words):
            self._take(option, value)

    def requests(self) -> list[FoundRequest]:
        """The requests that the command sends: one for each URL."""
        request = self._request
        if "--get" in self._flags:
            self._queries += self._data or []
            self._data = None
        self._finish_headers()
        if self._proxy:
            self._use_proxy(self._proxy)
        has_body = self._data is not None or self._data_file or request.parts
        usual = "HEAD" if "--head" in self._flags else "PUT" if self._uploads else "POST" if has_body else "GET"
        request.method = self._method or usual
        found = []
        for number, url in enumerate(self._all_urls()):
            pairs = "&".join(self._queries)
            whole = f"{url}{('&' if '?' in url else '?') * bool(pairs)}{pairs}"
            own = {"headers": [*request.headers], "parts": [*request.parts], "target": {**self._target}}
            one = replace(request, url=preset_text(self._with_server(whole, number)), **own)
            if self._user is not None and not _has(one, "authorization"):
                user, colon, password = self._user.partition(":")
                one.target["auth"] = self._auth(user, password, is_asked=not colon)
            found.append(one)
        if not found:
            self._finding.omit("as they have no URL", "curl")
        for one in found:
            self._use_data(one)
        return found

    def _take(self, option: str, value: str) -> None:
        request, target, text = self._request, self._target, preset_text(value)
        match option:
            case "" | "--url":
                self._urls.append(value)
            case "--request":
                self._method = plain_text(value)
            case "--header":
                self._take_header(value)
            case "--cookie" if "=" in value:
                self._cookies.append(text)
            case "--cookie" if value:
                self._finding.omit("cookies of a file", plain_text(value))
            case "--user-agent":
                self._take_header(f"User-Agent: {value}")
            case "--referer":
                request.headers.append(("Referer", text.removesuffix(";auto")))
            case "--range":
                request.headers.append(("Range", f"bytes={text}"))
            case "--compressed":
                request.headers.append(("Accept-Encoding", "deflate, gzip, br, zstd"))
            case "--no-keepalive":
                pass  # of TCP, not of HTTP
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
                request.parts.append(form_part(value, self._finding, is_string=option == "--form-string"))
            case "--upload-file":
                self._uploads.append(value)
            case "--location" | "--location-trusted":
                self._finding.notes.append(f"no redirect is followed ({option}): add redirects = 5 to [target]")
            case "--url-query":
                self._queries.append(value[1:] if value.startswith("+") else _urlencoded(value))
            case "--request-target":
                self._request_target = value
            case _ if option in _DATA:
                self._take_data(option, value)
            case _ if option in NOT_DONE or option == "--max-time":
                self._finding.omit("as perftui does not do it", option)
            case _ if option in KNOWN:
                self._flags.add(option)
            case _:
                self._finding.omit("as they are no options of curl that are known", plain_text(option))

    def _take_header(self, value: str) -> None:
        name, colon, content = value.partition(":")
        name = plain_text(name).strip()
        if value.startswith("@"):
            self._finding.omit("headers of a file", plain_text(value[1:]))
        elif colon and content.strip():
            self._request.headers.append((name, preset_text(content.strip())))
        elif colon or not value.strip():
            self._removed.add(name.lower())  # curl leaves it out, even where it has one of its own
            if name.lower() in _SENT_ANYWAY:
                self._finding.omit("as perftui always sends them, what takes out the header", name)
        elif value.rstrip().endswith(";"):
            self._request.headers.append((name.rstrip("; "), ""))
        else:
            self._finding.omit("as it has no colon, the header", plain_text(value).partition(" ")[0])

    def _finish_headers(self) -> None:
        headers = self._request.headers
        if self._separator == "":
            for name in ("Content-Type", "Accept"):
                if not _has(self._request, name.lower()) and name.lower() not in self._removed:
                    headers.append((name, "application/json"))
        if self._cookies and not _has(self._request, "cookie"):
            headers.append(("Cookie", ";".join(self._cookies)))

    def _all_urls(self) -> list[str]:
        found: list[str] = []
        for url in self._urls:
            if "--globoff" in self._flags:
                found.append(url)
                continue
            urls, has_more = expanded(url, _MOST_URLS)
            found += urls
            if has_more:
                self._finding.omit(f"after the first {_MOST_URLS} of one URL", short_url(plain_text(url)))
        return found

    def _take_data(self, option: str, value: str) -> None:
        if option == "--json":
            self._separator = ""  # its pieces make one document, those of all others a form
        self._data = [] if self._data is None else self._data
        keeps_lines = option in {"--data-binary", "--json"}
        if option == "--data-urlencode" and "@" in value and "=" not in value.partition("@")[0]:
            self._take_encoded_file(*value.split("@", 1))
        elif option == "--data-urlencode":
            self._data.append(_urlencoded(value))
        elif not value.startswith("@") or option == "--data-raw":
            self._data.append(value)
        elif value == "@-":
            self._take_input(keeps_lines=keeps_lines)
        else:
            self._take_file(plain_text(value[1:]), keeps_lines=keeps_lines)

    def _take_encoded_file(self, name: str, path: str) -> None:
        assert self._data is not None
        if path == "-" and self._given.text is not None:
            self._data.append(f"{name}={quoted(self._given.text)}" if name else quoted(self._given.text))
        else:
            self._finding.omit("a part of the body that is in a file, encoded", plain_text(path))

    def _take_input(self, *, keeps_lines: bool) -> None:
        """What the command reads: with -d without its line ends."""
        assert self._data is not None
        if self._given.text is not None:
            self._data.append(self._given.text if keeps_lines else _LINE_ENDS.sub("", self._given.text))
        elif self._given.file:
            self._take_file(self._given.file, keeps_lines=keeps_lines)
        else:
            self._finding.omit("a body that is elsewhere", self._given.what)

    def _take_file(self, path: str, *, keeps_lines: bool) -> None:
        assert self._data is not None
        if not keeps_lines:
            self._finding.notes.append(f"line ends of {path} are sent as they are; curl -d leaves them out")
        if self._data or self._data_file:
            self._finding.omit("a part of the body that is a file beside others", path)
        else:
            self._data_file = path

    def _use_data(self, request: FoundRequest) -> None:
        told = f"{request.method} {short_url(request.url)}"
        if self._uploads:
            self._use_upload(request)
        elif self._data_file:
            request.body_file = self._data_file
            if self._data:
                self._finding.omit("a part of the body beside a file", self._data_file)
        if self._data is None:
            return
        data = self._separator.join(self._data)
        if not _has(request, "content-type") and "content-type" not in self._removed:
            request.headers.append(("Content-Type", _FORM))
            if data.lstrip()[:1] in {"{", "["}:
                self._finding.notes.append("curl -d says that its JSON is a form; say Content-Type where that is wrong")
        if not request.body_file and (lost := use_body(request, data, preset_text)):
            self._finding.omit(lost, told)

    def _use_upload(self, request: FoundRequest) -> None:
        path = plain_text(self._uploads[0])
        for other in self._uploads[1:]:
            self._finding.omit("a second file of one command", plain_text(other))
        if path in {"-", "."}:
            self._finding.notes.append("what curl sends in chunks is sent with its length")
            if self._given.text is not None:
                use_body(request, self._given.text, preset_text)
                return
            path = self._given.file
            if not path:
                self._finding.omit("a body that is elsewhere", self._given.what)
                return
        elif split_url(request.url)[2].endswith("/") or not split_url(request.url)[2]:
            scheme, host, folder, query = split_url(request.url)
            name = literal(quoted_path(PurePath(path).name))
            request.url = f"{scheme}://{host}{folder or '/'}{name}{'' if query is None else f'?{query}'}"
        request.body_file = path

    def _with_server(self, url: str, number: int) -> str:
        """The URL with scheme and host, and without a user."""
        name, rest = leading_variable(url)
        if name and "://" not in rest[:12]:
            self._finding.notes.append(f"${name} is the server; set target.url or give a URL on the command line")
            return NO_SERVER + rest
        url = whole_url(url)
        scheme, host, path, query = split_url(url)
        if scheme == "":
            return url
        user, at, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
        if at and self._user is None:
            self._user = ":".join(unquote(part) for part in user.split(":", 1)) + ("" if ":" in user else ":")
        if self._request_target and not number:
            return f"{scheme}://{host}{self._request_target}"
        path = path if "--path-as-is" in self._flags else without_dots(path)
        return f"{scheme}://{host}{path or '/'}{'' if query is None else f'?{query}'}"

    def _auth(self, user: str, password: str, *, is_asked: bool) -> dict[str, Any]:
        """Who we are; a user with an empty password is a key."""
        is_user = user and (password or is_asked or holds_variable(user))
        name = preset_text(user) if is_user else self._finding.secret("API_KEY", user) if user else ""
        secret = preset_text(password)
        if is_asked:
            secret = self._finding.secret("PASSWORD", f"asked of {user}")
        elif password and not holds_variable(password):
            secret = self._finding.secret("PASSWORD", password)
        return {"digest" if "--digest" in self._flags else "basic": {"user": name or "", "password": secret}}

    def _use_proxy(self, proxy: str) -> None:
        scheme, _, rest = proxy.rpartition("://")
        user, at, host = rest.rpartition("@")
        host = host.rstrip("/")
        if scheme not in {"", "http"} or (not holds_variable(host) and texts.proxy_problem(f"http://{host}")):
            self._finding.omit("as perftui does not do it", f"--proxy {plain_text(host)}")
            return
        name, _, password = (user if at else self._proxy_user).partition(":")
        secret = self._finding.secret
        both = f"{secret('PROXY_USER', name)}:{secret('PROXY_PASSWORD', password)}@" if name else ""
        has_port = ":" in host.rpartition("]")[2] or holds_variable(host)
        self._target["proxy"] = f"http://{both}{preset_text(host)}{'' if has_port else ':1080'}"


def _has(request: FoundRequest, name: str) -> bool:
    return any(known.lower() == name for known, _ in request.headers)


def _urlencoded(value: str) -> str:
    name, equals, text = value.partition("=")
    if not equals:
        return quoted(value)
    return f"{name}={quoted(text)}" if name else quoted(text)
