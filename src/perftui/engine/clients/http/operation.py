"""What the request path of HTTP needs to know about an operation, prepared before the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.http.digest import Digest
from perftui.engine.clients.http.reader import ResponseReader
from perftui.engine.clients.http.request import RequestTemplate
from perftui.engine.clients.operation import Fault, PreparedOperation, Sent
from perftui.engine.clients.response import Response
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.presets.values import ValueStream

if TYPE_CHECKING:
    from perftui.engine.clients.http.cookies import Headers, Jar
    from perftui.engine.clients.users import VirtualUser

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
MOST_MEMO_BYTES = 64 * 1024
_STATUSES = 1000


class HttpOperation(PreparedOperation):
    """One operation.

    `memo` is the last response that came in one read and was found good. An equal response is good as well, without
    being parsed and checked again: both look at nothing but its bytes (unless a check limits the time).
    """

    __slots__ = (
        "_digest", "_origin", "_values", "_variables", "head_only", "idempotent", "keeps_body", "keeps_something",
        "lean", "memo", "memoizes", "ok_statuses", "template",
    )  # fmt: skip

    next_request: Callable[[], bytes] | None

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        digest: Digest | None = None,
        origin: str = "",
        *,
        in_journey: bool,
        whole: bool = False,
    ) -> None:
        super().__init__(plan, cells, clean_up)
        self.template: RequestTemplate
        self._digest = digest
        self._origin = origin
        self.head_only = plan.method == "HEAD"
        self.idempotent = plan.method in IDEMPOTENT
        self.keeps_body = (
            whole
            or any(check.reads_body for check in self._checks)
            or (self.hit is not None and self.hit.reads_body)
            or any(capture.json or capture.regex for capture in plan.captures)
        )
        looks_inside = in_journey or self.keeps_body or bool(plan.captures) or plan.hit is not None
        looks_inside = looks_inside or any(
            check.reads_head or check.reads_time or source.min_bytes or source.max_bytes
            for check, source in zip(self._checks, plan.checks, strict=True)
        )
        self.lean = not (looks_inside or self.head_only)
        """Whether the status alone decides."""
        self.keeps_something = in_journey or bool(plan.captures)
        """Whether anything of a good answer is kept: cookies, captures."""
        self.memoizes = not (
            whole or in_journey or plan.captures or plan.hit or any(check.reads_time for check in self._checks)
        )
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
        self.next_request = cycle(prepared).__next__ if prepared and self._digest is None else None

    def request_for(self, user: VirtualUser | None) -> bytes:
        """The bytes of the next request."""
        if self.next_request is not None and (user is None or user.cookies is None):
            return self.next_request()
        if user is None:
            self._values.advance()
            data = self.template.render(self._values, self._variables)
        else:
            if user.journey is None:
                user.values.advance()
            jar = user.cookies
            cookie_for = None if jar is None else (lambda target: jar.header_for(self._origin + target))
            data = self.template.render(user.values, user.variables, cookie_for)
        return data if self._digest is None else self._digest.sign(data)

    def new_reader(self, most_body: int) -> ResponseReader:
        """What reads an answer that is not as short and as expected as most."""
        return ResponseReader(head_only=self.head_only, keep_body=self.keeps_body, most_body=most_body)

    def describe(self, request: bytes) -> Sent:
        """Request line, headers, body."""
        head, _, body = request.partition(b"\r\n\r\n")
        line, *rows = head.decode("utf-8", "replace").split("\r\n")
        pairs = [row.partition(":") for row in rows]
        return Sent(line, [(name, value.strip()) for name, _, value in pairs], body)

    def _accepts(self, status: int) -> bool:
        wanted = [check.status for check in self.plan.checks if check.status]
        if wanted:
            return all(status in statuses for statuses in wanted)
        return 200 <= status < 400

    def refusal(self, response: Response) -> Fault | None:
        """400 and above say no, unless a check wants just that status."""
        status = response.status
        return (f"http.{status}", f"status {status}") if status >= 400 and not self.ok_statuses[status] else None

    def capture(self, response: ResponseReader, user: VirtualUser | None) -> Fault | None:  # type: ignore[override]  # answers of its own client only
        """Cookies stay with a user within a journey: a plain operation is a visit of its own."""
        if user is not None and user.journey is not None and response.header(b"set-cookie") is not None:
            user.cookies = self.keep_cookies(response, response.target, user.cookies)
        return super().capture(response, user)

    def keep_cookies(self, response: Response, target: str, jar: Jar | None) -> Jar | None:
        """What an answer sets, in the jar of the user who asked for this target: a new one if there was none."""
        headers: Headers = getattr(response, "headers", ())
        if jar is None:
            from perftui.engine.clients.http.cookies import Jar  # who meets no cookie needs none of it

            jar = Jar()
        jar.store(self._origin + target, headers)
        return jar

    def answer_challenge(self, response: ResponseReader, request: bytes) -> bytes | None:
        """The request to send instead of one that was refused for want of an answer to a challenge, if there is one."""
        if (
            self._digest is None
            or response.status != 401
            or not self._digest.learn(response.header(b"www-authenticate"))
        ):
            return None
        return self._digest.sign(request)
