"""Reading a stream of events (text/event-stream of the HTML standard) from the answer that carries it."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import NamedTuple

from perftui.engine.clients.http.reader import ResponseReader
from perftui.engine.clients.http.visitor import Asked

_LARGE = 16 * 1024
"""Whoever sends so much at once may send without end, and a loop reads as long as there is something."""
MOST_QUEUED = 10_000
"""Events that nobody has looked at yet; older ones are only counted."""
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
KIND = b"text/event-stream"


class Event(NamedTuple):
    """One event."""

    name: str
    """`message` where the server says none."""
    data: str


class EventParser:
    """Takes the bytes of a stream as they come."""

    def __init__(self) -> None:
        self._rest = bytearray()
        """The line that is not complete. No byte of it is looked at twice: it may come in a million pieces."""
        self._after_return = False
        """Whether the last line ended with a carriage return, to which a line feed may still belong."""
        self._began = False
        self._name = ""
        self._data: list[str] = []
        self.held = 0
        """Bytes of the event that is not complete."""

    def feed(self, piece: bytes) -> list[Event]:
        """The events that these bytes complete."""
        if self._after_return and piece:
            piece = piece.removeprefix(b"\n")
        self._after_return = piece.endswith(b"\r") if piece else self._after_return
        if not self._began and len(self._rest) + len(piece) >= len(_BOM):
            piece, self._began = (bytes(self._rest) + piece).removeprefix(_BOM), True
            self._rest.clear()
        *lines, rest = _LINE_END.split(piece)
        self.held += len(piece)
        if lines:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        self._rest += rest
        found = []
        for line in lines:
            if line:
                self._take(line)
                continue
            if self._data:
                found.append(Event(self._name or "message", "\n".join(self._data)))
            self._name, self._data = "", []
            self.held = len(self._rest)
        return found

    def _take(self, line: bytes) -> None:
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value


class Stream:
    """What came of a stream, and whoever waits for it."""

    def __init__(self, arrived: Callable[[Event, int], None], most_bytes: int, rest: Callable[[], None]) -> None:
        """Wait for a stream.

        Args:
            arrived: is told every event and when it came.
            most_bytes: of one event.
            rest: reads no more before others had their turn.
        """
        self.events: deque[tuple[Event, int]] = deque(maxlen=MOST_QUEUED)
        """Events and when they were complete."""
        self.reader: EventReader | None = None
        self.too_large = False
        self._arrived = arrived
        self._most_bytes = most_bytes
        self._rest = rest
        self._parser = EventParser()
        self._news: asyncio.Future[None] | None = None

    def take(self, piece: bytes) -> None:
        """The next bytes."""
        now_ns = perf_counter_ns()
        for event in self._parser.feed(piece):
            self._arrived(event, now_ns)
            self.events.append((event, now_ns))
        if len(piece) >= _LARGE:
            self._rest()
        if self._parser.held > self._most_bytes:
            self.too_large = True
        self.tell()

    def tell(self, *_: object) -> None:
        """Something has changed."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def news(self) -> None:
        """Wait until something changes."""
        self._news = asyncio.get_running_loop().create_future()
        await self._news


class EventReader(ResponseReader):
    """An answer whose body is a stream without end; another kind of answer is read as any."""

    __slots__ = ("_stream", "is_stream")

    def __init__(self, stream: Stream, *, most_body: int) -> None:
        super().__init__(head_only=False, keep_body=True, most_body=most_body)
        self._stream = stream
        self.is_stream = False

    def on_headers_complete(self) -> None:
        """Of the parser."""
        super().on_headers_complete()
        kind = (self.header(b"content-type") or b"").partition(b";")[0].strip().lower()
        self.is_stream = self.status == 200 and kind == KIND

    def on_body(self, body: bytes) -> None:
        """Of the parser, for each piece."""
        if not self.is_stream:
            super().on_body(body)
            return
        self.body_bytes += len(body)
        self._body_until = self.received
        self._stream.take(body)


class Listening(Asked):
    """The operation of one listener: its answer is a stream."""

    __slots__ = ("stream",)

    stream: Stream

    def new_reader(self, most_body: int) -> ResponseReader:
        """One for the stream that is waited for."""
        reader = self.stream.reader = EventReader(self.stream, most_body=most_body)
        return reader
