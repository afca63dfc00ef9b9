"""An operation that calls a function of the user's, and what is called once before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from perftui.engine.clients.copies import COPIES
from perftui.engine.clients.function_context import is_async, load_function, trace_of
from perftui.engine.clients.operation import Sent
from perftui.engine.clients.own_thread import OwnThread
from perftui.engine.clients.rendered import Material, RenderedOperation
from perftui.engine.clients.rendering import compile_value, templates_of
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.task_driver import json_text
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.model.text import safe_text


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function, and those around it. Each operation has its own."""

    function: Callable[..., Any]
    is_async: bool
    setup: Callable[..., Any] | None
    teardown: Callable[..., Any] | None
    folder: str


TEAR_DOWN_S = 30.0
"""What all that is called at the end may take."""
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
        self._teardowns: dict[Callable[..., Any], tuple[object, str]] = {}
        """Each with what it is called with, and its folder."""

    async def state(self, call: Call) -> object:
        """What its setup returned; the first who asks calls it.

        Raises:
            Fault: it failed.
        """
        state = None
        if call.setup is not None:
            if call.setup not in self._states:
                self._states[call.setup] = asyncio.ensure_future(_called(call.setup, call.folder))
            try:
                state = await asyncio.shield(self._states[call.setup])
            except _FunctionError as error:
                raise Fault("call.setup", str(error)) from error
        if call.teardown is not None:
            self._teardowns[call.teardown] = state, call.folder
        return state

    async def tear_down(self) -> list[str]:
        """Call every teardown once, with what its setup returned, all within TEAR_DOWN_S; what went wrong, in words."""
        teardowns, self._teardowns = self._teardowns, {}
        ends_s = asyncio.get_running_loop().time() + TEAR_DOWN_S
        notes = []
        for teardown, (state, folder) in teardowns.items():
            task = asyncio.ensure_future(_called(teardown, folder, state))
            try:
                await asyncio.wait({task}, timeout=max(0.0, ends_s - asyncio.get_running_loop().time()))
            finally:
                task.cancel()
            name = f"tear-down {teardown.__module__}:{getattr(teardown, '__qualname__', '')}"
            if not task.done():
                notes.append(f"{name} did not end within {TEAR_DOWN_S:.0f} s")
            elif (error := task.exception()) is not None:
                notes.append(f"{name} failed: {error}")
        return [safe_text(note) for note in notes]


class _FunctionError(Exception):
    """What a function raised, whatever it is, in words: some of it would end the loop that it was raised on."""


async def _called(function: Callable[..., Any], folder: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever it returns
    """Await it, or run it in a thread that nobody has to wait for.

    Raises:
        _FunctionError: it raised something.
    """
    try:
        if is_async(function):
            return await function(*arguments)
        thread = OwnThread(asyncio.get_running_loop(), "once")
        try:
            return (await thread.run(lambda: function(*arguments))).value
        finally:
            thread.close()
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and (task := asyncio.current_task()) and task.cancelling():
            raise
        raise _FunctionError(trace_of(error, folder).split("\n", 1)[0]) from error
    finally:
        if COPIES.is_one:
            COPIES.end()
