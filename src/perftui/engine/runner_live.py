"""One run while it is going on: frames become journal lines, commands and signals become events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import anyio

from perftui.engine.control_messages import Request
from perftui.engine.merge import NS, IntervalMerger
from perftui.engine.merge_limit import RequestLimit
from perftui.engine.merge_lost import Ledger, LostShare
from perftui.engine.messages import Begin, Command, Frame
from perftui.engine.resolve import Addresses
from perftui.engine.schedule import Schedule
from perftui.engine.supervisor import Member, Supervisor
from perftui.engine.supervisor_auto_stop import AutoStop
from perftui.metrics.host import HostSampler
from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import judge_interval
from perftui.model.errors import UsageError
from perftui.model.interval import Event, EventKind, Interval
from perftui.model.journal import End, JournalLine
from perftui.model.plan import Plan
from perftui.model.record import Status
from perftui.model.units import format_count
from perftui.store.journal_writer import JournalWriter

LEAD_NS = 30_000_000
"""From telling the workers to begin to the first intended time."""
_COMMAND_LEAD_NS = 20_000_000
_GRACE_S = 0.5
"""How long an interval waits for a worker that is late."""
_DRAIN_SPARE_S = 5.0
_MOST_CAPTURED = 20_000
_MOST_LEVEL = 10_000_000.0


class LiveRun:
    """Between the first intended time and the last answer."""

    def __init__(
        self,
        plan: Plan,
        supervisor: Supervisor,
        writer: JournalWriter,
        timeline: Timeline,
        *,
        scrub: Callable[[str], str],
        on_line: Callable[[JournalLine], None] | None,
    ) -> None:
        """Follow workers that are ready.

        Args:
            plan: as executed.
            supervisor: of the workers.
            writer: of the journal.
            timeline: takes every line that is written.
            scrub: blanks secrets out of text.
            on_line: called with every line that is written.
        """
        self._plan = plan
        self._supervisor = supervisor
        self._writer = writer
        self._scrub = scrub
        self.timeline = timeline
        """Every line so far; bounded memory, constant work per second."""
        self._on_line = on_line
        self._schedule = Schedule(plan.load)
        self._unscaled = Schedule(plan.load)
        self._host = HostSampler(plan.target.pid)
        self._auto_stop = AutoStop() if plan.load.auto_stop else None
        self._recent: deque[Interval] = deque(maxlen=2)
        self._commands: deque[Command] = deque()
        self._wake = anyio.Event()
        self._phases = deque(self._schedule.phase_changes_ns())
        self._limit = RequestLimit(plan, self._schedule)
        self._origin_ns = 0
        self._merger = IntervalMerger(self._schedule, 0)
        self._ledgers = [Ledger() for _ in supervisor.members]
        self._status: Status = "finished"
        self._detail = ""
        self._disk_problem = False
        self._is_ending = False
        self._aborting = False
        self.is_over = False
        """Whether the last answer is in."""
        self.captured: list[dict[str, str]] = []
        """What responses left for the clean-up."""
        supervisor.listener = self

    async def run(self) -> End:
        """Begin, follow to the end, and say how it ended."""
        self._origin_ns = time.perf_counter_ns() + LEAD_NS
        self._merger = IntervalMerger(self._schedule, self._origin_ns)
        await self._supervisor.tell(Begin(origin_ns=self._origin_ns))
        self._host.sample()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._send_commands)
            await self._follow()
            tasks.cancel_scope.cancel()
        self.is_over = True
        if self._supervisor.all_lost:
            self._status, self._detail = "failed", "all workers were lost"
        return End(status=self._status, status_detail=self._detail, ended_at=now_text())

    async def _follow(self) -> None:
        boundary_ns = self._origin_ns
        heard_ns = time.perf_counter_ns()
        while self._supervisor.any_active:
            boundary_ns = max(boundary_ns + NS, self._last_boundary())
            await self._wait_for(boundary_ns)
            now_ns = time.perf_counter_ns()
            # a runner that was held up itself must not blame its workers: one interval counts as one second
            self._supervisor.watch(min((now_ns - heard_ns) / NS, 1.5))
            heard_ns = now_ns
            self._emit(boundary_ns, final=not self._supervisor.any_active)
            self._enforce_end(now_ns)
        self._emit(time.perf_counter_ns(), final=True)

    def _last_boundary(self) -> int:
        """The last full second: after being held up, the intervals missed become one."""
        passed = (time.perf_counter_ns() - self._origin_ns) // NS
        return self._origin_ns + passed * NS

    async def _wait_for(self, boundary_ns: int) -> None:
        limit_s = (boundary_ns - time.perf_counter_ns()) / NS + _GRACE_S
        with anyio.move_on_after(max(limit_s, 0.05)):
            while self._supervisor.any_active and not self._supervisor.all_reported(boundary_ns - NS // 50):
                await self._supervisor.news()

    def _emit(self, until_ns: int, *, final: bool) -> None:
        self._note_limit(self._limit.due_before((until_ns - self._origin_ns) / NS))
        interval = self._merger.take(until_ns, self._host.sample(), final=final)
        if interval is None:
            return
        self._note_phases(interval)
        self._note_limit(self._limit.reached(interval))
        interval = judge_interval(interval, self._plan, tuple(self._recent))
        self._recent.append(interval)
        self.write(interval)
        if self._auto_stop is not None and not self._is_ending:
            reason = self._auto_stop.reason(interval)
            if reason:
                self._event("auto_stop", reason)
                self._end("stopped", reason)
        if self._writer.problem is not None and not self._disk_problem:
            self._event("disk", self._writer.problem)
        self._disk_problem = self._writer.problem is not None

    def _note_phases(self, interval: Interval) -> None:
        end_ns = round((interval.at_s + interval.duration_s) * NS)
        while self._phases and self._phases[0][0] < end_ns and not self._is_ending:
            at_ns, phase = self._phases.popleft()
            self.write(Event(at_s=at_ns / NS, kind="phase", detail=phase))
            self._writer.sync()

    def _note_limit(self, at_s: float | None) -> None:
        """The last request that the plan allows was due: nothing is asked from here on."""
        if at_s is not None and self._phases and not self._is_ending:
            self._phases.clear()
            self._schedule.stop(at_s)
            self.write(Event(at_s=at_s, kind="phase", detail="drain"))

    def _enforce_end(self, now_ns: int) -> None:
        """Workers end by themselves; one that does not is told to abort, then ended."""
        load = self._plan.load
        end_ns = self._origin_ns + round(self._schedule.end_s * NS)
        late_s = (now_ns - end_ns) / NS - min(load.drain_s, self._plan.target.timeout_s) - _DRAIN_SPARE_S
        if late_s > 0 and not self._aborting:
            self._aborting = True
            self._send(Command(kind="abort", at_ns=self._soon()))
        if late_s > _DRAIN_SPARE_S:
            self._supervisor.kill()

    # -- what workers say ------------------------------------------------------------------------------------------

    def frame(self, frame: Frame) -> None:
        """A worker measured something."""
        self._ledgers[frame.worker].add(frame, self._origin_ns)
        for sample in self._merger.add(frame):
            self.write(sample)
        room = _MOST_CAPTURED - len(self.captured)
        self.captured.extend(frame.captured[:room])

    def lost(self, member: Member, detail: str) -> None:
        """A worker is gone: its share is booked as dropped from where it was last heard."""
        ledger = self._ledgers[member.number]
        share = LostShare(self._plan, self._schedule, member.number, len(self._supervisor.members), ledger)
        self._merger.lose(share, ledger.cancelled)
        self._merger.set_state(member.number, "lost")
        self._event("worker_lost", f"worker {member.number} was lost: {detail}")

    def slow(self, member: Member) -> None:
        """A worker has not been heard for 3 s."""
        self._merger.set_state(member.number, "unresponsive")
        self._event("worker_slow", f"worker {member.number} has not been heard for {member.silent_s:.0f} s")

    def back(self, member: Member, silent_s: float) -> None:
        """A slow worker is heard again."""
        self._event("worker_back", f"worker {member.number} is heard again after {silent_s:.0f} s")

    # -- what people say -------------------------------------------------------------------------------------------

    def apply(self, request: Request) -> None:
        """Do what a controller asks.

        Raises:
            UsageError: it cannot be done now.
        """
        if request.kind == "mark":
            self._event("mark", request.text, request.origin)
        elif request.kind == "stop":
            self.stop(f"stopped by {request.origin}", request.origin)
        elif request.kind == "abort":
            self.abort(f"aborted by {request.origin}", request.origin)
        elif self._is_ending:
            raise UsageError(f"{request.kind}: the run is ending")
        elif request.kind == "level":
            self._set_level(request.level, request.origin)
        elif request.kind in {"pause", "resume"}:
            self._pause(paused=request.kind == "pause", origin=request.origin)

    def _pause(self, *, paused: bool, origin: str) -> None:
        if paused == self._schedule.paused:
            raise UsageError("the run is paused already" if paused else "the run is not paused")
        at_ns = self._send(Command(kind="pause" if paused else "resume", at_ns=self._soon()))
        change = self._schedule.pause if paused else self._schedule.resume
        change((at_ns - self._origin_ns) / NS)
        self._event("pause" if paused else "resume", origin=origin)

    def _set_level(self, level: float | None, origin: str) -> None:
        if level is None or not 0 <= level <= _MOST_LEVEL:
            raise UsageError(f"level: give a number from 0 to {_MOST_LEVEL:,.0f}")
        at_ns = self._soon()
        at_s = (at_ns - self._origin_ns) / NS
        planned = self._unscaled.level_at(max(0.0, at_s))
        if planned <= 0:
            raise UsageError("level: the plan asks for nothing at this moment; try again when it does")
        self._send(Command(kind="scale", at_ns=at_ns, factor=level / planned))
        self._schedule.scale(at_s, level / planned)
        unit = "/s" if self._plan.load.mode == "rate" else " users"
        self._event("level", f"{format_count(level)}{unit}", origin, level=level)

    def stop(self, detail: str, origin: str) -> None:
        """No new requests; wait for answers; save."""
        if not self._is_ending and not self.is_over:
            self._event("stop", detail, origin)
            self._end("stopped", detail)

    def abort(self, detail: str, origin: str) -> None:
        """Cancel what is in flight; save."""
        if not self._aborting:
            self._aborting = True
            self._event("abort", detail, origin)
            self._end("aborted", detail, "abort")

    def note(self, detail: str) -> None:
        """Something worth knowing."""
        self._event("note", detail, "runner")

    def renew_headers(self, headers: dict[str, str], secrets: tuple[str, ...]) -> None:
        """Workers use these headers from now on, and hide these values."""
        self._send(Command(kind="headers", at_ns=self._soon(), headers=headers, secrets=secrets))

    def use_addresses(self, addresses: Addresses) -> None:
        """Workers make new connections to these addresses."""
        self._send(Command(kind="addresses", at_ns=self._soon(), addresses=addresses))
        self.note(f"the target's addresses are now {', '.join(sorted({host for host, _ in addresses}))}")

    def _end(self, status: Status, detail: str, kind: Literal["stop", "abort"] = "stop") -> None:
        self._status, self._detail = status, detail
        at_ns = self._send(Command(kind=kind, at_ns=self._soon()))
        if not self._is_ending:
            self._is_ending = True
            self._schedule.stop((at_ns - self._origin_ns) / NS)

    @staticmethod
    def _soon() -> int:
        """A moment that reaches every worker before it comes."""
        return time.perf_counter_ns() + _COMMAND_LEAD_NS

    def _send(self, command: Command) -> int:
        self._commands.append(command)
        self._wake.set()
        return command.at_ns

    async def _send_commands(self) -> None:
        while True:
            await self._wake.wait()
            self._wake = anyio.Event()
            while self._commands:
                await self._supervisor.tell(self._commands.popleft())

    def _event(self, kind: EventKind, detail: str = "", origin: str = "", level: float | None = None) -> None:
        at_s = max(0.0, (time.perf_counter_ns() - self._origin_ns) / NS) if self._origin_ns else 0.0
        self.write(Event(at_s=round(at_s, 3), kind=kind, detail=self._scrub(detail), origin=origin, level=level))

    def write(self, line: JournalLine) -> None:
        """Append to the journal, add it up and show it."""
        self._writer.append(line)
        self.timeline.add(line)
        self.show(line)

    def show(self, line: JournalLine) -> None:
        """Tell whoever follows in this process; one whose terminal or pipe is gone is not told any more."""
        if self._on_line is None:
            return
        try:
            self._on_line(line)
        except OSError:
            self._on_line = None


def now_text() -> str:
    """The present as it is stored: UTC, ISO 8601, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
