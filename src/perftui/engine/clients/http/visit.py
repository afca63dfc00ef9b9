"""Operations that begin with one HTTP request and go on from its answer: pages, streams of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.engine.clients.http.driver import HttpPreparer
from perftui.engine.clients.operation import Fault, PreparedOperation, Sent
from perftui.engine.clients.response import Response
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.http.cookies import Headers, Jar
    from perftui.engine.clients.http.digest import Digest
    from perftui.engine.clients.http.operation import HttpOperation
    from perftui.engine.clients.users import VirtualUser


class Visit(NamedTuple):
    """One time that such an operation is done."""

    operation: Any
    """Of the client's own kind."""
    data: bytes
    """The first request."""
    user: VirtualUser | None
    """Whose cookies and values the rest of it has."""


class VisitOperation(PreparedOperation):
    """An operation whose first request is made as any of HTTP."""

    __slots__ = ("_first", "digest")

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        first: HttpOperation,
        digest: Digest | None,
    ) -> None:
        super().__init__(plan, cells, clean_up)
        self._first = first
        self.digest = digest

    def request_for(self, user: VirtualUser | None) -> Visit:
        """The next visit."""
        if self.next_request is not None:
            made: Visit = self.next_request()
            return made
        return Visit(self, self._first.request_for(user), user)

    def describe(self, request: Visit) -> Sent:
        """The first request."""
        return self._first.describe(request.data)

    def refusal(self, response: Response) -> Fault | None:
        """As of the first request."""
        return self._first.refusal(response)

    def accepts(self, status: int) -> bool:
        """Whether it goes on from an answer with that status."""
        return status < 400 or bool(self._first.ok_statuses[status])

    def learn_cookies(self, response: Response, target: str, user: VirtualUser | None) -> None:
        """What an answer sets stays with a user within a journey."""
        headers: Headers = getattr(response, "headers", ())
        if user is not None and user.journey is not None and any(key.lower() == b"set-cookie" for key, _ in headers):
            user.cookies = self.keep_cookies(response, target, user.cookies)

    def keep_cookies(self, response: Response, target: str, jar: Jar | None) -> Jar | None:
        """As HttpOperation."""
        return self._first.keep_cookies(response, target, jar)


class VisitPreparer(HttpPreparer):
    """Prepares such operations."""

    def first_request(
        self, operation: Operation, cells: Mapping[Phase, CellRecorder], path: str, *, in_journey: bool
    ) -> HttpOperation:
        """The request that an operation begins with."""
        headers = {"Accept": self.accepted, **operation.request.get("headers", {})}
        checks = tuple(check for check in operation.checks if check.status)
        asked = Operation(name=operation.name, path=path, headers=headers, checks=checks)
        return super().prepare(asked, cells, in_journey=in_journey, whole=True)

    accepted = "*/*"
    """Types that it asks for."""
