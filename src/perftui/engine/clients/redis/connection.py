"""One connection to Redis: commands out, replies in, read by hiredis. The hot path of a worker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import hiredis

from perftui.engine.clients.exchange import MOST_ANSWER_BYTES, ExchangeLane
from perftui.engine.clients.redis.reply import RedisReply, error_of
from perftui.engine.clients.tls import TlsLane
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.engine.clients.redis.operation import RedisOperation
    from perftui.engine.clients.redis.pool import RedisPool

_PENDING: Any = object()
_ENDLESS = re.compile(rb"(?:^|\n)[*%~>|]\d{7,}\r")
"""The start of a reply with a million members or more: hiredis would make room for all of them at once."""
_LONGEST_LENGTH = 24
_PLAIN = frozenset({bytes, int, type(None), bool, float})
_NESTING = frozenset(b"*%~>|")


class RedisConnection(ExchangeLane):
    """A connection. Replies come in the order of the commands; a pipeline waits for all of its own."""

    __slots__ = ("_feed", "_gets", "_has_data", "_nested", "_replies", "_tail", "_wanted")

    def __init__(self, pool: RedisPool) -> None:
        super().__init__(pool)
        reader = hiredis.Reader(notEnoughData=_PENDING)
        self._feed: Any = reader.feed
        self._gets: Any = reader.gets
        self._has_data: Any = reader.has_data
        self._replies: list[Any] = []
        self._wanted = 0
        """Replies to the greeting that are still to come."""
        self._nested = False
        """Whether the answer in flight may hold replies within replies."""
        self._tail = b""

    def greeting(self) -> bytes:
        """Who we are, and which database is meant."""
        greeting: bytes
        greeting, self._wanted = self.pool.greeting
        return greeting

    def take(self, data: bytes, now_ns: int) -> None:
        """Bytes of replies. A reply that came whole and that nobody looks into takes the short way."""
        operation = self.operation
        if operation is None:  # bytes nobody asked for: the next answer could not be trusted
            self.close()
            return
        if not self._received:
            self.first_ns = now_ns
            self._nested = data[0] in _NESTING
        self._received += len(data)
        if self._nested and self._is_endless(data):
            self.fail("protocol", "a reply of a million members or more")
            return
        try:
            self._feed(data)
            reply = self._gets()
            if operation.lean and self.served and type(reply) in _PLAIN and not self._has_data():
                cell = self.cell
                cell.received += self._received
                started_ns = self.started_ns
                if now_ns == self.first_ns:
                    cell.plain.append(now_ns - started_ns)
                    if self.intended_ns:
                        cell.plain_delays.append(started_ns - self.intended_ns)
                else:
                    self._record_ok(now_ns - started_ns, now_ns)
                self.served += 1
                self._received = 0
                self.operation = None
                self.done(self.pool, self, self.user, None)
                return
            self._collect(operation, reply, now_ns)
        except (hiredis.HiredisError, TypeError) as error:  # a map or set in the place of a key is no key to Python
            self.fail("protocol", safe_text(str(error), 120))

    def _is_endless(self, data: bytes) -> bool:
        seen = self._tail + data
        self._tail = seen[-_LONGEST_LENGTH:]  # of all that came: it may come byte by byte
        return _ENDLESS.search(seen) is not None

    def _collect(self, operation: RedisOperation, reply: object, now_ns: int) -> None:
        """Collect what has come, until it is the whole answer to the greeting or to the request."""
        wanted = self._wanted if self._greets else operation.replies
        while reply is not _PENDING:
            if type(reply) is not hiredis.PushNotification:
                self._replies.append(reply)
                if len(self._replies) == wanted:
                    self._complete(operation, now_ns)
                    return
            reply = self._gets()
        if self._received > MOST_ANSWER_BYTES:
            self.fail("body_too_large", f"more than {MOST_ANSWER_BYTES >> 20} MiB of an answer")

    def _complete(self, operation: RedisOperation, now_ns: int) -> None:
        replies, self._replies, self._tail = self._replies, [], b""
        failure = error_of(replies)
        if not self._greets:
            answer = RedisReply(replies if operation.is_pipeline else replies[0], body_bytes=self._received)
            self._finish(answer, failure, now_ns, keeps=not self._has_data())
        elif failure is not None:
            self.fail(*failure)
        else:
            self._greeted()

    def lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        super().lost(exc)
        self._feed = self._gets = self._has_data = None


class RedisTlsConnection(TlsLane, RedisConnection):
    """A connection whose bytes are encrypted."""

    __slots__ = ()
