"""Python functions as a protocol: `call = "module:function"`, awaited on the worker's loop or run in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.declared_driver import DeclaredDriver
from perftui.model.plan import Plan, Target
from perftui.presets import texts
from perftui.presets.kinds import Text
from perftui.presets.request_format import VALUES
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.client import Addresses
    from perftui.engine.clients.function_operation import FunctionOperation
    from perftui.engine.clients.target_pool import SessionPool

_FUNCTION = Text(check=texts.function_problem, most=300)


def _client(plan: Plan) -> type[SessionPool]:
    from perftui.engine.clients.function_client import FunctionClient, FunctionThreads
    from perftui.engine.clients.function_operation import call_of

    calls = [call_of(operation.request) for operation in plan.all_operations if operation.driver == DRIVER.name]
    return FunctionClient if any(call.is_async for call in calls) else FunctionThreads


def _operation(_target: Target) -> type[FunctionOperation]:
    from perftui.engine.clients.function_operation import FunctionOperation

    return FunctionOperation


class FunctionDriver(DeclaredDriver):
    """Modules are looked for beside the preset, then among the installed packages. Nothing is imported to check one."""

    def located(self, request: Mapping[str, Any], directory: Path) -> dict[str, Any]:
        """The same, with the folder that modules are looked for in."""
        return {**request, "folder": str(directory)}

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:  # noqa: ARG002 - of the interface
        """As clients.client.Driver: there is nothing to ask, and only workers import what is called."""
        return addresses


DRIVER = FunctionDriver(
    name="call",
    schemes={"python": 0},
    keys={
        "call": Key(_FUNCTION, "The function, as module:function; beside the preset or installed.", required=True),
        "params": Key(VALUES, "Values for ctx.values, placeholders filled in anew for every call."),
        "setup": Key(_FUNCTION, "Called once in each worker before the first call; what it returns is ctx.state."),
        "teardown": Key(_FUNCTION, "Called once in each worker at the end; has 30 s."),
    },
    client=_client,
    operation=_operation,
    default_url="python://",
)
