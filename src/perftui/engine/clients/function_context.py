"""What functions of the user's are called with, where they are found, and how their errors are told."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from time import perf_counter_ns
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.failures import said_by, words_of
from perftui.engine.clients.leaving import keep_process
from perftui.engine.clients.reply import Fault, Reply
from perftui.model.errors import UsageError
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_MOST_TRACE_LINES = 12
_NOT_THEIRS = ("perftui/engine", "<frozen importlib", "importlib/__init__.py")
"""Parts of the names of files between us and a function of the user's."""
_MOST_STEP_NAMES = 50
_MOST_STEP_CHARACTERS = 60
_step_names: dict[str, str] = {}
"""What steps are called in this process, and under which name each is counted."""


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
        self._steps: list[tuple[str, int]] = []

    def prepare(self, state: object, values: dict[str, Any], seq: int) -> None:
        """Be ready for the next call."""
        self.state = state
        self.values = values
        self.seq = seq
        if self._steps:
            self._steps = []

    @property
    def steps(self) -> Sequence[tuple[str, int]]:
        """Parts of this call and their ns, to look at: what is counted is what was timed."""
        return tuple(self._steps)

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
            self._steps.append((_step_name(name), perf_counter_ns() - began_ns))


def _step_name(name: str) -> str:
    """The name under which a step is counted: safe to print, and no more of them than people can read."""
    if (known := _step_names.get(name)) is not None:
        return known
    if len(_step_names) >= _MOST_STEP_NAMES:
        return "other"
    known = _step_names[name] = safe_text(str(name), _MOST_STEP_CHARACTERS)
    return known


def load_function(name: str, folder: str) -> Callable[..., Any]:
    """The function `module:function`, of a module in the folder or of an installed package.

    Raises:
        UsageError: it is not there, or its module cannot be imported.
    """
    module_name, _, attribute = name.partition(":")
    keep_process()
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
    except BaseException as error:  # the user's module may raise anything
        raise UsageError(f"call {name}: {trace_of(error, folder)}") from error
    if not callable(found):
        raise UsageError(f"call {name}: is not a function, but {type(found).__name__}")
    if inspect.isgeneratorfunction(found) or inspect.isasyncgenfunction(found):
        raise UsageError(f"call {name}: has a yield: calling it runs nothing of it")
    return found  # type: ignore[no-any-return]  # callable


def is_async(function: Callable[..., Any]) -> bool:
    """Whether what it returns is to be awaited: also of an object whose `__call__` is asynchronous."""
    return any(map(inspect.iscoroutinefunction, (function, type(function).__call__)))


def trace_of(error: BaseException, folder: str) -> str:
    """Type and message of an error and where in the user's own code it was raised, made safe."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not any(part in frame.filename for part in _NOT_THEIRS)] or list(frames[-1:])
    lines = [words_of(error, 300)]
    for frame in own[-_MOST_TRACE_LINES:]:
        place = Path(frame.filename)
        shown = place.relative_to(folder) if folder and place.is_relative_to(folder) else place.name
        lines.append(f"  {shown}:{frame.lineno} in {safe_text(frame.name)}: {safe_text(frame.line or '', 120)}")
    return "\n".join(lines)


def never_ran(coroutine: CoroutineType[Any, Any, Any]) -> Fault:
    """What it means to a request that a plain function has returned a coroutine: its time would be that of nothing."""
    coroutine.close()
    return Fault("call.TypeError", "it returned a coroutine, of which nothing was run: write `async def`, and await it")


def fault_of(error: BaseException, folder: str) -> Fault:
    """What an error that a function raised means to its request."""
    if isinstance(error, CheckFailed):
        return Fault("check:call", said_by(error))
    told = trace_of(error, folder)
    return Fault(f"call.{type(error).__name__}", told.split("\n", 1)[0], response=Reply(told))
