"""What the request path needs to know about an operation, prepared before the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING

from perftui.engine.clients.captures import CleanUpValues, compile_captures
from perftui.engine.clients.checks import CompiledCheck
from perftui.engine.clients.http.digest import Digest
from perftui.engine.clients.http.request import RequestTemplate
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.presets.values import ValueStream

if TYPE_CHECKING:
    from perftui.engine.clients.http.reader import ResponseReader
    from perftui.engine.clients.users import VirtualUser

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
MOST_MEMO_BYTES = 64 * 1024
_STATUSES = 1000


class PreparedOperation:
    """One operation. Fields that the request path reads are public and plain.

    `memo` is the last response that came in one read and was found good. An equal response is good as well, without
    being parsed and checked again: both look at nothing but its bytes (unless a check limits the time).
    """

    __slots__ = (
        "_capture", "_checks", "_clean_up", "_digest", "_values", "_variables", "cell", "cells", "head_only",
        "idempotent", "keeps_body", "lean", "memo", "memoizes", "name", "next_data", "ok_statuses", "plan",
        "template",
    )  # fmt: skip

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        digest: Digest | None = None,
        *,
        in_journey: bool,
    ) -> None:
        self.plan = plan
        self.name = plan.name
        self.cells = cells
        self.next_data: Callable[[], bytes] | None = None
        """The next of the requests prepared ahead; None when each must be made anew: see data_for."""
        self.template: RequestTemplate
        self.cell = next(iter(cells.values()))
        """The recorder of the current phase."""
        self._checks = [CompiledCheck(check) for check in plan.checks]
        self._digest = digest
        self._capture = compile_captures(plan.captures)
        self._clean_up = clean_up if clean_up.names & {capture.name for capture in plan.captures} else None
        self.head_only = plan.method == "HEAD"
        self.idempotent = plan.method in IDEMPOTENT
        self.keeps_body = any(check.reads_body for check in self._checks) or any(
            capture.json or capture.regex for capture in plan.captures
        )
        looks_inside = in_journey or self.keeps_body or bool(plan.captures)
        looks_inside = looks_inside or any(
            check.reads_head or check.reads_time or source.min_bytes or source.max_bytes
            for check, source in zip(self._checks, plan.checks, strict=True)
        )
        self.lean = not (looks_inside or self.head_only)
        """Whether the status alone decides."""
        self.memoizes = not (in_journey or plan.captures or any(check.reads_time for check in self._checks))
        self.memo = b""
        self.ok_statuses = bytes(self._accepts(status) for status in range(_STATUSES))

    def use(self, template: RequestTemplate, values: ValueStream, variables: Mapping[str, str]) -> None:
        """Take requests from this template from now on.

        Raises:
            ValueError: a value cannot stand where it is used.
        """
        self.template = template
        self._values = values
        self._variables = variables
        prepared = template.variants(values, variables)
        self.next_data = cycle(prepared).__next__ if prepared and self._digest is None else None

    def data_for(self, user: VirtualUser | None) -> bytes:
        """The bytes of the next request.

        Raises:
            KeyError: a variable was not captured.
            ValueError: a value cannot stand where it is used.
        """
        if self.next_data is not None and (user is None or not user.cookies):
            return self.next_data()
        if user is not None:
            data = user.render(self.template)
        else:
            self._values.advance()
            data = self.template.render(self._values, self._variables)
        return data if self._digest is None else self._digest.sign(data)

    def _accepts(self, status: int) -> bool:
        wanted = [check.status for check in self.plan.checks if check.status]
        if wanted:
            return all(status in statuses for statuses in wanted)
        return 200 <= status < 400

    def judge(self, response: ResponseReader, service_ns: int) -> tuple[str, str] | None:
        """Error class and detail of a complete response that is not what was wanted; None when it is."""
        status = response.status
        if not self.ok_statuses[status] and status >= 400:
            return f"http.{status}", f"status {status}"
        for check in self._checks:
            fault = check.fault(response, service_ns / 1e9)
            if fault is not None:
                return f"check:{check.name}", fault
        return None

    def capture(self, response: ResponseReader, user: VirtualUser | None) -> tuple[str, str] | None:
        """Take what later requests need from a good response; error class and detail when it is not there."""
        if user is not None:
            user.remember(response)
        if self._capture is None:
            return None
        variables: dict[str, str] = {} if user is None else user.variables
        missing = self._capture(response, variables)
        if missing is not None:
            return "check:capture", f"no value for the capture {missing!r}"
        if self._clean_up is not None:
            self._clean_up.keep(user, variables)
        return None

    def answer_challenge(self, response: ResponseReader, request: bytes) -> bytes | None:
        """The request to send instead of one that was refused for want of an answer to a challenge, if there is one."""
        if (
            self._digest is None
            or response.status != 401
            or not self._digest.learn(response.header(b"www-authenticate"))
        ):
            return None
        return self._digest.sign(request)
