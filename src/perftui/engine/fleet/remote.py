"""A seat on another machine, and the machine as the runner sees it. Clocks are translated here, and nowhere else."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio
from msgspec.structs import replace

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.resolve import resolve
from perftui.engine.fleet import clocks
from perftui.engine.fleet.asking import answer_of, loss_after_failure
from perftui.engine.fleet.framing import FramingError, pack_message, runner_unpacker
from perftui.engine.fleet.messages import MOST_NOTES, Begin, Closed, Command, Failure, Frame, FromWorker, Job, ToWorker
from perftui.engine.fleet.node_facts import NodeFacts, boot_id
from perftui.engine.fleet.reached import Heard
from perftui.engine.fleet.seat import SeatState
from perftui.model.interval import HostSample, MachineSample
from perftui.model.plan import Target
from perftui.model.text import safe_text
from perftui.presets.files import moved
from perftui.store.plausible import check_measured
from perftui.store.safe_reading import safe_struct

ANSWER_S = 15.0
BEAT_S = 1.0
SILENT_S = 3.0
"""A machine that neither answers nor reports for so long is lost."""
_STEP_S = 0.25
_KEPT_ROUND_TRIPS = 10
_LONGEST_FAILURE = 2000


class RemoteNode:
    """A machine of the cluster, with what it hosts."""

    def __init__(
        self,
        name: str,
        actor: Any,  # noqa: ANN401 - made by Dask
        facts: NodeFacts,
        link_problem: Callable[[], str] = lambda: "",
    ) -> None:
        """Speak to a machine.

        Args:
            name: unique in this run.
            actor: a `Node` over there.
            facts: what it said about itself.
            link_problem: why nothing more can come from there, in words; empty: it can.
        """
        self._link_problem = link_problem
        self.name = name
        self.facts = facts
        self.is_here = facts.boot_id == boot_id() != ""
        """Whether it is this very machine, and reads the same clock."""
        self.clock = clocks.Reading()
        """As compared last."""
        self.begin_clock = clocks.Reading()
        """What moments are translated with, from the begin to the end: the schedule must not jump."""
        self.seats: list[RemoteSeat] = []
        self.problem = ""
        """Why it is lost."""
        self.heard: list[Heard] = []
        """Commands that came there."""
        self.places: dict[str, str] = {}
        """Where the plan's files are over there."""
        self.found: dict[str, Addresses] = {}
        """What the names of the targets' hosts mean there, by the target's own name."""
        self.addresses: dict[str, Addresses] = {}
        """Where it connects to: those of them that took connections before the start."""
        self.sample = HostSample()
        self._actor = actor
        self._outbox: list[tuple[int, ToWorker | None]] = []
        self._has_mail = anyio.Event()
        self._round_trips_ns: deque[int] = deque(maxlen=_KEPT_ROUND_TRIPS)
        self.heard_at = time.monotonic()

    @property
    def round_trip_ns(self) -> int:
        """The longest of the last ones."""
        return max(self._round_trips_ns, default=self.clock.round_trip_ns)

    @property
    def as_sample(self) -> MachineSample:
        """How it is, for the interval that ends now."""
        begin, now = self.begin_clock, self.clock
        return MachineSample(
            name=self.name,
            host=self.sample,
            round_trip_ms=round(self.round_trip_ns / 1e6, 3),
            clock_offset_ms=round((now.offset_ns - begin.offset_ns) / 1e6, 3),
            clock_bound_ms=round(max(begin.bound_ns, now.bound_ns) / 1e6, 3),
            lost=bool(self.problem),
        )

    async def compare_clocks(self) -> None:
        """Find out how its clock is."""
        reading = await clocks.compare(self._actor.now)
        self.clock = clocks.same_clock(reading) if self.is_here else reading
        # what was slow while workers started says nothing about commands to come
        self._round_trips_ns.clear()
        self._round_trips_ns.append(reading.slowest_ns)

    async def call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - any answer
        """Call a method of the machine's node."""
        return await getattr(self._actor, method)(*arguments)

    async def ask(self, method: str, *arguments: object, within_s: float = ANSWER_S) -> Any:  # noqa: ANN401 - any answer
        """The same, while the machine is there.

        Raises:
            UnreachableError: it is gone, or takes longer.
            PerftuiError: what was asked for failed there.
        """
        return await answer_of(self.call(method, *arguments), self.loss, within_s)

    async def loss(self) -> str:
        """Why nothing more will come from it; empty: it is there."""
        return self.problem or self._link_problem()

    async def look_up(self, name: str, target: Target) -> None:
        """Have it find out again what the name of a target's host means there.

        Raises:
            UnreachableError: it cannot.
        """
        found = await self.ask("ask", resolve, target)
        if found != self.found.get(name):
            self.found[name] = self.addresses[name] = found

    def post(self, number: int, message: ToWorker | None) -> None:
        """Have a worker told something, in order; None: have it ended at once."""
        if not self.problem:
            self._outbox.append((number, message))
            self._has_mail.set()

    async def keep_posted(self) -> None:
        """Deliver, until cancelled or lost."""
        while not self.problem:
            await self._has_mail.wait()
            self._has_mail = anyio.Event()
            mail, self._outbox = self._outbox, []
            try:
                came_ns = await self.call(
                    "tell", [(number, pack_message(message) if message else b"") for number, message in mail]
                )
            except Exception as error:  # noqa: BLE001 - whatever Dask or its far end raises
                self.lose(await self._why(error))
                return
            self._note_heard(mail, came_ns)

    def _note_heard(self, mail: list[tuple[int, ToWorker | None]], came_ns: int) -> None:
        offset_ns = self.begin_clock.offset_ns
        for _, message in mail:
            if isinstance(message, Command) and message.kind not in {"headers", "addresses"}:
                self.heard.append(Heard(message.kind, message.at_ns + offset_ns, message.at_ns - came_ns))
            elif isinstance(message, Begin):
                self.heard.append(Heard("begin", message.origin_ns + offset_ns, message.origin_ns - came_ns))

    async def keep_beating(self) -> None:
        """Ask how it is once a second, and compare clocks now and then, until it is lost or this is cancelled."""
        next_compare = time.monotonic() + clocks.COMPARE_EVERY_S
        while True:
            asked_ns = time.perf_counter_ns()
            sample = await self._within(self.call("beat", {seat.number: seat.next_seq for seat in self.seats}))
            if not isinstance(sample, HostSample):
                self.lose(sample)
                return
            self._round_trips_ns.append(time.perf_counter_ns() - asked_ns)
            self.sample = sample
            if time.monotonic() >= next_compare:
                next_compare += clocks.COMPARE_EVERY_S
                with anyio.move_on_after(SILENT_S), suppress(Exception):  # the next beat tells why
                    await self.compare_clocks()
            await anyio.sleep(BEAT_S)

    async def _within(self, answer: Awaitable[HostSample]) -> HostSample | str:
        """The answer, or why there is none. Time in which this program was held up itself does not count."""
        found: list[HostSample | str] = []
        done = anyio.Event()

        async def wait() -> None:
            try:
                found.append(await answer)
            except Exception as error:  # noqa: BLE001 - whatever Dask or its far end raises
                found.append(await self._why(error))
            done.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            silent_s = 0.0
            while not found and silent_s < SILENT_S and not self._link_problem():
                with anyio.move_on_after(_STEP_S):
                    await done.wait()
                silent_s = min(silent_s + _STEP_S, time.monotonic() - self.heard_at)
            tasks.cancel_scope.cancel()
        return found[0] if found else f"not heard for {SILENT_S:.0f} s"

    def lose(self, detail: str) -> None:
        """It is gone, and its seats with it."""
        self.problem = self.problem or self._link_problem() or detail
        self._has_mail.set()
        for seat in self.seats:
            seat.end(f"machine {self.name}: {self.problem}")

    async def _why(self, error: Exception) -> str:
        known = await loss_after_failure(self.loss)
        return known or f"it cannot be reached any more ({type(error).__name__})"


