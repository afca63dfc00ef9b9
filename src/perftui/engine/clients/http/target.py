"""Where requests go: the parts of a target's URL that a connection and a request head need."""

from __future__ import annotations

import base64
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import msgspec

from perftui.model.errors import UsageError
from perftui.model.plan import Target

DEFAULT_PORTS = {"http": 80, "https": 443}


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """A forward proxy: plain requests name the whole URL, TLS goes through a CONNECT tunnel."""

    host: str
    port: int
    authorization: str = ""
    """Value of the Proxy-Authorization header; empty: none."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """The proxy of a URL such as `http://user:password@proxy.example:3128`.

        Raises:
            UsageError: the URL is no `http://HOST:PORT`.
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UsageError(f"target.proxy: {url!r} is not an http:// URL")
        authorization = ""
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        return cls(host=parts.hostname, port=parts.port or 3128, authorization=authorization)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A target, taken apart."""

    scheme: Literal["http", "https"]
    host: str
    """Name or address without brackets."""
    port: int
    host_header: str
    prefix: str
    """Path of the target's URL without a final slash; operations append theirs."""
    proxy: Proxy | None = None
    unix_socket: str = ""

    @classmethod
    def of(cls, target: Target) -> Self:
        """The endpoint of a plan's target.

        Raises:
            UsageError: the URL cannot be used.
        """
        parts = urlsplit(target.url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise UsageError(f"target.url: {target.url!r} is not an http:// or https:// URL")
        scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
        try:
            port = parts.port or DEFAULT_PORTS[scheme]
        except ValueError as error:
            raise UsageError(f"target.url: {target.url!r}: {error}") from error
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
        shown = f"[{host}]" if ":" in host else host
        return cls(
            scheme=scheme,
            host=host,
            port=port,
            host_header=shown if port == DEFAULT_PORTS[scheme] else f"{shown}:{port}",
            prefix=parts.path.rstrip("/"),
            proxy=Proxy.parse(target.proxy) if target.proxy else None,
            unix_socket=target.unix_socket,
        )

    @property
    def tls(self) -> bool:
        """Whether the target speaks TLS."""
        return self.scheme == "https"

    @property
    def origin(self) -> str:
        """Scheme and host, as a plain request through a proxy names them."""
        return f"{self.scheme}://{self.host_header}"


def target_of(request: bytes | bytearray) -> str:
    """Path and query of a request, from its first line; through a proxy it names the whole URL."""
    target = request.split(b" ", 2)[1].decode("latin-1")
    if target.startswith("/"):
        return target
    return "/" + target.partition("://")[2].partition("/")[2]
