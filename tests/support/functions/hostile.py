"""Functions that do to their worker what functions should not."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAIT_S = 0.02
_STAYS_S = 60
_PR_SET_PDEATHSIG = 1


class OwnError(BaseException):
    """No Exception."""


class SilentError(Exception):
    """Cannot even be told."""

    def __str__(self) -> str:
        raise ValueError


def copy_comes_back(_ctx: Any) -> None:
    """The copy goes on as if it were the worker."""
    os.fork()
    time.sleep(_WAIT_S)


async def copy_comes_back_async(_ctx: Any) -> None:
    """The same on the loop."""
    os.fork()
    await asyncio.sleep(_WAIT_S)


def copy_stays(ctx: Any) -> None:
    """The copy does not come back, nor end."""
    if not os.fork():
        os.write(ctx.state, f"{os.getpid()}\n".encode())
        time.sleep(_STAYS_S)
        os._exit(0)
    time.sleep(_WAIT_S)


def copy_breaks_away(ctx: Any) -> None:
    """The copy has asked the kernel not to end it with its parent."""
    if not os.fork():
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, 0)
        os.write(ctx.state, f"{os.getpid()}\n".encode())
        time.sleep(_STAYS_S)
        os._exit(0)
    time.sleep(_WAIT_S)


def program_stays(ctx: Any) -> None:
    """A program that is never waited for."""
    program = subprocess.Popen(["sleep", str(_STAYS_S)])
    os.write(ctx.state, f"{program.pid}\n".encode())
    time.sleep(_WAIT_S)


async def program_outlives(ctx: Any) -> None:
    """The same in a worker that no signal tells of its runner's end: it sees that for itself, and ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, 0)
    program_stays(ctx)


def told() -> int:
    """For functions that say which processes they started: in a file beside this one."""
    return os.open(Path(__file__).with_name("told"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def exits(_ctx: Any) -> NoReturn:
    """No Exception."""
    time.sleep(_WAIT_S)
    sys.exit(3)


async def exits_async(_ctx: Any) -> NoReturn:
    """The same on the loop."""
    await asyncio.sleep(_WAIT_S)
    sys.exit(3)


async def raises_its_own(_ctx: Any) -> NoReturn:
    """No Exception either."""
    await asyncio.sleep(_WAIT_S)
    raise OwnError("mine")


async def says_it_is_cancelled(_ctx: Any) -> NoReturn:
    """Nobody has cancelled it."""
    await asyncio.sleep(_WAIT_S)
    raise asyncio.CancelledError


async def cancels_itself(_ctx: Any) -> None:
    """Who carries it is cancelled with it."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(_WAIT_S)


async def cannot_be_cancelled(_ctx: Any) -> NoReturn:
    """Not even at the end."""
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(_STAYS_S)


def runs_out(_ctx: Any) -> NoReturn:
    """As iterators do."""
    time.sleep(_WAIT_S)
    raise StopIteration


def cannot_be_told(_ctx: Any) -> NoReturn:
    """Its message is a mistake, too."""
    time.sleep(_WAIT_S)
    raise SilentError


def is_named_like_an_escape(_ctx: Any) -> NoReturn:
    """The name of a class may be any text."""
    time.sleep(_WAIT_S)
    raise type("E\x1b]52;c;aGFja2Vk\x07" + "x" * 10_000, (Exception,), {})


def no_text(_ctx: Any) -> str:
    """Half a character."""
    return "\ud800"


def holds_itself(_ctx: Any) -> dict[str, Any]:
    """A value without end."""
    value: dict[str, Any] = {}
    value["a"] = value
    return value


def holds_what_cannot_be_told(_ctx: Any) -> list[SilentError]:
    """Objects with a mistake of their own."""
    return [SilentError()]


def takes_all_memory(_ctx: Any) -> bytes:
    """More than this process may have."""
    time.sleep(_WAIT_S)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, hard))
    return bytes(16 << 30)


def adds_a_step(ctx: Any) -> None:
    """The steps are there to be looked at."""
    ctx.steps.append(3)


async def leaves_a_task(_ctx: Any) -> None:
    """One that fails, and that nobody waits for."""
    asyncio.ensure_future(_fails()).set_name("left behind")
    await asyncio.sleep(_WAIT_S)


async def _fails() -> NoReturn:
    raise ValueError("in a task")


async def leaves_a_callback(_ctx: Any) -> None:
    """The same without a task."""
    asyncio.get_running_loop().call_soon(_fails_at_once)
    await asyncio.sleep(_WAIT_S)


def _fails_at_once() -> NoReturn:
    raise ValueError("in a callback")


def forgets_to_await(_ctx: Any) -> object:
    """A coroutine, of which nothing is run."""
    return asyncio.sleep(_WAIT_S)


async def forgets_to_await_async(_ctx: Any) -> object:
    """The same within one that is awaited."""
    return asyncio.sleep(_WAIT_S)


class _Callable:
    """An object that is called like a function."""

    async def __call__(self, _ctx: Any) -> None:
        """It takes its time."""
        await asyncio.sleep(_WAIT_S)


is_an_object = _Callable()


def yields(_ctx: Any) -> Iterator[int]:
    """Nothing is run until somebody asks for the first one."""
    yield 1


def prints(_ctx: Any) -> None:
    """Beside what is asked of it."""
    print("and now for something", flush=True)


def always_another(ctx: Any) -> NoReturn:
    """Every error has a class of its own, and every call steps of its own."""
    with ctx.timed(f"step {ctx.seq}\x1b[2J"):
        time.sleep(0.001)
    raise type(f"E{ctx.seq}", (Exception,), {})


def always_another_step(ctx: Any) -> None:
    """Every call has a step of its own."""
    with ctx.timed(f"step {ctx.seq}\x1b[2J"):
        time.sleep(0.001)


def started(file: Path) -> Iterator[int]:
    """What functions have told of."""
    yield from map(int, file.read_text().split())
