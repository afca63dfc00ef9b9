"""Single requests one after the other, as one user sends them: captured values and cookies go from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Self

from perftui.engine.around.asking import Asker, Exchange
from perftui.engine.clients.captures import compile_captures
from perftui.engine.clients.client import Addresses
from perftui.engine.clients.journey import PreparedJourney
from perftui.engine.clients.response import Response
from perftui.model.errors import PerftuiError
from perftui.model.plan import Operation, Plan

if TYPE_CHECKING:
    from perftui.engine.clients.http.cookies import Jar


class Step:
    """What became of one request."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.exchange: Exchange | None = None
        """None: the request could not be made."""
        self.checks: list[tuple[str, str]] = []
        """Name, and what is wrong; empty where it holds."""
        self.captures: dict[str, str] = {}
        self.lacks = ""
        """Name of the value that the answer does not hold, when nothing else is wrong."""
        self.problem = ""
        """What went wrong first, in words; empty: all is well."""

    @property
    def response(self) -> Response | None:
        """The complete answer, if there is one."""
        return self.exchange.response if self.exchange is not None else None


class Steps(Asker):
    """Sends operations in turn. An async context manager."""

    def __init__(
        self,
        plan: Plan,
        addresses: Mapping[str, Addresses] | None = None,
        variables: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            plan: with secrets resolved.
            addresses: as Asker.
            variables: values that requests may use.
            headers: as Asker.

        Raises:
            UsageError: a target or a certificate cannot be used.
        """
        super().__init__(plan, addresses, headers)
        self._cookies: Jar | None = None
        self.variables = dict(variables or {})

    def fork(self, variables: Mapping[str, str]) -> Self:
        """Another user of the same connections: with these values besides, and cookies of its own."""
        other = copy(self)
        other.variables = {**self.variables, **variables}
        other._cookies = None  # noqa: SLF001 - another instance of this class
        return other

    def begin_journey(self) -> None:
        """What is taken from now on are the steps of one journey."""
        self.journey = PreparedJourney(name="", steps=())
        self.values.advance()

    async def take(self, operation: Operation) -> Step:
        """Send one request and look at its answer; what it captures is there for the next one."""
        step = Step(operation)
        try:
            step.exchange = exchange = await self.ask(operation, self.variables, self._cookies)
        except PerftuiError as error:
            step.problem = "; ".join(error.problems)
            return step
        if exchange.response is None:
            step.problem = f"{operation.name}: {exchange.problem}"
        else:
            self._judge(step, exchange, exchange.response)
        return step

    def _judge(self, step: Step, exchange: Exchange, response: Response) -> None:
        operation = step.operation
        step.checks = exchange.prepared.verdicts(response, exchange.service_ns)
        refused = exchange.prepared.refusal(response)
        failed = next((f"check {name}: {fault}" for name, fault in step.checks if fault), refused[1] if refused else "")
        if response.header(b"set-cookie") is not None and (keep := getattr(exchange.prepared, "keep_cookies", None)):
            self._cookies = keep(response, exchange.sent.line.split(" ")[1], self._cookies)
        capture = compile_captures(operation.captures)
        missing = capture(response, step.captures) if capture and not failed else None
        if missing:
            step.lacks = missing
            failed = f"the answer holds no value for {missing}"
        self.variables |= step.captures
        step.problem = f"{operation.name}: {failed}" if failed else ""
