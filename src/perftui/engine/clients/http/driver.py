"""HTTP/1.1 as a driver. Its operations are those without a key of another protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perftui.model.plan import Operation, Phase, Plan
from perftui.presets import grammar
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.client import Addresses, Client, Done, Sample
    from perftui.engine.clients.http.operation import HttpOperation
    from perftui.metrics.recorder import CellRecorder
    from perftui.presets.values import ValueStream


class HttpDriver:
    """Requests over HTTP/1.1, plain or with TLS, over TCP or a Unix socket, directly or through a forward proxy."""

    name = "http"
    schemes: Mapping[str, int] = {"http": 80, "https": 443}
    keys: Mapping[str, Key] = {}
    default_url = ""
    ways = frozenset({"unix_socket", "proxy"})
    """As presets.drivers.ways."""

    def missing(self) -> str:
        """Nothing that does not come with perftui."""
        return ""

    def located(self, request: Mapping[str, Any], directory: Path) -> dict[str, Any]:  # noqa: ARG002 - of the interface
        """Files of HTTP operations stand in fields of their own."""
        return dict(request)

    def only_reads(self, request: Mapping[str, Any]) -> bool:  # noqa: ARG002 - the plan knows the method
        """Unknown here: the plan tells by the method."""
        return False

    def preparer(
        self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues
    ) -> HttpPreparer:
        """As clients.client.Driver."""
        return HttpPreparer(plan, values, variables, clean_up)

    def connect(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> Client:
        """As clients.client.Driver."""
        from perftui.engine.clients.http.pool import HttpPool

        return HttpPool(loop, plan.target, addresses, most=most, done=done, sample=sample)

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver: one connection to each address, nothing sent but a greeting where TLS is spoken."""
        from perftui.engine.clients.reaching import check_reachable

        found = await check_reachable(plan.target, addresses)
        if plan.target.url.lower().startswith("https:") and not plan.target.proxy:
            from perftui.engine.clients.http.greeting import check_tls

            await check_tls(plan.target, found)
        return found


class HttpPreparer:
    """Builds requests from operations."""

    def __init__(self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues) -> None:
        from perftui.engine.clients.http.digest import Digest
        from perftui.engine.clients.http.request import RequestBuilder
        from perftui.engine.clients.http.target import Endpoint

        auth = plan.target.auth
        self._digest = Digest(*map(grammar.literal, auth.digest)) if auth is not None and auth.digest else None
        self._endpoint = Endpoint.of(plan.target)
        self._most_redirects = plan.target.redirects
        self._builder = RequestBuilder(plan, self._endpoint)
        self._values = values
        self._variables = variables
        self._clean_up = clean_up
        self._prepared: list[HttpOperation] = []

    def prepare(
        self, operation: Operation, cells: Mapping[Phase, CellRecorder], *, in_journey: bool, whole: bool = False
    ) -> HttpOperation:
        """As clients.client.Preparer."""
        from perftui.engine.clients.http.operation import HttpOperation

        prepared = HttpOperation(
            operation,
            cells,
            self._clean_up,
            self._digest,
            self._endpoint.origin,
            most_redirects=self._most_redirects,
            in_journey=in_journey,
            whole=whole,
        )
        prepared.use(self._builder.build(operation), self._values, self._variables)
        self._prepared.append(prepared)
        return prepared

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """Requests carry these headers from now on.

        Raises:
            ValueError: a value cannot stand in a header.
        """
        self._builder.replace_headers(headers)
        for operation in self._prepared:
            operation.use(self._builder.build(operation.plan), self._values, self._variables)


DRIVER = HttpDriver()
