"""Starts a runner of its own: it outlives the program that asked for it."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import suppress
from pathlib import Path

import anyio
import msgspec
from msgspec import Struct

from perftui.engine.runner.ahead import take_runner
from perftui.engine.runner.request import RunRequest
from perftui.model.errors import GuardError, PerftuiError, UnreachableError, UsageError

START_S = 60.0
_ERRORS: dict[int, type[PerftuiError]] = {kind.exit_code: kind for kind in (UsageError, UnreachableError, GuardError)}


class RunHandle(Struct, frozen=True, kw_only=True):
    """A run that has started."""

    run_id: str
    path: Path
    pid: int
    """Of the runner."""


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a runner says once, on its stdout: where its run is, or why there is none."""

    run_id: str = ""
    path: str = ""
    problems: tuple[str, ...] = ()
    exit_code: int = 0


class PendingRun:
    """A runner in a session of its own, started before it is known what it shall do: it loads its modules meanwhile."""

    def __init__(self) -> None:
        self._process = take_runner()
        self._handle: Future[RunHandle] = Future()

    def give(self, request: RunRequest) -> None:
        """Say what to do; returns at once."""
        threading.Thread(target=self._begin, args=(request,), name="begin", daemon=True).start()

    async def begun(self) -> RunHandle:
        """Wait until the run has begun.

        Raises:
            PerftuiError: it could not start: the runner's own words and exit code.
        """
        # whoever gives up waiting cancels nothing, and leaves no thread behind
        return await asyncio.shield(asyncio.wrap_future(self._handle))

    def wait(self) -> RunHandle:
        """The same, without a loop."""
        return self._handle.result()

    def settle(self, limit_s: float) -> None:
        """Leave the processor to it, for so long at most, until it is known how the start went."""
        wait_for((self._handle,), limit_s)

    @property
    def has_answered(self) -> bool:
        """Whether it is known how the start went."""
        return self._handle.done()

    def cancel(self) -> None:
        """End the runner: before its run has begun there is no run, after that it is stopped and saved."""
        self._process.terminate()
        threading.Thread(target=self._process.wait, daemon=True).start()

    def _begin(self, request: RunRequest) -> None:
        try:
            self._handle.set_result(_wait_for_begin(self._process, request))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the run gets it
            self._handle.set_exception(error)


async def start_runner(request: RunRequest) -> RunHandle:
    """Start a runner in a session of its own, and wait until its run has begun. Cancelled before that, there is no run.

    Raises:
        PerftuiError: the run could not start: the runner's own words and exit code.
    """
    pending = PendingRun()
    pending.give(request)
    try:
        return await pending.begun()
    except anyio.get_cancelled_exc_class():
        pending.cancel()
        raise


def _wait_for_begin(process: subprocess.Popen[bytes], request: RunRequest) -> RunHandle:
    assert process.stdin is not None
    assert process.stdout is not None
    # a runner that never answers must not hold its caller for ever
    alarm = threading.Timer(START_S, process.kill)
    alarm.daemon = True
    alarm.start()
    line = b""
    try:
        # closed in any case, also where the runner is gone before it has heard what to do
        with process.stdout as stdout, suppress(BrokenPipeError):
            with process.stdin as stdin:
                stdin.write(msgspec.msgpack.encode(request))
            line = stdout.readline()
    finally:
        alarm.cancel()
    # waits for its end in the background, so that it leaves no zombie while we live
    threading.Thread(target=process.wait, daemon=True).start()
    try:
        answer = msgspec.json.decode(line, type=Answer)
    except msgspec.DecodeError as error:
        raise PerftuiError("the runner ended without an answer; `perftui doctor` may know why") from error
    if answer.problems:
        raise _ERRORS.get(answer.exit_code, PerftuiError)(*answer.problems)
    return RunHandle(run_id=answer.run_id, path=Path(answer.path), pid=process.pid)
