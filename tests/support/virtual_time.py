"""A worker in virtual time: its loop jumps from timer to timer, and its target is a script. No socket, no waiting.

What runs is the product's own: schedule, load, pool, lanes, recorders, ticks and frames. Two things are put in their
place: the clock, and the session that would be a connection.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from perftui.engine.clients.kit import Fault, Reply, TaskClient, TaskDriver
from perftui.engine.fleet.messages import Begin, Closed, Command, Failure, Frame, FromWorker, Job, Ready, ToWorker
from perftui.engine.load.pacer import LoopPacer
from perftui.engine.worker import __main__ as worker_main
from perftui.engine.worker import operations, rate, setup
from perftui.engine.worker.health import HealthSampler
from perftui.model.plan import Plan
from support.load_worker import Measured

NS = 1_000_000_000
ORIGIN_NS = 1_000 * NS
_LEAD_NS = 50_000_000


@dataclass(frozen=True)
class Answer:
    """What the target does with a request: how long it takes, and the error class if it fails."""

    after_s: float = 0.0
    fault: str = ""
    lost: bool = False
    """Whether the session is of no use after the fault."""


Script = Callable[[float, int], Answer]
"""What the target does with a request, by when it arrives (seconds of the run) and its number."""


@dataclass
class Service:
    """The target, and what it saw."""

    script: Script
    now_ns: int = ORIGIN_NS - _LEAD_NS
    """The clock of worker and target. It moves only when nobody has anything left to do."""
    arrived_s: list[float] = field(default_factory=list)
    sessions: int = 0
    most_sessions: int = 0
    busy: int = 0
    most_busy: int = 0

    def open(self) -> Service:
        """One session more."""
        self.sessions += 1
        self.most_sessions = max(self.most_sessions, self.sessions)
        return self

    async def answer(self) -> Reply:
        """Answer one request as the script says."""
        at_s = (self.now_ns - ORIGIN_NS) / NS
        answer = self.script(at_s, len(self.arrived_s))
        self.arrived_s.append(at_s)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await asyncio.sleep(answer.after_s)
        finally:
            self.busy -= 1
        if answer.fault:
            raise Fault(answer.fault, "as the script says", lost=answer.lost)
        return Reply("ok", body_bytes=2)


class _Jumping(selectors.SelectSelector):
    """Waits by moving the clock."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing is ever ready; the moment comes, and never a nanosecond early."""
        assert timeout is not None, "the worker waits for something that never comes"
        self._service.now_ns -= int(-timeout * NS // 1)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, service: Service) -> None:
        self._service = service
        super().__init__(_Jumping(service))

    def time(self) -> float:
        """Seconds of the virtual clock."""
        return self._service.now_ns / NS


class _Channel:
    """The worker's end of the pipes: what it sends is kept."""

    is_clogged = False

    def __init__(self, on_message: Callable[[ToWorker], None], on_end: Callable[[], None]) -> None:
        self.on_message = on_message
        self.on_end = on_end
        self.sent: list[FromWorker] = []

    async def open(self) -> None:
        """There is nothing to open."""

    def send(self, message: FromWorker) -> None:
        """Keep a message."""
        self.sent.append(message)

    async def flush(self, limit_s: float) -> None:
        """There is nothing to wait for."""


class _Health(HealthSampler):
    def settle(self) -> None:
        """The garbage collector is the tests'."""


def _client_of(service: Service) -> type[TaskClient]:
    class Client(TaskClient):
        async def open_session(self) -> Service:
            return service.open()

        async def exchange(self, session: Service, request: object) -> Reply:
            return await session.answer()

        async def close_session(self, session: Service) -> None:
            session.sessions -= 1

    return Client


def run_virtual(
    plan: Plan, script: Script, *, workers: int = 1, commands: Sequence[Command] = ()
) -> tuple[Measured, Service]:
    """Run a plan to its end, one worker after the other, each against a service of its own clock.

    Args:
        plan: of any URL.
        script: what the target does.
        workers: how many share the plan.
        commands: each is handed over half a second before its moment, as the runner does.

    Returns:
        Every frame, and what the service of the last worker saw.
    """
    measured = Measured()
    for number in range(workers):
        service = Service(script)
        with pytest.MonkeyPatch.context() as patch:
            for name, module in list(sys.modules.items()):
                if name.startswith("perftui.engine.") and hasattr(module, "perf_counter_ns"):
                    patch.setattr(module, "perf_counter_ns", lambda service=service: service.now_ns)
            driver = TaskDriver(name="script", schemes={}, keys={}, client=lambda service=service: _client_of(service))  # type: ignore[misc]  # bound now
            patch.setattr(operations, "driver_of", lambda _, driver=driver: driver)
            patch.setattr(setup, "driver_of", lambda _, driver=driver: driver)
            patch.setattr(setup, "HealthSampler", _Health)
            patch.setattr(rate, "open_pacer", LoopPacer)
            patch.setattr(worker_main, "Channel", _Channel)
            job = Job(worker=number, workers=workers, plan=plan, addresses={})
            measured.frames += _frames(service, job, commands)
    return measured, service


def _frames(service: Service, job: Job, commands: Sequence[Command]) -> list[Frame]:
    loop = _Loop(service)
    try:
        return loop.run_until_complete(asyncio.wait_for(_life(loop, job, commands), 100_000))
    finally:
        loop.close()


async def _life(loop: asyncio.AbstractEventLoop, job: Job, commands: Sequence[Command]) -> list[Frame]:
    worker = worker_main.Worker(loop)
    channel: _Channel = worker._channel  # type: ignore[assignment]  # put in its place above
    running = loop.create_task(worker.run())
    channel.on_message(job)
    channel.on_message(Begin(origin_ns=ORIGIN_NS))
    for command in commands:
        loop.call_later((command.at_ns - ORIGIN_NS) / NS - 0.45, channel.on_message, command)
    await running
    ready, *frames, closed = channel.sent
    assert isinstance(ready, Ready), ready
    assert closed == Closed()
    for frame in frames:
        assert isinstance(frame, Frame), frame.message if isinstance(frame, Failure) else frame
    return frames  # type: ignore[return-value]  # each was looked at
