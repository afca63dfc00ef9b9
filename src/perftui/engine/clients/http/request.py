"""The bytes of requests: built once if nothing varies, prepared ahead if values may repeat, else made each time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import perftui
from perftui.engine.clients.http.body import Body
from perftui.engine.clients.http.target import Endpoint, target_of
from perftui.engine.clients.variants import prepared_ahead
from perftui.model.plan import Auth, Operation, Plan
from perftui.presets import grammar
from perftui.presets.placeholders import JsonTemplate, Template
from perftui.presets.values import ValueStream

USER_AGENT = f"perftui/{perftui.__version__} (load test)"
ALWAYS_SENT = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
"""Headers of every request, beside the host, unless a plan says otherwise."""


class RequestTemplate:
    """One operation's request: render it to get bytes to send."""

    def __init__(self, head: Template, body: Body | None, *, has_length: bool, ends_with_cookies: bool) -> None:
        self._head = head
        self._body = body
        self._has_length = has_length
        self._ends_with_cookies = ends_with_cookies
        self.templates: list[Template | JsonTemplate] = [head]
        if body is not None:
            self.templates += body.templates
        self.is_anybodys = all(template.is_anybodys for template in self.templates)
        """Whether it can be made for any user, and that cannot fail."""

    def render(
        self, values: ValueStream, variables: Mapping[str, str], cookie_for: Callable[[str], str] | None = None
    ) -> bytes:
        """One request; advance `values` before it.

        Args:
            values: of made values.
            variables: captured ones.
            cookie_for: the value of the Cookie header for a path and query; empty: none.

        Raises:
            KeyError: a variable was not captured.
            ValueError: a value cannot stand where it is used (a line end in a header).
        """
        head = self._head.render(values, variables).encode()
        if cookie_for is not None:
            head = self._with_cookie(head, cookie_for(target_of(head)).encode("latin-1", "replace"))
        if self._body is None:
            return head + b"\r\n"
        body = self._body.render(values, variables)
        if self._has_length:
            return b"%b\r\n%b" % (head, body)
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)

    def _with_cookie(self, head: bytes, cookie: bytes) -> bytes:
        if not cookie:
            return head
        if self._ends_with_cookies:
            return b"%b; %b\r\n" % (head[:-2], cookie)  # a request has one Cookie header
        return b"%bCookie: %b\r\n" % (head, cookie)

    def variants(self, values: ValueStream, variables: Mapping[str, str]) -> list[bytes]:
        """Requests prepared ahead: one if nothing varies, many if what varies may repeat, none otherwise."""
        return prepared_ahead(self.render, self.templates, values, variables)


class RequestBuilder:
    """Builds the request templates of a plan's operations."""

    def __init__(self, plan: Plan, endpoint: Endpoint) -> None:
        self._plan = plan
        self._endpoint = endpoint
        self._replaced: dict[str, str] = {}

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """Headers that take precedence from the next `build` on (a renewed token)."""
        self._replaced.update(headers)

    def build(self, operation: Operation) -> RequestTemplate:
        """The request of one operation.

        Raises:
            ValueError: a placeholder is wrong or a header holds a line end.
            OSError: a file cannot be read.
        """
        body = Body.of(operation)
        headers = self._headers(operation, body)
        pieces = [f"{operation.method} ", *self._request_target(operation), " HTTP/1.1\r\n"]
        has_length = "content-length" in headers or "transfer-encoding" in headers
        if body is None and operation.method in {"POST", "PUT", "PATCH"} and not has_length:
            headers["content-length"] = ("Content-Length", "0")
        # Last, so that what a user got from the server can join what the preset gives.
        cookies = [headers.pop("cookie")] if "cookie" in headers else []
        for name, value in [*headers.values(), *cookies]:
            for line in [value] if isinstance(value, str) else value:
                pieces += [f"{_checked(name)}: ", Template.compile(_checked(line), quoting="header"), "\r\n"]
        return RequestTemplate(Template.joined(pieces), body, has_length=has_length, ends_with_cookies=bool(cookies))

    def _headers(self, operation: Operation, body: Body | None) -> dict[str, tuple[str, str | list[str]]]:
        """By lower-case name; later ones replace earlier ones."""
        endpoint, target = self._endpoint, self._plan.target
        defaults = {"Host": endpoint.host_header, **ALWAYS_SENT}
        if not target.keep_alive:
            defaults["Connection"] = "close"
        if body is not None and body.content_type:
            defaults["Content-Type"] = body.content_type
        if endpoint.proxy is not None and not endpoint.tls and endpoint.proxy.authorization:
            defaults["Proxy-Authorization"] = endpoint.proxy.authorization
        headers: dict[str, tuple[str, str | list[str]]] = {}
        sources: tuple[Mapping[str, str | list[str]], ...] = (
            {**defaults}, target.headers, {**auth_headers(target.auth)}, {**self._replaced}, operation.headers,
        )  # fmt: skip
        for source in sources:
            for name, value in source.items():
                one = name.lower() == "cookie" and not isinstance(value, str)  # a request has one Cookie header
                headers[name.lower()] = (name, "; ".join(value) if one else value)
        return headers

    def _request_target(self, operation: Operation) -> list[str | Template]:
        endpoint = self._endpoint
        origin = endpoint.origin if endpoint.proxy is not None and not endpoint.tls else ""
        path = operation.path if operation.path.startswith("/") else f"/{operation.path}"
        pieces: list[str | Template] = [origin, Template.compile(endpoint.prefix + path, quoting="path")]
        separator = "&" if "?" in path else "?"
        for name, value in self._query(operation):
            pieces += [separator, Template.compile(name, quoting="query")]
            pieces += ["=", Template.compile(value, quoting="query")]
            separator = "&"
        return pieces

    def _query(self, operation: Operation) -> list[tuple[str, str]]:
        auth = self._plan.target.auth
        pairs = [] if auth is None or auth.query is None else [auth.query]
        for name, value in operation.query.items():
            singles = value if isinstance(value, list) else [value]
            pairs += [(name, str(single).lower() if isinstance(single, bool) else str(single)) for single in singles]
        return pairs


def auth_headers(auth: Auth | None) -> dict[str, str]:
    """The headers that identify requests."""
    if auth is None:
        return {}
    if auth.bearer:
        return {"Authorization": f"Bearer {auth.bearer}"}
    if auth.basic is not None:
        pair = ":".join(grammar.literal(part) for part in auth.basic)
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {} if auth.header is None else {auth.header[0]: auth.header[1]}


def _checked(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ValueError("a header holds a line end or NUL")
    return text
