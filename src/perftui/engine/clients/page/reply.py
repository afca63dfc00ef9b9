"""What a visit of a page is to checks and captures: the answer with the document, and sums over all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from perftui.engine.clients.reply import Reply

if TYPE_CHECKING:
    from perftui.engine.clients.http.reader import ResponseReader
    from perftui.engine.clients.http.visitor import Ticket


class Part(NamedTuple):
    """What became of one asset."""

    name: str
    ticket: Ticket | None
    """None: it is elsewhere, and was left alone."""
    fault: tuple[str, str] | None = None


class PageReply(Reply):
    """Text, headers and status are those of the document; rows are requests, bytes those of every body.

    As JSON it says page_requests, page_bytes, the slowest asset with its time, and the hosts left alone.
    """

    __slots__ = ("_document", "headers")

    parts_are_all = True

    def __init__(self, document: ResponseReader, parts: Sequence[Part], asked: int, times_ns: tuple[int, int]) -> None:
        """Sum up a visit.

        Args:
            document: its answer.
            parts: what became of each asset.
            asked: how many requests it took, those that were sent on included.
            times_ns: until the document was there, and from then until all was.
        """
        tickets = [part.ticket for part in parts if part.ticket is not None]
        fetched = [document, *(ticket.answer for ticket in tickets if ticket.answer is not None)]
        total = sum(answer.body_bytes for answer in fetched)
        said: dict[str, object] = {"page_requests": asked, "page_bytes": total}
        slowest = max((part for part in parts if part.ticket), key=_time_ns, default=None)
        if slowest is not None:
            said |= {"slowest": slowest.name, "slowest_ms": round(_time_ns(slowest) / 1e6, 3)}
        said["left_alone"] = sorted({part.name for part in parts if part.ticket is None and part.fault is None})
        super().__init__(
            said, body_bytes=total, rows=asked, parts=(("first_byte", times_ns[0]), ("transfer", times_ns[1]))
        )  # fmt: skip
        self._document = document
        self.headers = document.headers
        self.status = document.status

    @property
    def is_nil(self) -> bool:
        """As its document."""
        return self._document.is_nil

    @property
    def text(self) -> str:
        """Of the document."""
        return self._document.text

    @property
    def body(self) -> bytes:
        """Of the document."""
        return self._document.body

    def header(self, name: bytes) -> bytes | None:
        """Of the document."""
        return self._document.header(name)

    def document(self) -> object:
        """The sums."""
        return self._made()

    def head_text(self) -> str:
        """The document's head, then the sums."""
        said = self._made()
        assert isinstance(said, dict)
        lines = [self._document.head_text(), f"page requests: {said['page_requests']:,}"]
        lines.append(f"page bytes: {said['page_bytes']:,}")
        if "slowest" in said:
            lines.append(f"slowest part: {said['slowest']}, {said['slowest_ms']:,.1f} ms")
        if said["left_alone"]:
            lines.append(f"left alone: {', '.join(said['left_alone'])}")
        return "\n".join(lines)


def _time_ns(part: Part) -> int:
    return 0 if part.ticket is None else part.ticket.service_ns
