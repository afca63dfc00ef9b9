"""What a visitor's page sends: only what a page of ours says, and no more of it than a person types, points and pastes.

Textual takes every key into memory until the app has time for it, and whoever only looks has the same wire as a person
who may do everything: without a bound, a visitor fills this machine's memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

MOST_AT_ONCE = 64 * 1024
"""Characters: a long text that is pasted. As keys, which wait to be looked at, they take about 100 MB."""
PER_SECOND = 1_000
"""Characters, for as long as it goes on: a mouse that moves takes most, about 700."""
_PATIENCE_S = 1.0
"""How long the other side may take to say goodbye, too."""
_TOO_MUCH = b"more was sent than a person types"
_NO_MESSAGE = b"not what a page of perftui sends"
_MOST_CELLS = 100_000


class Resize(msgspec.Struct):
    """The size of the terminal in the page."""

    width: int
    height: int


class Visitor:
    """A visitor's connection as textual-serve uses it; whoever sends something else is hung up on."""

    def __init__(self, websocket: web.WebSocketResponse, clock: Callable[[], float] = time.monotonic) -> None:
        self._websocket = websocket
        self._clock = clock
        self._left = float(MOST_AT_ONCE)
        self._at = clock()

    async def __aiter__(self) -> AsyncIterator[WSMessage]:
        """The messages, up to the first that is none."""
        async for message in self._websocket:
            if message.type is not WSMsgType.TEXT:
                continue
            if not self._may_send(len(message.data)):
                await self._hang_up(WSCloseCode.POLICY_VIOLATION, _TOO_MUCH)
                return
            if not is_message(message.data):
                await self._hang_up(WSCloseCode.UNSUPPORTED_DATA, _NO_MESSAGE)
                return
            yield message

    async def send_json(self, data: object) -> None:
        """Answer a ping."""
        await self._websocket.send_json(data)

    async def _hang_up(self, code: WSCloseCode, why: bytes) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._websocket.close(code=code, message=why), _PATIENCE_S)

    def _may_send(self, characters: int) -> bool:
        now = self._clock()
        self._left = min(MOST_AT_ONCE, self._left + (now - self._at) * PER_SECOND) - characters
        self._at = now
        return self._left >= 0


def is_message(text: str) -> bool:
    """Whether a text is one of the messages that the page sends, in UTF-8 and with a size that is one."""
    try:
        given = msgspec.json.decode(text)
        match given:
            case ["stdin", str(keys)]:
                keys.encode()
            case ["resize", dict(size)]:
                resize = msgspec.convert(size, Resize)
                return max(abs(resize.width), abs(resize.height)) <= _MOST_CELLS
            case ["ping", str() | int() | float() | None]:
                return True
            case _:
                return given in (["focus"], ["blur"])
    except (ValueError, RecursionError):
        return False
    return True
