"""Reading one HTTP/1.1 response with every limit: heads of 64 KiB and 200 lines, bodies of 10 MiB, ten interim answers.

What RFC 9112 tells user agents to accept is accepted: header lines that are folded, a length where no body can be.
The fast path of a connection (clients/http/connection.py) does without this reader; whatever is
unusual (several reads, errors, closing connections, checks that look at head or body) comes here.
"""

from __future__ import annotations

import re
from typing import Any

import httptools

from perftui.engine.clients.http.content import Content, charset_of, decode_json
from perftui.engine.clients.http.target import target_of
from perftui.model.noted import FOLDED, IDLE_LENGTH
from perftui.model.plan import DEFAULT_MAX_BODY_BYTES
from perftui.model.units import format_bytes

MOST_HEAD_BYTES = 64 * 1024
MOST_HEAD_LINES = 200
MOST_INTERIM = 10
ABSURD_LENGTH = 1 << 40
"""A declared length from here on is taken as nonsense, not as a large body."""
MOST_FRAMING = 16
"""Bytes around each byte of a chunked body: more are extensions and trailers that nobody sends in earnest."""
_ERROR_START = 4096
"""Bytes of a refusal that are kept in any case, for those who ask why."""
_TLS_ALERT = b"\x15\x03"
_SHORTEST_LINE = 4
SMALL_RESPONSE_BYTES = MOST_HEAD_LINES * _SHORTEST_LINE
"""A response below this size cannot break a limit of the head."""

_NOT_READ = object()
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search
"""Finds what no value of a header may hold."""


_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE).search
_FOLD = re.compile(rb"\n[ \t]+[^ \t\r\n]").search


class _LimitReached(Exception):  # noqa: N818 - control flow out of the parser's callbacks, not an error
    """Stops the parser; the reader's `failure` says why."""


def head_is_small(data: bytes) -> bool:
    """Whether the head at the start of these bytes is within its limits."""
    end = data.find(b"\r\n\r\n")
    return 0 <= end <= MOST_HEAD_BYTES and data.count(b"\n", 0, end) <= MOST_HEAD_LINES


def head_with_length(data: bytes) -> bytes:
    """The head of one complete answer, where it says how long the body is; else nothing.

    What begins with the same head and is as long is a complete answer, too, of which only the body can be another.
    """
    end = data.find(b"\r\n\r\n") + 4
    found = _LENGTH(data, 0, end)
    if found is None or int(found[1]) != len(data) - end:
        return b""
    head = data[:end]
    has_other_lines = head.count(b"\n") != head.count(b"\r\n")
    return b"" if has_other_lines or b"transfer-encoding" in head.lower() else head


