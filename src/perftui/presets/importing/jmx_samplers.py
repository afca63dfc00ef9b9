"""HTTP samplers of JMeter, with the defaults and headers of their place, as requests."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

from perftui.model.text import safe_text
from perftui.presets import grammar
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest
from perftui.presets.importing.jmx_tree import Element
from perftui.presets.importing.jmx_values import JmxValues

_FORM = "application/x-www-form-urlencoded"
_WITH_BODY = {"POST", "PUT", "PATCH"}


class SamplerReader:
    """Makes requests of samplers."""

    def __init__(self, finding: Finding, values: JmxValues) -> None:
        self._finding = finding
        self._values = values

    def read(self, sampler: Element, defaults: Sequence[Element], headers: Sequence[Element]) -> FoundRequest | None:
        """The request of a sampler; None when it is none, which is told."""
        elements = (sampler, *reversed(defaults))
        method = (self._values.plain(sampler.get("HTTPSampler.method")) or "GET").strip()
        request = FoundRequest(name=safe_text(sampler.name, 150), method=method, url=self._url(elements))
        request.headers = self._headers(headers)
        timeout = self._values.number(_said(elements, "HTTPSampler.response_timeout"), 0)
        if 0 < timeout <= 3_600_000:
            request.target["timeout"] = f"{timeout / 1e3:g}s"
        if sampler.get("HTTPSampler.use_keepalive", "true") == "false":
            request.target["keep_alive"] = False
        if sampler.is_set("HTTPSampler.follow_redirects") or sampler.is_set("HTTPSampler.auto_redirects"):
            self._finding.notes.append("no redirect is followed: where one is, add redirects = 5 to [target]")
        if sampler.is_set("HTTPSampler.image_parser"):
            self._finding.omit("what pages load beside themselves", request.name)
        self._use_arguments(request, sampler)
        return request

    def _url(self, elements: Sequence[Element]) -> str:
        path = self._values.text(_said(elements, "HTTPSampler.path")).strip()
        if path.startswith(("http://", "https://")):
            return path
        scheme = self._values.text(_said(elements, "HTTPSampler.protocol")).strip() or "http"
        host = self._values.text(_said(elements, "HTTPSampler.domain")).strip()
        port = self._values.text(_said(elements, "HTTPSampler.port")).strip()
        usual = {"http": "80", "https": "443"}.get(scheme)
        path = path if path.startswith("/") or not path else f"/{path}"
        if not host:
            self._finding.notes.append("the plan names no host; set target.url or give a URL on the command line")
            return f"{NO_SERVER}{path or '/'}"
        return f"{scheme}://{host}{f':{port}' if port and port != usual else ''}{path or '/'}"

    def _headers(self, managers: Sequence[Element]) -> list[tuple[str, str]]:
        """Those of all managers at and above the place; the nearest is over others of its name."""
        found: dict[str, tuple[str, str]] = {}
        for manager in managers:
            for header in manager.part("HeaderManager.headers").parts:
                name = self._values.plain(header.get("Header.name"))
                if name:
                    found[name.lower()] = (name, self._values.text(header.get("Header.value")))
        return list(found.values())

    def _use_arguments(self, request: FoundRequest, sampler: Element) -> None:
        arguments = [
            part for part in sampler.part("HTTPsampler.Arguments").part("Arguments.arguments").parts if part.is_on
        ]
        files = sampler.part("HTTPsampler.Files").part("HTTPFileArgs.files").parts
        pairs = [(self._written(one, "name"), self._written(one, "value")) for one in arguments]
        has_body = request.method.upper() in _WITH_BODY or (request.method.upper() == "DELETE" and not request.url)
        if files and all(not file.get("File.paramname") for file in files):
            request.body_file = self._values.plain(files[0].get("File.path"))
        elif files or sampler.is_set("HTTPSampler.DO_MULTIPART_POST"):
            self._use_parts(request, arguments, files)
        elif sampler.is_set("HTTPSampler.postBodyRaw") or (has_body and pairs and not any(name for name, _ in pairs)):
            request.body = "".join(self._values.text(one.get("Argument.value")) for one in arguments)
            self._say_type(request)
        elif has_body and pairs:
            request.body = "&".join(f"{name}={value}" for name, value in pairs)
            self._say_type(request)
        elif pairs:
            joint = "&" if "?" in request.url else "?"
            request.url += joint + "&".join(f"{name}={value}" if name else value for name, value in pairs)

    def _use_parts(self, request: FoundRequest, arguments: Sequence[Element], files: Sequence[Element]) -> None:
        text = self._values.text
        request.parts = [
            {"name": text(one.get("Argument.name")), "value": text(one.get("Argument.value"))} for one in arguments
        ]
        for file in files:
            kind = self._values.plain(file.get("File.mimetype"))
            part = {"name": text(file.get("File.paramname")), "file": self._values.plain(file.get("File.path"))}
            request.parts.append(part | ({"content_type": kind} if kind else {}))

    def _written(self, argument: Element, what: str) -> str:
        """Name or value of an argument as it is sent: encoded where JMeter encodes it."""
        text = self._values.text(argument.get(f"Argument.{what}"))
        if not argument.is_set("HTTPArgument.always_encode"):
            return text
        # As Java does it: a space is a plus, and the asterisk stays.
        pieces = grammar.split(text)
        return "".join(quote_plus(one, safe="*") if isinstance(one, str) else str(one) for one in pieces)

    def _say_type(self, request: FoundRequest) -> None:
        if not any(name.lower() == "content-type" for name, _ in request.headers):
            request.headers.append(("Content-Type", _FORM))


def _said(elements: Sequence[Element], name: str) -> str:
    """A property of the sampler, or of the nearest defaults that have it."""
    return next((element.get(name) for element in elements if element.get(name)), "")
