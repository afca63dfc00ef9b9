"""Calls Python functions of the user's, with a context that has what a call needs."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.own_thread import OwnThread
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_client import TaskClient
from perftui.engine.clients.task_driver import TaskOperation, TaskPreparer
from perftui.metrics.recorder import CellRecorder
from perftui.model.errors import UsageError
from perftui.model.plan import Operation, Phase
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_MOST_TRACE_LINES = 12


class CheckFailed(Exception):  # noqa: N818 - what a user's function says of itself
    """What `raise ctx.fail("…")` raises: the call worked, and what it found is wrong."""


class Context:
    """What a function of the user's is called with."""

    def __init__(self, user: int, state: object, seed: str) -> None:
        self.user = user
        """Number of the session that calls, from 0: one after the other, never two at once."""
        self.state = state
        """What `setup` returned."""
        self.random = Random(seed)
        """Of this session; the same in every run with the same seed."""
        self.values: dict[str, Any] = {}
        """`params` of the preset, made anew for this call."""
        self.seq = 0
        """Number of this call in its worker, from 0."""
        self.steps: list[tuple[str, int]] = []
        """Parts of this call and their ns."""

    def fail(self, reason: str) -> CheckFailed:
        """What to raise when the call worked and its result is wrong: counted as check:call."""
        return CheckFailed(reason)

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """Time a part of a call: `async with ctx.step("pay")`."""
        with self.timed(name):
            yield

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """The same in a function that is not async: `with ctx.timed("pay")`."""
        began_ns = perf_counter_ns()
        try:
            yield
        finally:
            self.steps.append((name, perf_counter_ns() - began_ns))


class Session:
    """One caller: its context, and a thread once it needs one."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.thread: OwnThread | None = None


def load_function(name: str, folder: str) -> Callable[..., Any]:
    """The function `module:function`, of a module in the folder or of an installed package.

    Raises:
        UsageError: it is not there, or its module cannot be imported.
    """
    module_name, _, attribute = name.partition(":")
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        raise UsageError(f"call {name}: there is no module {error.name!r}, beside the preset or installed") from error
    except AttributeError as error:
        raise UsageError(f"call {name}: {safe_text(str(error))}") from error
    except Exception as error:  # the user's module may raise anything
        raise UsageError(f"call {name}: {trace_of(error, folder)}") from error
    if not callable(found):
        raise UsageError(f"call {name}: is not a function, but {type(found).__name__}")
    return found  # type: ignore[no-any-return]  # callable


def trace_of(error: BaseException, folder: str) -> str:
    """Type and message of an error and where in the user's own code it was raised, made safe."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "perftui/engine" not in frame.filename] or list(frames[-1:])
    lines = [f"{type(error).__name__}: {safe_text(str(error), 300)}"]
    for frame in own[-_MOST_TRACE_LINES:]:
        place = Path(frame.filename)
        shown = place.relative_to(folder) if folder and place.is_relative_to(folder) else place.name
        lines.append(f"  {shown}:{frame.lineno} in {safe_text(frame.name)}: {safe_text(frame.line or '', 120)}")
    return "\n".join(lines)


class FunctionPreparer(TaskPreparer):
    """Prepares calls: imports what is called."""

    def prepare(
        self, operation: Operation, cells: Mapping[Phase, CellRecorder], *, in_journey: bool, whole: bool = False
    ) -> TaskOperation:
        """As clients.client.Preparer.

        Raises:
            UsageError: a function is not there.
        """
        for key in ("call", "setup", "teardown"):
            if name := operation.request.get(key):
                load_function(name, operation.request.get("folder", ""))
        return super().prepare(operation, cells, in_journey=in_journey, whole=whole)


class FunctionClient(TaskClient):
    """Sessions of callers. Coroutines are awaited on the loop; everything else runs in the session's own thread."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as TaskClient
        super().__init__(*arguments, **options)
        self._functions: dict[tuple[str, str], Callable[..., Any]] = {}
        self._states: dict[tuple[str, str], asyncio.Future[Any]] = {}
        self._teardowns: dict[tuple[str, str], object] = {}
        self._users = count()
        self._calls = count()

    async def open_session(self) -> Session:
        """A caller with a number of its own."""
        user = next(self._users)
        return Session(Context(user, None, f"{self.plan.load.seed}/call/{user}"))

    async def exchange(self, session: Session, request: dict[str, Any]) -> Reply:
        """One call."""
        folder = request.get("folder", "")
        context = session.context
        context.state = await self._state(request.get("setup", ""), folder)
        if teardown := request.get("teardown"):
            self._teardowns[teardown, folder] = context.state
        function = self._function(request["call"], folder)
        context.values = request.get("params", {})
        context.seq = next(self._calls)
        context.steps = []
        ended_ns = 0
        try:
            if inspect.iscoroutinefunction(function):
                value = await function(context)
            else:
                session.thread = session.thread or OwnThread(self.loop, f"caller {context.user}")
                value, ended_ns = await session.thread.run(lambda: function(context))
        except CheckFailed as error:
            raise Fault("check:call", safe_text(str(error))) from error
        except asyncio.CancelledError:
            raise
        except Exception as error:
            told = trace_of(error, folder)
            raise Fault(f"call.{type(error).__name__}", told.split("\n", 1)[0], response=Reply(told)) from error
        return Reply(value, parts=tuple(context.steps), ended_ns=ended_ns)

    async def close_session(self, session: Session) -> None:
        """End its thread."""
        if session.thread is not None:
            session.thread.close()

    async def close(self) -> None:
        """End every session, then tear down what was set up."""
        await super().close()
        teardowns, self._teardowns = self._teardowns, {}
        for (name, folder), state in teardowns.items():
            await _called(self._function(name, folder), state)

    def _function(self, name: str, folder: str) -> Callable[..., Any]:
        key = name, folder
        if key not in self._functions:
            self._functions[key] = load_function(name, folder)
        return self._functions[key]

    async def _state(self, name: str, folder: str) -> object:
        if not name:
            return None
        key = name, folder
        if key not in self._states:
            self._states[key] = asyncio.ensure_future(_called(self._function(name, folder)))
        try:
            return await asyncio.shield(self._states[key])
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise Fault("call.setup", trace_of(error, folder).split("\n", 1)[0]) from error


async def _called(function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - whatever it returns
    """Await it, or run it in a thread."""
    if inspect.iscoroutinefunction(function):
        return await function(*arguments)
    return await asyncio.to_thread(function, *arguments)
