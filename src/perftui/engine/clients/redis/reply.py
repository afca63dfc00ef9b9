"""What Redis answered, for checks, captures and people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hiredis

from perftui.engine.clients.reply import Reply
from perftui.model.error_classes import REDIS_CODES
from perftui.model.text import safe_text


class RedisReply(Reply):
    """A reply, or the list of the replies to a pipeline. Text is UTF-8; other bytes become replacement characters."""

    __slots__ = ()

    def __init__(self, value: object, *, body_bytes: int) -> None:
        rows = len(value) if isinstance(value, list | dict | set | frozenset) else None
        super().__init__(value if isinstance(value, bytes) else decoded(value), body_bytes=body_bytes, rows=rows)


def decoded(value: object) -> Any:  # noqa: ANN401 - whatever Redis has
    """A reply in values that JSON has."""
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case dict():
            return {str(decoded(name)): decoded(inner) for name, inner in value.items()}
        case list() | set() | frozenset() | tuple():
            return [decoded(inner) for inner in value]
        case hiredis.ReplyError():
            return f"({value})"
        case _:
            return value


def error_of(replies: Sequence[object]) -> tuple[str, str] | None:
    """Class and detail of the first error among replies, those of a transaction included; None when there is none."""
    for reply in replies:
        if type(reply) is hiredis.ReplyError:
            code, _, _ = str(reply).partition(" ")
            return f"redis.{code if code in REDIS_CODES else 'other'}", safe_text(str(reply), 200)
        if type(reply) is list and (inner := error_of(reply)) is not None:
            return inner
    return None
