"""The workers of one run together: started, heard, watched, and ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import anyio
from anyio.abc import TaskGroup

from perftui.engine.fleet.messages import Closed, Failure, Frame, Job, Ready, ToWorker
from perftui.engine.fleet.seat import Seat, Seats
from perftui.model.errors import PerftuiError, UsageError

SLOW_AFTER_S = 3.0
DEAD_AFTER_S = 10.0
READY_S = 20.0


class Listener(Protocol):
    """Who wants to know what happens to workers."""

    def frame(self, frame: Frame) -> None:
        """A worker measured something."""

    def closed(self, member: Member, notes: tuple[str, ...]) -> None:
        """Nothing of a worker is open any more."""

    def lost(self, member: Member, detail: str) -> None:
        """A worker is gone before it was done."""

    def slow(self, member: Member) -> None:
        """A worker has not been heard for 3 s."""

    def back(self, member: Member, silent_s: float) -> None:
        """A worker that was slow is heard again."""


class Member:
    """One worker and what is known about it."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.reported_ns = 0
        """End of its last frame; 0 before the first."""
        self.silent_s = 0.0
        """How long it has not been heard, in seconds in which the runner listened."""
        self.ready = anyio.Event()
        self.closed = anyio.Event()
        """Nothing of it is open any more, or it is gone."""
        self.problem = ""
        """Why it is gone."""
        self.refusal = ""
        """What it found wrong with its job."""

    @property
    def number(self) -> int:
        """The worker's number, from 0."""
        return self.seat.number

    @property
    def active(self) -> bool:
        """Whether frames are still to come."""
        return self.seat.state in {"ok", "unresponsive"}


class Supervisor:
    """Owns the workers."""

    def __init__(self, seats: Seats) -> None:
        """Have workers take seats.

        Args:
            seats: on this machine or others.
        """
        self.seats = seats
        """Where workers come from."""
        self.members: list[Member] = []
        self.listener: Listener | None = None
        self._news = anyio.Event()

    async def start(self, count: int, tasks: TaskGroup) -> None:
        """Start workers until there are so many, and listen to them in the background.

        Raises:
            PerftuiError: one could not be started.
        """
        for number in range(len(self.members), count):
            member = Member(await self.seats.take(number, tasks))
            self.members.append(member)
            tasks.start_soon(self._listen, member)
            tasks.start_soon(member.seat.keep_output)

    async def give_jobs(self, job_of: Callable[[int], Job]) -> None:
        """Tell every worker what it is to do."""
        for member in self.members:
            await member.seat.send(job_of(member.number))

    async def wait_ready(self) -> None:
        """Wait until all workers can begin.

        Raises:
            UsageError: something of the plan cannot be used, such as a certificate file.
            UnreachableError: a machine with workers is gone.
            PerftuiError: a worker died, or took longer than 20 s.
        """
        with anyio.move_on_after(READY_S):
            for member in self.members:
                await member.ready.wait()
        self.seats.check_there()
        for member in self.members:
            if not member.ready.is_set():
                raise PerftuiError(f"worker {member.number} was not ready within {READY_S:.0f} s")
            if member.refusal:
                raise UsageError(member.refusal)
            if member.problem:
                raise PerftuiError(f"worker {member.number} cannot start: {member.problem}")
        await self.seats.before_begin()

    async def wait_closed(self, limit_s: float) -> None:
        """Wait until all workers have closed what they had open, but not longer."""
        with anyio.move_on_after(limit_s):
            for member in self.members:
                await member.closed.wait()

    async def tell(self, message: ToWorker) -> None:
        """Say something to every worker that still works."""
        for member in self.members:
            if member.active:
                await member.seat.send(message)

    async def news(self) -> None:
        """Wait until a worker has said something."""
        await self._news.wait()

    def all_reported(self, until_ns: int) -> bool:
        """Whether every worker that still works has reported up to a moment."""
        return all(member.reported_ns >= until_ns for member in self.members if member.active)

    @property
    def any_active(self) -> bool:
        """Whether frames are still to come."""
        return any(member.active for member in self.members)

    @property
    def all_lost(self) -> bool:
        """Whether no worker came to its end."""
        return all(member.seat.state == "lost" for member in self.members)

    def watch(self, passed_s: float) -> None:
        """Called once per interval, after what was said was heard: who has been silent for how long?"""
        for member in self.members:
            if not member.active:
                continue
            member.silent_s += passed_s
            if member.silent_s >= DEAD_AFTER_S:
                member.problem = f"not heard for {member.silent_s:.0f} s"
                member.seat.kill()
            elif member.silent_s >= SLOW_AFTER_S and member.seat.state == "ok":
                member.seat.state = "unresponsive"
                if self.listener is not None:
                    self.listener.slow(member)

    def kill(self) -> None:
        """End every worker at once."""
        for member in self.members:
            member.seat.kill()

    async def close(self) -> None:
        """End and wait for every worker."""
        for member in self.members:
            if member.active:
                member.seat.state = "ended"
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                for member in self.members:
                    tasks.start_soon(member.seat.close)

    async def _listen(self, member: Member) -> None:
        async for message in member.seat.messages():
            if isinstance(message, Frame):
                self._heard(member, message)
            elif isinstance(message, Ready):
                member.ready.set()
            elif isinstance(message, Closed):
                member.closed.set()
                if self.listener is not None:
                    self.listener.closed(member, message.notes)
            elif isinstance(message, Failure):
                member.refusal = member.problem = message.message
                break
            self._tell_news()
        if member.active:
            await self._lose(member)
        member.closed.set()
        member.ready.set()
        self._tell_news()

    def _heard(self, member: Member, frame: Frame) -> None:
        silent_s, member.silent_s = member.silent_s, 0.0
        member.reported_ns = frame.end_ns
        was_slow = member.seat.state == "unresponsive"
        member.seat.state = "ended" if frame.final else "ok"
        if self.listener is not None:
            if was_slow:
                self.listener.back(member, silent_s)
            self.listener.frame(frame)

    async def _lose(self, member: Member) -> None:
        if not member.problem:
            # the pipe closes a moment before the process is gone; its last line may still be on the way
            exit_detail = await member.seat.exit_detail()
            member.problem = f"{exit_detail}{': ' if member.seat.last_words else ''}{member.seat.last_words}"
        else:
            member.seat.kill()
        member.seat.state = "lost"
        if self.listener is not None:
            self.listener.lost(member, member.problem)

    def _tell_news(self) -> None:
        self._news.set()
        self._news = anyio.Event()
