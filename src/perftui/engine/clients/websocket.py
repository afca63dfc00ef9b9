"""WebSocket conversations as a protocol: `ws` is what is sent, `expect` how many messages answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.task_driver import TaskDriver
from perftui.presets import texts
from perftui.presets.kinds import Choice, Duration, Number, Text
from perftui.presets.request_format import ANY_PLACEHOLDER, HEADERS, Document
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.client import Addresses
    from perftui.engine.clients.task_client import TaskClient
    from perftui.engine.clients.websocket_operation import WebSocketOperation
    from perftui.model.plan import Plan, Target

_CONNECTS = ("path", "headers", "subprotocol")
"""Keys that a connection differs by."""


def _client() -> type[TaskClient]:
    from perftui.engine.clients.websocket_client import WebSocketClient

    return WebSocketClient


def _operation(_target: Target) -> type[WebSocketOperation]:
    from perftui.engine.clients.websocket_operation import WebSocketOperation

    return WebSocketOperation


def _only_reads(request: Mapping[str, Any]) -> bool:
    return bool(request["ws"] == "")


class WebSocketDriver(TaskDriver):
    """Conversations."""

    def first_look(self, plan: Plan) -> dict[str, Any]:
        """Where the first conversation is that is known before anything was sent; empty where none is."""
        auth = plan.target.auth
        if auth is not None and (auth.login is not None or auth.oauth2 is not None):
            return {}  # who has not logged in yet may be refused
        for operation in plan.all_operations:
            own = plan.targets[operation.target] if operation.target else plan.target
            request = {name: operation.request[name] for name in _CONNECTS if name in operation.request}
            if operation.driver == "ws" and own == plan.target and "${" not in str(request):
                return {"path": "/", **request}
        return {}

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver: one handshake; a mere connection where headers and path are known only later."""
        if self.first_look(plan):
            return await super().reach(plan, addresses)
        from perftui.engine.clients.reaching import check_reachable

        return await check_reachable(plan.target, addresses)


DRIVER = WebSocketDriver(
    name="ws",
    schemes={"ws": 80, "wss": 443},
    keys={
        "ws": Key(
            Document(), "What is sent: a text, or a document sent as JSON. Empty: nothing, only listen.", required=True
        ),
        "binary": Key(
            Choice("utf-8", "base64", "hex"),
            "Send it as a binary frame: the text itself (utf-8), or the bytes that it spells in base64 or hex.",
        ),
        "path": Key(
            Text(allow=ANY_PLACEHOLDER, check=texts.path_problem, most=16_000),
            "Path of the connection, / when not said.",
        ),
        "headers": Key(HEADERS, "Headers of the handshake, over those of the target."),
        "subprotocol": Key(Text(check=texts.header_value_problem, most=200), "Subprotocol that is asked for."),
        "expect": Key(
            Number(whole=True, high=100_000), "Messages that answer; the last one is checked. 1 when not said, 0: none."
        ),
        "match": Key(
            Text(check=texts.json_path_problem),
            "JSON path that the answer has as it was sent, such as $.id; other messages are pushes of the server.",
        ),
        "hold": Key(Duration(), "Stay connected for so long after it, taking what is pushed.", to="hold_s"),
    },
    client=_client,
    operation=_operation,
    only_reads=_only_reads,
)
