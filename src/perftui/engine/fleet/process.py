"""A seat on this machine: a worker process, spawned, told what to do, heard, and ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import anyio
from anyio.abc import TaskGroup, UNIXSocketStream

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.resolve import resolve
from perftui.engine.fleet.ahead import take_worker
from perftui.engine.fleet.child import WORKER, Child
from perftui.engine.fleet.framing import FramingError, pack_message, runner_unpacker
from perftui.engine.fleet.messages import Failure, FromWorker, ToWorker
from perftui.engine.fleet.seat import SeatState
from perftui.model.errors import PerftuiError
from perftui.model.interval import MachineSample
from perftui.model.plan import Target
from perftui.model.text import safe_text

_READ_BYTES = 256 * 1024
_KEPT_OUTPUT_BYTES = 8 * 1024
_END_WAIT_S = 3.0


class WorkerProcess:
    """A spawned worker. Its stderr is kept, shortened, to say why it died."""

    machine = ""

    def __init__(self, number: int, child: Child, streams: Sequence[UNIXSocketStream]) -> None:
        self.number = number
        self.state: SeatState = "ok"
        self._child = child
        self._stdin, self._stdout, self._stderr = streams
        self._output = b""

    @classmethod
    async def spawn(cls, number: int) -> WorkerProcess:
        """Start worker `number`, or take the one that was started ahead.

        Raises:
            OSError: no process could be started.
        """
        child = take_worker() or Child(WORKER)
        return cls(number, child, await child.open())

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    async def send(self, message: ToWorker) -> None:
        """Tell the worker something."""
        # a worker that is gone is noticed where its messages are read
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._stdin.send(pack_message(message))

    async def messages(self) -> AsyncIterator[FromWorker]:
        """What the worker says, until it ends or stops making sense."""
        unpacker = runner_unpacker()
        try:
            while True:
                for message in unpacker.feed(await self._stdout.receive(_READ_BYTES)):
                    yield message
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return
        except FramingError as error:
            yield Failure(message=str(error))

    async def keep_output(self) -> None:
        """Read what the worker prints, until it ends."""
        try:
            async for data in self._stderr:
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
            code = await self._child.wait()
            return f"signal {-code}" if code < 0 else f"exit code {code}"
        self.kill()
        return "did not end"

    def kill(self) -> None:
        """End it at once."""
        self._child.kill()

    async def close(self) -> None:
        """Let it end by closing its input, kill it when it does not, and free its pipes."""
        with anyio.CancelScope(shield=True):
            await self._stdin.aclose()
            with anyio.move_on_after(_END_WAIT_S):
                await self._child.wait()
            self.kill()
            await self._child.wait()
            await self._child.close()


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
