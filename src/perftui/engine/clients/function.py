"""Python functions as a protocol: `call = "module:function"`, awaited on the worker's loop or run in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.task_driver import TaskDriver, TaskPreparer
from perftui.model.plan import Plan
from perftui.presets import texts
from perftui.presets.kinds import Text
from perftui.presets.request_format import VALUES
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.task_client import TaskClient
    from perftui.presets.values import ValueStream

_FUNCTION = Text(check=texts.function_problem, most=300)


def _client() -> type[TaskClient]:
    from perftui.engine.clients.function_client import FunctionClient

    return FunctionClient


class FunctionDriver(TaskDriver):
    """Modules are looked for beside the preset, then among the installed packages. Nothing is imported to check one."""

    def located(self, request: Mapping[str, Any], directory: Path) -> dict[str, Any]:
        """The same, with the folder that modules are looked for in."""
        return {**request, "folder": str(directory)}

    def preparer(
        self,
        plan: Plan,  # noqa: ARG002 - of the interface
        values: ValueStream,
        variables: Mapping[str, str],
        clean_up: CleanUpValues,
    ) -> TaskPreparer:
        """As clients.client.Driver; what cannot be imported is said before the start."""
        from perftui.engine.clients.function_client import FunctionPreparer

        return FunctionPreparer(values, variables, clean_up)


DRIVER = FunctionDriver(
    name="call",
    schemes={"python": 0},
    keys={
        "call": Key(_FUNCTION, "The function, as module:function; beside the preset or installed.", required=True),
        "params": Key(VALUES, "Values for ctx.values, placeholders filled in anew for every call."),
        "setup": Key(_FUNCTION, "Called once in each worker before the first call; what it returns is ctx.state."),
        "teardown": Key(_FUNCTION, "Called once in each worker at the end."),
    },
    client=_client,
    default_url="python://",
)
