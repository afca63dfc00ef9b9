"""A WebSocket operation, prepared: what is sent as a binary frame is made bytes of."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from perftui.engine.clients.rendering import Renderer
from perftui.engine.clients.task_driver import TaskOperation, json_text


class WebSocketOperation(TaskOperation):
    """One message of a conversation."""

    __slots__ = ()

    def _made_by(self, render: Renderer) -> Renderer:
        coding = self.plan.request.get("binary")
        if coding is None:
            return render

        def in_bytes(*given: Any) -> dict[str, Any]:  # noqa: ANN401 - as a renderer
            made = render(*given)
            return {**made, "ws": _bytes_of(made["ws"], coding)}

        return in_bytes


def _bytes_of(said: object, coding: str) -> bytes:
    """The bytes that a text spells.

    Raises:
        ValueError: it spells none.
    """
    text = said if isinstance(said, str) else json_text(said)
    try:
        match coding:
            case "base64":
                return base64.b64decode(text, validate=True)
            case "hex":
                return bytes.fromhex(text)
            case _:
                return text.encode()
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"ws is sent in binary = {coding!r}, which {text[:80]!r} is not: {error}") from error