class RemoteSeat:
    """A worker process of another machine."""

    def __init__(self, number: int, node: RemoteNode) -> None:
        self.number = number
        self.state: SeatState = "ok"
        self.next_seq = 0
        """Of the message that must come next."""
        self.last_words = ""
        self._node = node
        self._detail = ""
        self._put, self._get = anyio.create_memory_object_stream[FromWorker](math.inf)
        self._unpacker = runner_unpacker()

    @property
    def machine(self) -> str:
        """As Seat."""
        return self._node.name

    async def send(self, message: ToWorker) -> None:
        """As Seat: moments become the other machine's."""
        offset_ns = self._node.begin_clock.offset_ns
        match message:
            case Begin():
                message = replace(message, origin_ns=message.origin_ns - offset_ns)
            case Command():
                message = replace(message, at_ns=message.at_ns - offset_ns)
                if message.kind == "addresses":
                    message = replace(message, addresses=self._node.addresses[message.target])
            case Job():
                message = replace(
                    message,
                    plan=moved(message.plan, self._node.places),
                    addresses=self._node.addresses,
                )
        self._node.post(self.number, message)

    def take(self, event: dict[str, Any]) -> None:
        """Something came from the machine."""
        if event["seq"] != self.next_seq:
            self._put_in(Failure(message=f"messages {self.next_seq} to {event['seq'] - 1} were lost on the way"))
            self.end("a gap in what it reported")
            return
        self.next_seq += 1
        self._node.heard_at = time.monotonic()
        if "end" in event:
            self.last_words = safe_text(event["end"]["said"])
            self.end(safe_text(event["end"]["detail"]))
            return
        try:
            messages = self._unpacker.feed(event["message"])
        except FramingError as error:
            messages = [Failure(message=str(error))]
        for message in messages:
            self._put_in(self._here(message))

    def _here(self, message: FromWorker) -> FromWorker:
        """With moments on the runner's clock, and text made safe: another machine says what it likes."""
        if isinstance(message, Failure):
            return Failure(message=safe_text(message.message, _LONGEST_FAILURE))
        if isinstance(message, Closed):
            return Closed(notes=_safe(message.notes))
        if not isinstance(message, Frame):
            return message
        try:
            check_measured(message.cells, (message.health,))
        except ValueError as error:
            return Failure(message=f"what it reported is damaged: {safe_text(str(error))}")
        offset_ns = self._node.begin_clock.offset_ns
        return replace(
            message,
            start_ns=message.start_ns + offset_ns,
            end_ns=message.end_ns + offset_ns,
            cells={
                phase: {name if name.isprintable() else safe_text(name): cell for name, cell in cells.items()}
                for phase, cells in message.cells.items()
            },
            health=replace(message.health, machine=self._node.name),
            error_samples=tuple(safe_struct(sample) for sample in message.error_samples),
            notes=_safe(message.notes),
        )

    def _put_in(self, message: FromWorker) -> None:
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._put.send_nowait(message)

    def end(self, detail: str) -> None:
        """Nothing more will come."""
        self._detail = self._detail or detail
        self._put.close()

    async def messages(self) -> AsyncIterator[FromWorker]:
        """As Seat."""
        with suppress(anyio.ClosedResourceError):  # closed while it was listened to
            async for message in self._get:
                yield message
        self._get.close()

    async def keep_output(self) -> None:
        """The other machine does: the last words come with the end."""

    async def exit_detail(self) -> str:
        """As Seat."""
        return self._detail

    def kill(self) -> None:
        """As Seat: whether it works or not, nothing more is taken from it."""
        self._node.post(self.number, None)
        self.end("ended by the runner")

    async def close(self) -> None:
        """As Seat: the machine ends it, with all that it hosts."""
        self.end("closed")
        self._get.close()


def _safe(notes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(safe_text(note) for note in notes[:MOST_NOTES])
