"""Requests outside of the load: set-up, clean-up, log-in, tokens, probes. Rendered as the workers do, sent by httpx.

Never counted, never timed for results, so breadth matters here and speed does not.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from time import perf_counter
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import anyio
import httpx

from perftui.engine.clients.http.answer import MOST_BODY_BYTES, Answer
from perftui.engine.clients.http.digest import Digest
from perftui.engine.clients.http.request import USER_AGENT, RequestBuilder
from perftui.engine.clients.http.secure import client_context
from perftui.engine.clients.http.target import Endpoint
from perftui.model.errors import PerftuiError
from perftui.model.plan import Operation, Plan
from perftui.model.text import safe_text
from perftui.presets import grammar
from perftui.presets.values import ValueStream

_MOST_CONNECTIONS = 16


class ExchangeError(PerftuiError):
    """A request outside of the load got no whole answer."""


class Request:
    """A request as it is sent."""

    def __init__(self, data: bytes) -> None:
        self.take(data)

    def take(self, data: bytes) -> None:
        """Take the bytes apart that a worker would send."""
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        line, *rows = head.split(b"\r\n")
        method, _, rest = line.partition(b" ")
        self.method = method.decode()
        self.target = rest.rpartition(b" ")[0]
        """Path and query."""
        self.headers = [(name, value.strip()) for name, _, value in (row.partition(b":") for row in rows)]


class SetupClient:
    """Sends single requests of a plan. An async context manager."""

    def __init__(
        self, plan: Plan, addresses: Sequence[tuple[str, int]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            plan: with secrets resolved.
            addresses: where to connect to, as resolved before the start; empty: looked up.
            headers: over those of the plan (a token).

        Raises:
            UsageError: the target or a certificate cannot be used.
        """
        self._plan = plan
        self._endpoint = Endpoint.of(plan.target)
        self.values = ValueStream(plan.data, plan.load.seed)
        self._builder = RequestBuilder(plan, self._endpoint, self.values)
        self.use_headers(headers or {})
        self._addresses = tuple(addresses)
        self._digest = _digest_of(plan)
        self._client = open_client(plan, client_context(plan.target.tls) if self._endpoint.tls else None)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    def use_headers(self, headers: Mapping[str, str]) -> None:
        """Send these with every request from now on."""
        self._builder.replace_headers(headers)

    def render(self, operation: Operation, variables: Mapping[str, str], cookie: str = "") -> Request:
        """The request of an operation.

        Raises:
            ExchangeError: a value is missing or cannot stand where it is used.
        """
        self.values.advance()
        try:
            return Request(self._builder.build(operation).render(self.values, variables, cookie))
        except KeyError as error:
            raise ExchangeError(f"{operation.name}: the value {error.args[0]} was not captured") from error
        except (ValueError, OSError) as error:
            raise ExchangeError(f"{operation.name}: {safe_text(str(error))}") from error

    async def send(self, request: Request) -> Answer:
        """Send a request and read the whole answer within the target's timeout; redirects are not followed.

        Raises:
            ExchangeError: no whole answer.
        """
        answer = await self._exchange(request)
        digest = self._digest
        if digest is not None and answer.status == 401 and digest.learn(answer.header(b"www-authenticate")):
            answer = await self._exchange(request)
        return answer

    async def _exchange(self, request: Request) -> Answer:
        if self._digest is not None:
            request.take(self._digest.sign(request.data))
        return await exchange(self._client, self._http_request(request), self._plan.target.timeout_s)

    def _http_request(self, request: Request) -> httpx.Request:
        endpoint = self._endpoint
        host, port = endpoint.host, endpoint.port
        if self._addresses and not self._plan.target.proxy and not endpoint.unix_socket:
            host, port = self._addresses[0]
        url = httpx.URL(scheme=endpoint.scheme, host=host, port=port)
        target = (
            request.target
            if request.target.startswith(b"/")
            else urlsplit(request.target.decode())._replace(scheme="", netloc="").geturl().encode()
        )
        name = self._plan.target.tls.server_name or endpoint.host
        return self._client.build_request(
            request.method, url.copy_with(raw_path=target), headers=[*request.headers], content=request.body or None,
            extensions={"sni_hostname": name} if endpoint.tls else None,
        )  # fmt: skip


def _digest_of(plan: Plan) -> Digest | None:
    pair = plan.target.auth.digest if plan.target.auth else None
    return Digest(*map(grammar.literal, pair)) if pair else None


def open_client(plan: Plan, context: ssl.SSLContext | None) -> httpx.AsyncClient:
    """A client for a plan's target: its proxy and socket, no setting of the environment, no redirects."""
    target = plan.target
    limits = httpx.Limits(max_connections=_MOST_CONNECTIONS)
    verify = context if context is not None else True
    transport = httpx.AsyncHTTPTransport(
        verify=verify, trust_env=False, limits=limits, proxy=target.proxy or None, uds=target.unix_socket or None
    )
    client = httpx.AsyncClient(transport=transport, trust_env=False, timeout=None, follow_redirects=False)  # noqa: S113 - exchange has the deadline
    client.headers = httpx.Headers({"User-Agent": USER_AGENT})
    return client


async def exchange(client: httpx.AsyncClient, request: httpx.Request, timeout_s: float) -> Answer:
    """Send one request and read its answer.

    Raises:
        ExchangeError: no whole answer within the timeout.
    """
    times = _Times()
    request.extensions = {**request.extensions, "trace": times.trace}
    try:
        with anyio.fail_after(timeout_s):
            response = await client.send(request, stream=True)
            try:
                times.note("first_byte")
                body = bytearray()
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > MOST_BODY_BYTES:
                        raise ExchangeError(f"the body is larger than {MOST_BODY_BYTES // 1024**2} MiB")
            finally:
                await response.aclose()
    except TimeoutError as error:
        raise ExchangeError(f"no answer within {timeout_s:g} s") from error
    except httpx.HTTPError as error:
        raise ExchangeError(_words(error)) from error
    except (ssl.SSLError, OSError) as error:
        raise ExchangeError(safe_text(str(error))) from error
    return Answer(
        status=response.status_code,
        version=response.http_version,
        reason=safe_text(response.reason_phrase, 100),
        headers=list(response.headers.raw),
        body=bytes(body),
        times_ms=times.finished(),
    )


class _Times:
    """Milliseconds of the parts of an exchange, from the events of the transport."""

    def __init__(self) -> None:
        self._start = self._last = perf_counter()
        self._parts: dict[str, float] = {}

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Take an event such as `connection.connect_tcp.complete`."""
        match event.rpartition("."):
            case (name, _, "started") if name.startswith("connection."):
                self._last = perf_counter()
            case ("connection.connect_tcp" | "connection.connect_unix_socket", _, "complete"):
                self.note("connect")
            case ("connection.start_tls" | "proxy_stream.start_tls", _, "complete"):
                self.note("tls")
            case _:
                return

    def note(self, part: str) -> None:
        """A part ends now."""
        now = perf_counter()
        self._parts[part] = (now - self._last) * 1e3
        self._last = now

    def finished(self) -> dict[str, float]:
        """All parts and the total."""
        self.note("transfer")
        return {**self._parts, "total": (self._last - self._start) * 1e3}


def _words(error: httpx.HTTPError) -> str:
    text = safe_text(str(error)) or type(error).__name__
    match error:
        case httpx.ConnectError():
            return f"no connection: {text}"
        case httpx.RemoteProtocolError():
            return f"the answer is no HTTP/1.1: {text}"
        case httpx.NetworkError():
            return f"the connection broke: {text}"
        case _:
            return text