class ResponseReader:
    """One response, from its first byte to its last. Feed it; then look at `done` and `failure`."""

    __slots__ = (
        "_body_until", "_content", "_document", "_feed", "_head_bytes", "_head_done", "_head_only", "_interim",
        "_is_plain", "_is_strict", "_keeps_body", "_most_body", "_parser", "_pieces", "_start", "body_bytes", "done",
        "failure", "head", "headers", "is_good", "keep_alive", "oddity", "received", "request", "status",
    )  # fmt: skip

    def __init__(self, *, head_only: bool, keep_body: bool, most_body: int = DEFAULT_MAX_BODY_BYTES) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body_bytes = 0
        """Length of the body as far as it was read."""
        self.request = b""
        """What it answers, as far as somebody may ask."""
        self.received = 0
        """Bytes of head and body as they came."""
        self.head = b""
        """Set by the operation: how the answers begin that this reader can take again."""
        self.keep_alive = False
        self.done = False
        self.failure: tuple[str, str] | None = None
        """Error class and detail."""
        self.is_good = False
        """Set by the connection: judged good, nothing unusual about it, and the connection stays."""
        self.oddity = ""
        """What of it was tolerated; see model/noted.py."""
        self._head_only = head_only
        self._keeps_body = keep_body
        self._pieces: list[bytes] = []
        self._most_body = most_body
        self._parser: Any = httptools.HttpResponseParser(self)
        self._feed: Any = self._parser.feed_data
        self._is_strict = True
        self._start = b""
        self._document: object = _NOT_READ
        self._is_plain: bool | None = None
        """Whether the body is JSON as it came, as far as the head says."""
        self._head_done = False
        self._head_bytes = self._body_until = 0
        self._interim = 0
        self._content: Content | None = None

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; returns whether the response is complete or has failed."""
        self.received += len(data)
        if not self._head_done:
            self._head_bytes = self._body_until = self.received
            self._start = self._start + data if self._start else data
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._refuse(error)
        over = self.done or self._is_over()
        if over:
            # they hold each other: undone here, they are no work for the garbage collector, which holds up the load
            self._parser = self._feed = None
        return over

    def again(self, data: bytes, request: bytes) -> None:
        """Take another answer instead: with the same head, and as long as this one. See head_with_length."""
        self.request = request
        if self._keeps_body:
            self._pieces = [data[len(self.head) :]]
            self._document = _NOT_READ
            self._content = None

    def _refuse(self, error: Exception) -> None:
        """What the parser does not take is told; a head is read once more before."""
        if isinstance(error, httptools.HttpParserUpgrade):
            self._fail("protocol", "the server switched protocols without being asked")
        elif self._is_strict and not self._head_done and self.failure is None:
            self._read_leniently()
        elif not (self.done and self._has_idle_length):
            is_tls = self._start.startswith(_TLS_ALERT)
            self._fail("protocol", "this port speaks TLS: try https://" if is_tls else str(error))

    def _read_leniently(self) -> None:
        """Read the head again from its start: its lines may be folded. What else such a parser lets pass is refused."""
        self._is_strict = False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_headers=True)
        self._feed = self._parser.feed_data
        self.headers.clear()
        self._interim = 0
        if _FOLD(self._start, 0, self._start.find(b"\r\n\r\n") + 1 or len(self._start)):
            self.oddity = FOLDED
        try:
            self._feed(self._start)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._refuse(error)

    def _is_over(self) -> bool:
        if not self._head_done:
            if self.received > MOST_HEAD_BYTES:
                self._fail("head_too_large", f"more than {MOST_HEAD_BYTES} bytes of head")
            elif len(self.headers) > MOST_HEAD_LINES:
                self._fail("head_too_large", f"more than {MOST_HEAD_LINES} lines of head")
        elif self._head_only:
            self.keep_alive = self._wants_keep_alive()
            self.done = True
        elif self.failure is None:
            self._look_ahead()
            self._limit_framing()
        return self.done or self.failure is not None

    def _look_ahead(self) -> None:
        """Refuse a body that is declared longer than what is read at most."""
        length = self._length()
        if length is not None and length >= ABSURD_LENGTH:
            self._fail("protocol", f"declared length of {length} bytes")
        elif length is not None and length > self._most_body:
            self._fail("body_too_large", f"declared length of {length:,} bytes{self._allowed}")

    def _limit_framing(self) -> None:
        """Refuse extensions of chunks, and trailers, without end: all that came and is neither head nor body."""
        around = self.received - self._head_bytes - self.body_bytes
        since = self.received - self._body_until
        if since > MOST_HEAD_BYTES or around > MOST_HEAD_BYTES + MOST_FRAMING * self.body_bytes:
            self._fail("head_too_large", f"more than {MOST_HEAD_BYTES} bytes around the body's chunks, or after it")

    def end(self) -> bool:
        """The peer closed the connection; returns whether that completes the response (a body without length)."""
        if self._head_done and not self.done and self.failure is None and not self._chunked and self._length() is None:
            self.done = True
            self.keep_alive = False
            self._parser = self._feed = None
        return self.done

    @property
    def version(self) -> str:
        """Of HTTP, such as `1.1`."""
        return self._start[len("HTTP/") : len("HTTP/1.1")].decode("latin-1")

    @property
    def reason(self) -> str:
        """What the status line says besides the status."""
        found = re.search(rb"HTTP/\d\.\d %03d ?([^\r\n]*)" % self.status, self._start)
        return found[1].decode("latin-1") if found else ""

    @property
    def target(self) -> str:
        """Path and query of what it answers."""
        return target_of(self.request)

    @property
    def in_body(self) -> bool:
        """Whether the head is complete and the body is not."""
        return self._head_done and not self.done

    def header(self, name: bytes) -> bytes | None:
        """The first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def head_text(self) -> str:
        """Status and headers as read so far, one per line."""
        lines = [f"HTTP/{self.version} {self.status} {self.reason}".rstrip()] if self.status else []
        lines += [f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in self.headers]
        return "\n".join(lines)

    def on_message_begin(self) -> None:
        """Of the parser."""
        if self._head_done and self._has_idle_length:
            self.keep_alive = False
            raise _LimitReached
        if self._head_done:
            self._stop("protocol", "bytes after the end of the response")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the parser; trailers come here, too."""
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Of the parser; once for every interim response, too."""
        if not self._is_strict or len(self.headers) > MOST_HEAD_LINES:
            self._limit_headers()
        status = self._parser.get_status_code()
        if status < 100:
            self._stop("protocol", f"status {status:03}, which is none")
        if status < 200:
            self._interim += 1
            self.headers.clear()
            if self._interim > MOST_INTERIM:
                self._stop("protocol", f"more than {MOST_INTERIM} interim responses")
            return
        self.status = status
        self._head_done = True
        if self.received > MOST_HEAD_BYTES:
            # only then can the head be too large; it may still be small, with a large piece of body behind it
            size = sum(len(name) + len(value) for name, value in self.headers)
            if size > MOST_HEAD_BYTES:
                self._stop("head_too_large", f"more than {MOST_HEAD_BYTES} bytes of head")

    def _limit_headers(self) -> None:
        if not self._is_strict and any(_CONTROL(value) for _, value in self.headers):
            self._stop("protocol", "a control character in a header")
        if len(self.headers) > MOST_HEAD_LINES:
            self._stop("head_too_large", f"more than {MOST_HEAD_LINES} lines of head")

    def on_body(self, body: bytes) -> None:
        """Of the parser, for each piece."""
        if self._head_only:
            self._stop("protocol", "a body in the answer to HEAD")
        self.body_bytes += len(body)
        self._body_until = self.received
        if self.body_bytes > self._most_body:
            self._stop("body_too_large", f"a body{self._allowed}")
        if self._keeps_body or (self.status >= 400 and self.body_bytes - len(body) < _ERROR_START):
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        """Of the parser."""
        if not self._is_strict or len(self.headers) > MOST_HEAD_LINES:  # there may have been trailers
            self._limit_headers()
        # an interim answer leaves no status
        if self.status and not self._head_only:
            self.keep_alive = self._parser.should_keep_alive()
            if self.status == 204 and self._has_idle_length:
                self.keep_alive = False
                self.oddity = IDLE_LENGTH
            self.done = True

    @property
    def rows(self) -> int | None:
        """HTTP knows no rows: a JSON path finds them."""
        return None

    @property
    def is_nil(self) -> bool:
        """Whether there is nothing there: 404, 204 or an empty body."""
        return self.status in {404, 204} or not self.body_bytes

    @property
    def body(self) -> bytes:
        """The body, or its start where only that was kept: of refusals when no check looks at bodies."""
        return b"".join(self._pieces)

    @property
    def text(self) -> str:
        """The body as text, inflated; what is no text of its character set becomes replacement characters."""
        return self._read().text

    def document(self) -> object:
        """The body as JSON.

        Raises:
            ValueError: the body is no JSON; Unreadable where perftui does not know how it is packed.
        """
        if self._document is _NOT_READ:
            self._document = self._find_document()
        return self._document

    def _find_document(self) -> object:
        if self._is_plain is None:
            self._is_plain = self.header(b"content-encoding") is None and not charset_of(
                self.header(b"content-type") or b""
            )
        if self._is_plain:  # most answers need nobody to unpack them, and this is done for every answer with a check
            try:
                return decode_json(b"".join(self._pieces))
            except (ValueError, RecursionError):
                pass  # somebody has to say why
        return self._read().document()

    def _read(self) -> Content:
        if self._content is None:
            encoding = self.header(b"content-encoding") or b""
            self._content = Content(self.body, encoding, self.header(b"content-type") or b"", self._most_body)
        return self._content

    @property
    def _allowed(self) -> str:
        return f" above the {format_bytes(self._most_body)} that target.max_body allows"

    @property
    def _has_idle_length(self) -> bool:
        """Whether a length is declared where no body can be: what follows is of no answer, and of no use."""
        return self.status == 204 and bool(self._length())

    @property
    def _chunked(self) -> bool:
        return b"chunked" in (self.header(b"transfer-encoding") or b"").lower()

    def _length(self) -> int | None:
        value = self.header(b"content-length")
        return int(value) if value is not None and value.isdigit() else None

    def _wants_keep_alive(self) -> bool:
        connection = (self.header(b"connection") or b"").lower()
        if self.version == "1.1":
            return b"close" not in connection
        return b"keep-alive" in connection

    def _fail(self, error_class: str, detail: str) -> None:
        if self.failure is None:
            self.failure = (error_class, detail)

    def _stop(self, error_class: str, detail: str) -> None:
        self._fail(error_class, detail)
        raise _LimitReached
