"""Single requests one after the other, as one user sends them: captured values and cookies go from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Self, cast

from perftui.engine.clients.captures import compile_captures, store_cookies
from perftui.engine.clients.checks import CompiledCheck
from perftui.engine.clients.http.answer import Answer
from perftui.engine.clients.http.single import ExchangeError, Request, SetupClient
from perftui.model.plan import Operation, Plan

if TYPE_CHECKING:
    from perftui.engine.clients.http.reader import ResponseReader


class Step:
    """What became of one request."""

    def __init__(self, operation: Operation, request: Request | None = None, answer: Answer | None = None) -> None:
        self.operation = operation
        self.request = request
        self.answer = answer
        self.checks: list[tuple[str, bool, str]] = []
        """Name, whether it holds, and what is wrong."""
        self.captures: dict[str, str] = {}
        self.lacks = ""
        """Name of the value that the answer does not hold, when nothing else is wrong."""
        self.problem = ""
        """What went wrong first, in words; empty: all is well."""


class Steps(SetupClient):
    """Sends operations in turn. An async context manager."""

    def __init__(
        self,
        plan: Plan,
        addresses: Sequence[tuple[str, int]] = (),
        variables: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            plan: with secrets resolved.
            addresses: as SetupClient.
            variables: values that requests may use.
            headers: as SetupClient.

        Raises:
            UsageError: the target or a certificate cannot be used.
        """
        super().__init__(plan, addresses, headers)
        self._cookies: dict[str, str] = {}
        self.variables = dict(variables or {})

    def fork(self, variables: Mapping[str, str]) -> Self:
        """Another user of the same connections: with these values besides, and cookies of its own."""
        other = copy(self)
        other.variables = {**self.variables, **variables}
        other._cookies = {}  # noqa: SLF001 - another instance of this class
        return other

    async def take(self, operation: Operation) -> Step:
        """Send one request and look at its answer; what it captures is there for the next one."""
        step = Step(operation)
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            step.request = self.render(operation, self.variables, cookie)
            step.answer = await self.send(step.request)
        except ExchangeError as error:
            step.problem = "; ".join(error.problems)
            return step
        self._judge(step, step.answer)
        return step

    def _judge(self, step: Step, answer: Answer) -> None:
        operation = step.operation
        # An answer has all that checks, captures and cookies look at in a worker's response.
        response = cast("ResponseReader", answer)
        for check in map(CompiledCheck, operation.checks):
            fault = check.fault(response, answer.total_s)
            step.checks.append((check.name, fault is None, fault or ""))
        failed = next((f"check {name}: {detail}" for name, holds, detail in step.checks if not holds), "")
        if not failed and answer.status >= 400 and not operation.expects_status:
            failed = f"status {answer.status}"
        store_cookies(response, self._cookies)
        capture = compile_captures(operation.captures)
        missing = capture(response, step.captures) if capture and not failed else None
        if missing:
            step.lacks = missing
            failed = f"the answer holds no value for {missing}"
        self.variables |= step.captures
        step.problem = f"{operation.name}: {failed}" if failed else ""
