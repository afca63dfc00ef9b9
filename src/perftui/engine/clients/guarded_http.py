"""How httpx asks what is asked beside the load: tokens, metrics, collectors.

A name is looked up here, for every request, and the request goes to what was found: one that comes to mean a place that
is never asked leads nowhere, whatever it meant when the run began.
"""

from __future__ import annotations

import ssl

import httpx

from perftui.engine.clients.host_class import classify
from perftui.engine.clients.resolve import resolve
from perftui.model.errors import UnreachableError
from perftui.model.plan import Target


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends nothing to metadata, multicast and broadcast addresses."""

    def __init__(self, verify: ssl.SSLContext | bool = True) -> None:  # noqa: FBT001, FBT002 - as httpx
        """As httpx.AsyncHTTPTransport."""
        self._transport = httpx.AsyncHTTPTransport(verify=verify)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx.AsyncBaseTransport: to the first address that takes a connection.

        Raises:
            httpx.ConnectError: none does, or it must not be asked.
        """
        name = request.url.raw_host.decode("ascii")
        try:
            addresses = await resolve(Target(url=str(request.url)))
        except UnreachableError as error:
            raise httpx.ConnectError(str(error)) from error
        if never := [address for address, _ in addresses if classify(address) == "refused"]:
            raise httpx.ConnectError(f"{name} ({never[0]}) is a metadata, multicast or broadcast address; never asked")
        problem = httpx.ConnectError(f"{name} has no address")
        for address, _ in addresses:
            there = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": name},
            )
            try:
                return await self._transport.handle_async_request(there)
            except httpx.ConnectError as error:
                problem = error
        raise problem

    async def aclose(self) -> None:
        """As httpx.AsyncBaseTransport."""
        await self._transport.aclose()
