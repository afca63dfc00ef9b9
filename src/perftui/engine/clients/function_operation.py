"""An operation that calls a function of the user's, and what is called once before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from perftui.engine.clients.function_context import is_async, load_function, trace_of
from perftui.engine.clients.operation import Sent
from perftui.engine.clients.rendered import Material, RenderedOperation
from perftui.engine.clients.rendering import compile_value, templates_of
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.task_driver import json_text
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function, and those around it. Each operation has its own."""

    function: Callable[..., Any]
    is_async: bool
    setup: Callable[..., Any] | None
    teardown: Callable[..., Any] | None
    folder: str


Request = tuple[Call, dict[str, Any]]
"""What is called, and the values for it."""


def call_of(request: Mapping[str, Any]) -> Call:
    """What an operation calls. Its modules are imported.

    Raises:
        UsageError: a function is not there, or its module cannot be imported.
    """
    folder = request.get("folder", "")
    function, setup, teardown = (
        load_function(request[key], folder) if request.get(key) else None for key in ("call", "setup", "teardown")
    )
    assert function is not None
    return Call(function, is_async(function), setup, teardown, folder)


class FunctionOperation(RenderedOperation):
    """One function, its values made anew for every call."""

    __slots__ = ()

    def __init__(
        self, plan: Operation, cells: Mapping[Phase, CellRecorder], material: Material, *, whole: bool = False
    ) -> None:
        """As RenderedOperation.

        Raises:
            UsageError: a function is not there.
        """
        super().__init__(plan, cells, material, whole=whole)
        call = call_of(plan.request)
        params = plan.request.get("params", {})
        make = compile_value(params)
        # what varies is never prepared ahead: the function may change what it is given
        templates = None if templates_of(params) else ()
        self.use(lambda values, variables: (call, make(values, variables)), templates)

    def describe(self, request: Request) -> Sent:
        """The function, its values, and those around it."""
        said = {**self.plan.request, "params": request[1]}
        texts = [
            (key, value if isinstance(value, str) else json_text(value))
            for key in ("params", "setup", "teardown", "folder")
            if (value := said.get(key))
        ]
        return Sent(f"call {said['call']}", texts)


class Setups:
    """What `setup` functions returned, in one worker."""

    def __init__(self) -> None:
        self._states: dict[Callable[..., Any], asyncio.Future[Any]] = {}
        self._teardowns: dict[Callable[..., Any], object] = {}

    async def state(self, call: Call) -> object:
        """What its setup returned; the first who asks calls it.

        Raises:
            Fault: it failed.
        """
        state = None
        if call.setup is not None:
            if call.setup not in self._states:
                self._states[call.setup] = asyncio.ensure_future(_called(call.setup))
            try:
                state = await asyncio.shield(self._states[call.setup])
            except asyncio.CancelledError:
                raise
            except Exception as error:
                raise Fault("call.setup", trace_of(error, call.folder).split("\n", 1)[0]) from error
        if call.teardown is not None:
            self._teardowns[call.teardown] = state
        return state

    async def tear_down(self) -> None:
        """Call every teardown once, with what its setup returned."""
        teardowns, self._teardowns = self._teardowns, {}
        for teardown, state in teardowns.items():
            await _called(teardown, state)


async def _called(function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - whatever it returns
    """Await it, or run it in a thread."""
    if is_async(function):
        return await function(*arguments)
    return await asyncio.to_thread(function, *arguments)
