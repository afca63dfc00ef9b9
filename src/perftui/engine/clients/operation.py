"""What the load needs to know about an operation, prepared before the start, whatever the protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.engine.clients.captures import CleanUpValues, compile_captures
from perftui.engine.clients.checks import CompiledCheck
from perftui.engine.clients.response import Response
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase

if TYPE_CHECKING:
    from perftui.engine.clients.client import Client
    from perftui.engine.clients.users import VirtualUser

Fault = tuple[str, str]
"""Error class and detail."""


class Sent(NamedTuple):
    """A request as people read it."""

    line: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


class PreparedOperation(ABC):
    """One operation. Fields that the request path reads are public and plain."""

    __slots__ = (
        "_capture", "_checks", "_clean_up", "cell", "cells", "client", "hit", "name", "next_request", "plan", "seen",
    )  # fmt: skip

    client: Client
    """What sends it; set when the clients are there."""

    def __init__(self, plan: Operation, cells: Mapping[Phase, CellRecorder], clean_up: CleanUpValues) -> None:
        self.plan = plan
        self.name = plan.name
        self.cells = cells
        self.cell = next(iter(cells.values()))
        """The recorder of the current phase."""
        self.next_request: Callable[[], Any] | None = None
        """Makes the next request for any user, without fail: most are prepared ahead. None: see request_for."""
        self.seen: Callable[[Response], None] | None = None
        """Takes every complete answer instead of a judgement: for somebody who looks at single requests."""
        self._checks = [CompiledCheck(check) for check in plan.checks]
        self.hit = None if plan.hit is None else CompiledCheck(plan.hit)
        """What a good answer must be to be a hit; None: nobody asks."""
        self._capture = compile_captures(plan.captures)
        self._clean_up = clean_up if clean_up.names & {capture.name for capture in plan.captures} else None

    @abstractmethod
    def request_for(self, user: VirtualUser | None) -> Any:  # noqa: ANN401 - what a request is, the driver says
        """The next request, as the lanes of its client take it.

        Raises:
            KeyError: a variable was not captured.
            ValueError: a value cannot stand where it is used.
        """

    @abstractmethod
    def describe(self, request: Any) -> Sent:  # noqa: ANN401 - what a request is, the driver says
        """A request of `request_for`, for people. Secrets are blanked out by whoever shows it."""

    def refusal(self, response: Response) -> Fault | None:  # noqa: ARG002 - for those whose answers have a status
        """Error class and detail of an answer whose status says no; None when it says yes."""
        return None

    def judge(self, response: Response, service_ns: int) -> Fault | None:
        """Error class and detail of a complete response that is not what was wanted; None when it is."""
        if self.seen is not None:
            self.seen(response)
            return None
        refused = self.refusal(response)
        if refused is not None:
            return refused
        for check in self._checks:
            fault = check.fault(response, service_ns / 1e9)
            if fault is not None:
                return f"check:{check.name}", fault
        return None

    @property
    def looks_into_answers(self) -> bool:
        """Whether a complete answer that is not refused may still be wrong, or is wanted by somebody."""
        return bool(self._checks) or not (self.hit is None and self._capture is None and self.seen is None)

    def count_hit(self, response: Response, service_ns: int, cell: CellRecorder) -> None:
        """A good answer is a hit or a miss, each with its time, where somebody says what a hit is."""
        if self.hit is not None:
            missed = self.hit.fault(response, service_ns / 1e9) is not None
            (cell.miss_times if missed else cell.hit_times).append(service_ns)

    def verdicts(self, response: Response, service_ns: int) -> list[tuple[str, str]]:
        """Every check's name, and what is wrong; empty where it holds."""
        return [(check.name, check.fault(response, service_ns / 1e9) or "") for check in self._checks]

    def capture(self, response: Response, user: VirtualUser | None) -> Fault | None:
        """Take what later requests need from a good response; error class and detail when it is not there."""
        if self._capture is None:
            return None
        variables: dict[str, str] = {} if user is None else user.variables
        missing = self._capture(response, variables)
        if missing is not None:
            return "check:capture", f"no value for the capture {missing!r}"
        if self._clean_up is not None:
            self._clean_up.keep(user, variables)
        return None
