"""Single requests outside of the load, sent by the very code that the load is sent by. Never counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter_ns
from types import TracebackType
from typing import TYPE_CHECKING, Self

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Addresses, Client, Preparer
from perftui.engine.clients.journey import PreparedJourney
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.operation import PreparedOperation, Sent
from perftui.engine.clients.pool import Pool
from perftui.engine.clients.registry import Way, driver_of, way_of
from perftui.engine.clients.resolve import resolve
from perftui.engine.clients.response import Response
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.errors import PerftuiError, UnreachableError
from perftui.model.plan import PHASES, Operation, Plan
from perftui.model.text import safe_text
from perftui.presets.values import ValueStream

if TYPE_CHECKING:
    from perftui.engine.clients.http.cookies import Jar

_MOST_LANES = 16
_GRACE_S = 0.01


class Exchange:
    """One request and what became of it."""

    def __init__(self, prepared: PreparedOperation, cell: CellRecorder, sent: Sent) -> None:
        self.prepared = prepared
        self.cell = cell
        self.sent = sent
        self.response: Response | None = None
        """The complete answer."""
        self.problem = ""
        """Why there is none, in words."""

    @property
    def service_ns(self) -> int:
        """From the start to the last byte."""
        return next(iter((*self.cell.plain, *self.cell.others)), 0)

    @property
    def times_ms(self) -> dict[str, float]:
        """connect, tls, first_byte, transfer (or execute, fetch; or answer) and total, as far as they happened."""
        if self.response is None:
            return {}
        times = {name: part.sum_ns / 1e6 for name, part in self.cell.parts.items()}
        if not {"execute", "first_byte", "answer"} & times.keys():  # where the driver does not say it itself
            times[self.cell.whole] = next(iter((*self.cell.first_bytes, *self.cell.plain)), 0) / 1e6
            if self.cell.transfers:
                times["transfer"] = self.cell.transfers[0] / 1e6
        times["total"] = self.service_ns / 1e6
        return times


class Asker:
    """Sends single requests to the targets of a plan. An async context manager."""

    def __init__(
        self, plan: Plan, addresses: Mapping[str, Addresses] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            plan: with secrets resolved.
            addresses: of the targets by name, as found before the start; those that are missing are looked up.
            headers: over those of the plan, for its own target (a token).

        Raises:
            UsageError: a target or a certificate cannot be used.
        """
        self._plan = plan
        self._addresses = dict(addresses or {})
        self._headers = dict(headers or {})
        self.values = ValueStream(plan.data, plan.load.seed)
        self._preparers: dict[Way, Preparer] = {}
        self._clients: dict[Way, Client] = {}
        self.journey: PreparedJourney | None = None
        """Set: what is asked are steps of one, which share their `${seq}` and rows."""
        self._ends: dict[VirtualUser, tuple[asyncio.Future[None], Exchange]] = {}
        self.notes: list[str] = []
        """What is worth knowing once all is closed."""
        self._failures: dict[PreparedOperation, tuple[str, str]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.close()
            self.notes += client.notes if isinstance(client, Pool) else ()

    def use_headers(self, headers: Mapping[str, str]) -> None:
        """Send these with every request to the plan's own target from now on."""
        self._headers |= headers
        for (target, _), preparer in self._preparers.items():
            if headers and not target:
                preparer.replace_headers(headers)

    def _preparer(self, operation: Operation) -> Preparer:
        way = way_of(operation)
        if way not in self._preparers:
            plan = self._plan.aimed_at(operation.target)
            made = driver_of(operation).preparer(plan, self.values, {}, CleanUpValues(frozenset()))
            if self._headers and not operation.target:
                made.replace_headers(self._headers)
            self._preparers[way] = made
        return self._preparers[way]

    async def ask(self, operation: Operation, variables: Mapping[str, str], cookies: Jar | None) -> Exchange:
        """Send one request and wait for its end.

        Raises:
            PerftuiError: it cannot be made; nothing was sent.
        """
        cell = CellRecorder(operation.name, "measure", rate_mode=False)
        asking = VirtualUser(0, self.values, dict(variables))
        asking.cookies = cookies
        asking.journey = self.journey
        try:
            prepared = self._preparer(operation).prepare(
                operation, dict.fromkeys(PHASES, cell), in_journey=True, whole=True
            )
            request = prepared.request_for(asking)
        except KeyError as error:
            raise PerftuiError(f"{operation.name}: the value {error.args[0]} was not captured") from error
        except (ValueError, OSError) as error:
            raise PerftuiError(f"{operation.name}: {safe_text(str(error))}") from error
        exchange = Exchange(prepared, cell, prepared.describe(request))
        prepared.seen = lambda response: setattr(exchange, "response", response)
        prepared.next_request = lambda: request
        try:
            await self._send(prepared, exchange, operation)
        except UnreachableError as error:
            exchange.problem = "; ".join(error.problems)
        return exchange

    async def _send(self, prepared: PreparedOperation, exchange: Exchange, operation: Operation) -> None:
        target = operation.target
        client = await self._client(operation)
        prepared.client = client
        ticket = VirtualUser(0, self.values, {})
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ends[ticket] = end, exchange
        timeout_s = self._plan.aimed_at(target).target.timeout_s + _GRACE_S
        try:
            client.submit(prepared, exchange.cell, 0, ticket)
            while not end.done():
                await asyncio.wait({end}, timeout=timeout_s)
                client.expire(perf_counter_ns())
        finally:
            del self._ends[ticket]
        error_class, detail = self._failures.pop(prepared, ("", ""))
        if exchange.response is None:
            exchange.problem = f"{error_class}: {detail}"
            if error_class.startswith(("connect.", "dns.")):
                plan = self._plan.aimed_at(target)
                await driver_of(operation).reach(plan, self._addresses[target])  # it knows better words

    async def _client(self, operation: Operation) -> Client:
        way, target = way_of(operation), operation.target
        if way not in self._clients:
            plan = self._plan.aimed_at(target)
            for name in (target, *operation.also):
                if name not in self._addresses:
                    self._addresses[name] = await resolve(self._plan.aimed_at(name).target)
            client = driver_of(operation).connect(
                asyncio.get_running_loop(),
                plan,
                self._addresses[target],
                most=_MOST_LANES,
                done=self._done,
                sample=self._sample,
            )
            if isinstance(client, Pool):
                client.further = self._addresses
            self._clients[way] = client
        return self._clients[way]

    def _done(self, client: Client, lane: Lane | None, user: VirtualUser | None, _failure: str | None) -> None:
        if user is None or user not in self._ends:
            client.release(lane)
            return
        end, exchange = self._ends[user]
        if lane is not None:  # as it was sent in the end: signed, perhaps
            exchange.sent = exchange.prepared.describe(lane.request)
        client.release(lane)
        if not end.done():
            end.set_result(None)

    def _sample(
        self, operation: PreparedOperation, error_class: str, detail: str, _lane: Lane | None, _elapsed_ns: int
    ) -> None:
        self._failures[operation] = error_class, safe_text(detail)
