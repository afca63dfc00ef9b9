"""What the request path of HTTP needs to know about an operation, prepared before the start."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING, ClassVar

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.http.digest import Digest
from perftui.engine.clients.http.reader import ResponseReader, head_with_length
from perftui.engine.clients.http.redirects import Onward, next_target, redirected, shown_location, with_cookies
from perftui.engine.clients.http.request import RequestTemplate
from perftui.engine.clients.operation import Fault, PreparedOperation, Sent
from perftui.engine.clients.response import Response
from perftui.metrics.recorder import CellRecorder
from perftui.model.noted import REDIRECTS
from perftui.model.plan import Operation, Phase
from perftui.presets.values import ValueStream

if TYPE_CHECKING:
    from perftui.engine.clients.http.cookies import Headers, Jar
    from perftui.engine.clients.users import VirtualUser

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
MOST_MEMO_BYTES = 64 * 1024
MOST_HEADS = 256
LEARN_EVERY_NS = 100_000
"""Servers may begin every answer anew: at this pace learning it in vain costs next to nothing."""
NO_HEAD = b"\0"
"""What no answer begins with."""
_STATUSES = 1000
_WANTS_TLS = re.compile(
    rb"plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|plain HTTP to an SSL-enabled"
).search
"""Finds how nginx, servers written in Go and Apache answer a request without TLS where they speak it."""
REFUSED, USUAL, UNUSUAL, LOOKED_INTO = range(4)
"""What a status is to an operation: wrong; the one that need not be counted; to be counted; only after a look."""


class HttpOperation(PreparedOperation):
    """One operation.

    `memo` is the last response that came in one read and was found good. An equal response is good as well, without
    being parsed and checked again: both look at nothing but its bytes (unless a check limits the time).

    `heads` are those of good answers by the size of the whole answer, where nobody looks into answers; where somebody
    does, `readers` are what read such answers, and can take others that begin like them: see head_with_length.
    """

    reuses_readers: ClassVar[bool] = True
    """Whether nobody keeps an answer beyond its judgement."""

    __slots__ = (
        "_digest", "_in_journey", "_learns", "_learns_from_ns", "_origin", "_values", "_variables", "head_only",
        "heads", "idempotent", "keeps_body", "keeps_something", "lean", "memo", "memoizes", "most_redirects",
        "ok_statuses", "readers", "template", "usual_status",
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
        most_redirects: int = 0,
        in_journey: bool,
        whole: bool = False,
    ) -> None:
        super().__init__(plan, cells, clean_up)
        self.template: RequestTemplate
        self._digest = digest
        self._origin = origin
        self._in_journey = in_journey
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
        self._learns = self.reuses_readers and not (whole or self.head_only)
        self._learns_from_ns = 0
        self.heads: dict[int, bytes] = {}
        self.readers: dict[int, ResponseReader] = {}
        self.ok_statuses = bytearray(UNUSUAL if self._accepts(status) else REFUSED for status in range(_STATUSES))
        self.usual_status = 0
        """That of the first good answer: others are counted, these are what is left; see metrics/recorder.py."""
        self.most_redirects = most_redirects
        for status in REDIRECTS:
            self.ok_statuses[status] = LOOKED_INTO if self.ok_statuses[status] else REFUSED

    def use(self, template: RequestTemplate, values: ValueStream, variables: Mapping[str, str]) -> None:
        """Take requests from this template from now on.

        Raises:
            ValueError: a value cannot stand where it is used.
        """
        self.template = template
        self._values = values
        self._variables = variables
        self.next_request = None
        if self._digest is None:
            prepared = template.variants(values, variables)
            if prepared:
                self.next_request = cycle(prepared).__next__
            elif template.is_anybodys and not self._in_journey:  # else numbers stay the same from step to step
                self.next_request = self._make

    def _make(self) -> bytes:
        self._values.advance()
        return self.template.render(self._values, self._variables)

    def request_for(self, user: VirtualUser | None) -> bytes:
        """The bytes of the next request."""
        if self.next_request is not None and (user is None or user.cookies is None):
            return self.next_request()
        if user is None:
            data = self._make()
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

    def learn(self, data: bytes, now_ns: int, reader: ResponseReader | None = None) -> None:
        """Know answers again that begin as this good one does.

        Args:
            data: all of it.
            now_ns: the time.
            reader: what read it; None where nobody looks into it.
        """
        if now_ns < self._learns_from_ns or not self._learns or len(data) > MOST_MEMO_BYTES:
            return
        self._learns_from_ns = now_ns + LEARN_EVERY_NS
        head = head_with_length(data)
        if not head:
            return
        if len(self.heads) + len(self.readers) >= MOST_HEADS:
            self.heads.clear()
            self.readers.clear()
        if reader is None:
            self.heads[len(data)] = head
        else:
            reader.head = head
            self.readers[len(data)] = reader

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
        if status < 400 or self.ok_statuses[status]:
            return None
        wants_tls = status == 400 and _WANTS_TLS(response.body) is not None
        return f"http.{status}", f"status {status}{': this port speaks TLS: try https://' if wants_tls else ''}"

    def count_good(self, response: ResponseReader, cell: CellRecorder) -> None:
        """Count what is not usual about a good answer."""
        status = response.status
        if response.oddity:
            cell.note(response.oddity)
        if status in REDIRECTS and not self.most_redirects and self.ok_statuses[status] == LOOKED_INTO:
            self._learn_redirect(status, response.header(b"location") or b"")
        if not self.usual_status and self.ok_statuses[status]:  # a probe takes any answer
            self.usual_status = status
            self.ok_statuses[status] = USUAL
            for each in self.cells.values():
                each.usual_status = status
        elif status != self.usual_status:
            cell.count_status(status, ok=True)

    def _learn_redirect(self, status: int, location: bytes) -> None:
        for each in self.cells.values():
            each.redirect = each.redirect or shown_location(status, location)
        for redirect in REDIRECTS:  # one example is enough: from now on they are only counted
            self.ok_statuses[redirect] = min(self.ok_statuses[redirect], UNUSUAL)

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

    def follow(self, response: ResponseReader, request: bytes, followed: int, jar: Jar | None) -> Onward | None:
        """What to do about a redirect.

        Args:
            response: the redirect.
            request: what it answers.
            followed: how many this request has been sent through already.
            jar: the cookies of the user, or of this one request.

        Returns:
            Where it leads, or why that is an error; None for one that names no place.
        """
        location = response.header(b"location")
        if location is None:
            return None
        where = shown_location(response.status, location)
        if followed >= self.most_redirects:
            detail = f"{where}: more redirects than the {self.most_redirects} of target.redirects"
            return Onward(fault=("redirect.limit", detail))
        try:
            target = next_target(request, self._origin, location)
        except ValueError as error:
            return Onward(fault=("redirect.elsewhere", f"{where}: {error}"))
        data = redirected(request, response.status, target)
        if response.header(b"set-cookie") is not None:
            jar = self.keep_cookies(response, response.target, jar)
        if jar is not None:
            data = with_cookies(data, jar.header_for(self._origin + target))
        return Onward(data if self._digest is None else self._digest.sign(data), jar)
