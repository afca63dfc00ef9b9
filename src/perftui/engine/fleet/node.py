"""One machine of a cluster, seen from itself: starts today's worker processes and passes on what they say.

An actor of Dask: its coroutines run on the loop of the machine's Dask worker, the load runs in processes of its own.
What workers measured travels as events of the scheduler, numbered for each worker, so that a gap is noticed. Not more
than a few megabytes are under way: beyond that their pipes are not read, and a worker adds up what it measures instead
of sending it. So a slow link slows no worker, and loses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from perftui.engine.fleet.framing import pack_message, worker_unpacker
from perftui.engine.fleet.node_facts import NodeFacts, facts, unpack_files
from perftui.engine.fleet.process import WorkerProcess
from perftui.metrics.host import HostSampler
from perftui.model.interval import HostSample

ALONE_AFTER_S = 4.0
"""Without a word of the runner for so long, the load ends by itself."""
MOST_UNHEARD_BYTES = 4 * 1024 * 1024


class _Hosted:
    """A worker process of this machine, and how much of what it said the runner has not heard yet."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self.next_seq = 0
        self.unheard: dict[int, int] = {}
        self.has_room = asyncio.Event()
        self.has_room.set()

    def sent(self, size: int) -> int:
        """Count a message; returns its number."""
        seq, self.next_seq = self.next_seq, self.next_seq + 1
        self.unheard[seq] = size
        self._look()
        return seq

    def heard(self, up_to: int) -> None:
        """The runner has everything before this number."""
        for seq in [seq for seq in self.unheard if seq < up_to]:
            del self.unheard[seq]
        self._look()

    def _look(self) -> None:
        if sum(self.unheard.values()) > MOST_UNHEARD_BYTES:
            self.has_room.clear()
        else:
            self.has_room.set()


class Node:
    """The machine. Every method but the constructor is called by the runner, over the network."""

    def __init__(self) -> None:
        self._hosted: dict[int, _Hosted] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._say: Callable[[dict[str, Any]], None] = lambda _message: None
        self._heard_s = 0.0
        self._sampler: HostSampler | None = None
        self._folder = ""

    async def open(self, topic: str) -> NodeFacts:
        """Begin: say what this machine is, and speak under this topic from now on.

        Args:
            topic: of the events, known to this runner only.
        """
        from distributed import get_worker

        worker = get_worker()
        self._say = lambda message: worker.log_event(topic, message)
        self._sampler = HostSampler()
        self._heard_s = time.monotonic()
        self._go(self._watch_runner())
        return facts()

    async def now(self) -> tuple[int, int]:
        """This machine's clocks: perf_counter and time of day."""
        self._heard_s = time.monotonic()
        return time.perf_counter_ns(), time.time_ns()

    async def ask(self, question: Callable[..., Awaitable[Any]], *arguments: object) -> Any:  # noqa: ANN401 - any answer
        """Have a function of perftui find something out here."""
        self._heard_s = time.monotonic()
        return await question(*arguments)

    async def keep_files(self, files: dict[str, bytes]) -> dict[str, str]:
        """Keep the files of a plan while it runs; returns where each of them is here."""
        self._folder, places = unpack_files(files)
        return places

    async def start(self, number: int) -> None:
        """Start a worker process."""
        hosted = _Hosted(await WorkerProcess.spawn(number))
        self._hosted[number] = hosted
        self._go(hosted.process.keep_output())
        self._go(self._forward(hosted))

    async def tell(self, messages: list[tuple[int, bytes]]) -> int:
        """Pass on what the runner says to workers; returns when it came, on this machine's clock.

        Args:
            messages: numbers of workers with what is said to them; nothing: the worker is to end at once.
        """
        came_ns = time.perf_counter_ns()
        for number, packed in messages:
            if (hosted := self._hosted.get(number)) is None:
                continue
            if not packed:
                hosted.process.kill()
            for message in worker_unpacker().feed(packed):
                await hosted.process.send(message)
        return came_ns

    async def beat(self, heard: dict[int, int]) -> HostSample:
        """The runner is there; it has this much of what each worker said. Returns how the machine is."""
        self._heard_s = time.monotonic()
        for number, up_to in heard.items():
            if number in self._hosted:
                self._hosted[number].heard(up_to)
        assert self._sampler is not None
        return self._sampler.sample()

    async def close(self) -> None:
        """End every worker, and leave nothing behind."""
        for hosted in self._hosted.values():
            hosted.has_room.set()
        await asyncio.gather(*(hosted.process.close() for hosted in self._hosted.values()))
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        unpack_files({}, self._folder)
        self._hosted.clear()

    async def _forward(self, hosted: _Hosted) -> None:
        process = hosted.process
        async for message in process.messages():
            packed = pack_message(message)
            self._say({"seat": process.number, "seq": hosted.sent(len(packed)), "message": packed})
            await hosted.has_room.wait()
        detail = await process.exit_detail()
        end = {"detail": detail, "said": process.last_words}
        self._say({"seat": process.number, "seq": hosted.sent(0), "end": end})

    async def _watch_runner(self) -> None:
        """A load that nobody can stop any more must not go on."""
        while time.monotonic() - self._heard_s < ALONE_AFTER_S:  # noqa: ASYNC110 - each word of it would set an event
            await asyncio.sleep(0.25)
        for hosted in self._hosted.values():
            hosted.process.kill()
        await self.close()

    def _go(self, work: Any) -> None:  # noqa: ANN401 - any coroutine
        task = asyncio.get_running_loop().create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _quietly(work: Awaitable[None]) -> None:
        with suppress(asyncio.CancelledError):
            await work
