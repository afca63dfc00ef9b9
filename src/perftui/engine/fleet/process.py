"""A seat on this machine: a worker process, spawned, told what to do, heard, and ended."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
from anyio.abc import Process, TaskGroup

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.resolve import resolve
from perftui.engine.fleet.framing import FramingError, pack_message, runner_unpacker
from perftui.engine.fleet.messages import PARENT, Failure, FromWorker, ToWorker
from perftui.engine.fleet.seat import SeatState
from perftui.model.errors import PerftuiError
from perftui.model.interval import MachineSample
from perftui.model.plan import Target
from perftui.model.text import safe_text

_READ_BYTES = 256 * 1024
_KEPT_OUTPUT_BYTES = 8 * 1024
_END_WAIT_S = 3.0

COMMAND = (sys.executable, "-m", "perftui.engine.worker")


class WorkerProcess:
    """A spawned worker. Its stderr is kept, shortened, to say why it died."""

    machine = ""

    def __init__(self, number: int, process: Process) -> None:
        self.number = number
        self.state: SeatState = "ok"
        self._process = process
        self._output = b""

    @classmethod
    async def spawn(cls, number: int) -> WorkerProcess:
        """Start worker `number`. In a session of its own: a Ctrl-C of the terminal reaches only the runner.

        Raises:
            OSError: no process could be started.
        """
        process = await anyio.open_process(COMMAND, start_new_session=True, env=worker_environment())
        return cls(number, process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def send(self, message: ToWorker) -> None:
        """Tell the worker something."""
        assert self._process.stdin is not None
        # a worker that is gone is noticed where its messages are read
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._process.stdin.send(pack_message(message))

    async def messages(self) -> AsyncIterator[FromWorker]:
        """What the worker says, until it ends or stops making sense."""
        assert self._process.stdout is not None
        unpacker = runner_unpacker()
        try:
            while True:
                for message in unpacker.feed(await self._process.stdout.receive(_READ_BYTES)):
                    yield message
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return
        except FramingError as error:
            yield Failure(message=str(error))

    async def keep_output(self) -> None:
        """Read what the worker prints, until it ends."""
        assert self._process.stderr is not None
        try:
            async for data in self._process.stderr:
                self._output = (self._output + data)[-_KEPT_OUTPUT_BYTES:]
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    @property
    def last_words(self) -> str:
        """The last line that the worker printed, made safe; empty when it printed none."""
        lines = self._output.decode("utf-8", "replace").strip().splitlines()
        return safe_text(lines[-1]) if lines else ""

    async def exit_detail(self) -> str:
        """How the process ended, in words: `exit code 1`, `signal 9`. Waits for its end."""
        with anyio.move_on_after(_END_WAIT_S):
            code = await self._process.wait()
            return f"signal {-code}" if code < 0 else f"exit code {code}"
        self.kill()
        return "did not end"

    def kill(self) -> None:
        """End it at once."""
        if self._process.returncode is None:
            self._process.kill()

    async def close(self) -> None:
        """Let it end by closing its input, kill it when it does not, and free its pipes."""
        with anyio.CancelScope(shield=True):
            assert self._process.stdin is not None
            await self._process.stdin.aclose()
            with anyio.move_on_after(_END_WAIT_S):
                await self._process.wait()
            self.kill()
            await self._process.wait()
            await self._process.aclose()


class LocalSeats:
    """Processes of this machine."""

    lead_ns = 0

    async def take(self, number: int, tasks: TaskGroup) -> WorkerProcess:  # noqa: ARG002 - of the interface
        """As Seats."""
        try:
            return await WorkerProcess.spawn(number)
        except OSError as error:
            raise PerftuiError(f"worker {number} cannot be started: {error.strerror}") from error

    async def before_begin(self) -> None:
        """As Seats: one clock, nothing to compare."""

    def check_there(self) -> None:
        """As Seats: this machine is."""

    async def look_up(self, name: str, target: Target, known: Addresses) -> Addresses | None:  # noqa: ARG002 - as above
        """As Seats."""
        found = await resolve(target)
        return None if found == known else found

    def machines(self) -> tuple[MachineSample, ...]:
        """As Seats."""
        return ()

    def take_notes(self) -> list[str]:
        """As Seats."""
        return []


def worker_environment() -> dict[str, str]:
    """What a worker process starts with."""
    # single-threaded mathematics: a worker has one core, and thread pools cost start-up time
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", PARENT: str(os.getpid())}
