"""The demo service's conversations: a chat room over WebSocket, and a stream of events.

/chat takes {"id": ..., "say": TEXT} and tells everybody in the room {"id": ..., "said": TEXT, "here": N}. A room has
fifty places; whoever comes when it is full opens the next one.
/events?every=MS&count=N sends `price` events, without end where no count is given.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

PLACES = 50
MOST_TEXT = 2_000
_LEAST_EVERY_S = 0.001
_PATIENCE_S = 2.0
"""How long a message may wait for somebody who does not read."""


class Rooms:
    """Who is in which room."""

    def __init__(self) -> None:
        self._rooms: list[set[WebSocket]] = []

    async def chat(self, socket: WebSocket) -> None:
        """Keep somebody in a room for as long as they stay."""
        await socket.accept()
        room = self._enter(socket)
        try:
            while True:
                await self._tell(room, _answer(await socket.receive_text(), len(room)))
        except (WebSocketDisconnect, KeyError):  # KeyError: bytes instead of text
            pass
        finally:
            room.discard(socket)

    def _enter(self, socket: WebSocket) -> set[WebSocket]:
        room = next((room for room in self._rooms if len(room) < PLACES), None)
        if room is None:
            room = set()
            self._rooms.append(room)
        room.add(socket)
        return room

    async def _tell(self, room: set[WebSocket], text: str) -> None:
        for member in tuple(room):
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await member.send_text(text)
            except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
                room.discard(member)  # they are leaving


def _answer(text: str, here: int) -> str:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("say"), str) or len(message["say"]) > MOST_TEXT:
        return json.dumps({"error": f'write {{"id": ..., "say": TEXT}} with at most {MOST_TEXT} characters'})
    return json.dumps({"id": message.get("id"), "said": message["say"], "here": here})


def stream(every_s: float, count: int) -> Response:
    """Events, one every so many seconds; without end where `count` is 0."""

    async def events() -> AsyncIterator[str]:
        for number in itertools.count(1):
            price = 100 + (number * 7919) % 900 / 100
            yield f"event: price\nid: {number}\ndata: {json.dumps({'number': number, 'price': price})}\n\n"
            if number == count:
                return
            await asyncio.sleep(max(every_s, _LEAST_EVERY_S))

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
