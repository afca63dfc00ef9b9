"""One run while it is going on: frames of the workers become one interval per second, until the last answer is in."""

from __future__ import annotations

import time
from collections import deque

import anyio
from msgspec.structs import replace

from perftui.engine.fleet.merge import IntervalMerger
from perftui.engine.fleet.merge_limit import RequestLimit
from perftui.engine.fleet.merge_lost import Ledger, LostShare
from perftui.engine.fleet.messages import Begin, Frame
from perftui.engine.fleet.supervisor import Member, Supervisor
from perftui.engine.load.schedule import Schedule
from perftui.engine.runner.auto_stop import AutoStop
from perftui.engine.runner.guard import Guard
from perftui.engine.runner.limits import CriticalLimits
from perftui.engine.runner.log import NS, RunLog, now_text
from perftui.engine.runner.remote_metrics import RemoteMetrics
from perftui.engine.runner.steering import Steering
from perftui.metrics.day_clock import DayClock
from perftui.metrics.host import HostSampler
from perftui.metrics.machines import worst_of
from perftui.metrics.target_process import TargetTree
from perftui.metrics.trust import judge_interval
from perftui.model.interval import Interval
from perftui.model.journal import End
from perftui.model.plan import Plan
from perftui.store.leftovers import Leftovers

LEAD_NS = 30_000_000
"""From telling the workers of this machine to begin to the first intended time."""
_GRACE_S = 0.5
"""How long an interval waits for a worker that is late."""
_DRAIN_SPARE_S = 5.0
_ALIGNED_S = 0.05
"""An interval that ends this much after the load is judged as one of it."""
_MOST_CAPTURED = 20_000


class LiveRun:
    """Between the first intended time and the last answer."""

    def __init__(
        self,
        plan: Plan,
        supervisor: Supervisor,
        log: RunLog,
        guard: Guard,
        *,
        tree: TargetTree | None = None,
        leftovers: Leftovers | None = None,
    ) -> None:
        """Follow workers that are ready.

        Args:
            plan: as executed.
            supervisor: of the workers.
            log: takes what happens.
            guard: is asked before the load grows, and when pages turn out to be more than was let through.
            tree: the target's processes, when they are of this machine.
            leftovers: keeps what is left for the clean-up on disk as well.
        """
        self._plan = plan
        self._supervisor = supervisor
        self._log = log
        self._guard = guard
        self._schedule = Schedule(plan.load)
        self.steering = Steering(plan, self._schedule, log, guard, lead_ns=lambda: supervisor.seats.lead_ns)
        self.captured: list[dict[str, str]] = []
        """What responses left for the clean-up."""
        self._leftovers = leftovers
        self._host = HostSampler(tree)
        self._tree = tree
        self._day_clock: DayClock | None = DayClock()
        """Until it was set once: one note is enough."""
        self.remote = RemoteMetrics(plan.target.metrics_url, log)
        """Of the target's machine."""
        self._auto_stop = AutoStop() if plan.load.auto_stop else None
        self._limits = CriticalLimits(plan)
        self._recent: deque[Interval] = deque(maxlen=2)
        self._phases = deque(self._schedule.phase_changes_ns())
        self._limit = RequestLimit(plan, self._schedule)
        self._ledgers = [Ledger() for _ in supervisor.members]
        self._merger = IntervalMerger(self._schedule, 0)
        supervisor.listener = self

    async def run(self) -> End:
        """Begin, follow to the end, and say how it ended."""
        self._log.origin_ns = time.perf_counter_ns() + LEAD_NS + self._supervisor.seats.lead_ns
        self._merger = IntervalMerger(self._schedule, self._log.origin_ns)
        await self._supervisor.tell(Begin(origin_ns=self._log.origin_ns))
        self._host.sample()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.steering.send_commands, self._supervisor)
            await self._follow()
            tasks.cancel_scope.cancel()
        self.steering.is_over = True
        status, detail = self.steering.status, self.steering.detail
        if self._supervisor.all_lost:
            status, detail = "failed", "all workers were lost"
        return End(status=status, status_detail=detail, ended_at=now_text())

    async def wait_torn_down(self) -> None:
        """Wait for the functions that workers call at their end, and for what is to be told of them."""
        if any(operation.request.get("teardown") for operation in self._plan.all_operations):
            from perftui.engine.clients.function_operation import TEAR_DOWN_S  # few plans need it

            await self._supervisor.wait_closed(TEAR_DOWN_S + _DRAIN_SPARE_S)

    async def _follow(self) -> None:
        boundary_ns = self._log.origin_ns
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
        passed = (time.perf_counter_ns() - self._log.origin_ns) // NS
        return self._log.origin_ns + passed * NS

    async def _wait_for(self, boundary_ns: int) -> None:
        limit_s = (boundary_ns - time.perf_counter_ns()) / NS + _GRACE_S
        with anyio.move_on_after(max(limit_s, 0.05)):
            while self._supervisor.any_active and not self._supervisor.all_reported(boundary_ns - NS // 50):
                await self._supervisor.news()

    def _emit(self, until_ns: int, *, final: bool) -> None:
        self._note_limit(self._limit.due_before(self._log.at_s(until_ns)))
        remote = self.remote.newest
        host = replace(
            self._host.sample(), remote_cpu_percent=remote.cpu_percent, remote_memory_percent=remote.memory_percent
        )
        machines = self._supervisor.seats.machines()
        interval = self._merger.take(until_ns, worst_of(host, machines), final=final)
        self._note_target()
        self._note_clock()
        if interval is None:
            return
        interval = replace(interval, machines=machines)
        self._note_phases(interval)
        self._note_limit(self._limit.reached(interval))
        interval = judge_interval(interval, self._plan, tuple(self._recent))
        self._recent.append(interval)
        self._log.write(interval)
        sends = interval.at_s + interval.duration_s <= self._schedule.end_s + _ALIGNED_S
        if sends and not self.steering.is_ending:
            reason = self._auto_stop.reason(interval) if self._auto_stop is not None else ""
            reason = reason or self._guard.reason(interval) or self._limits.missed(self._log.timeline)
            if reason:
                self.steering.stop_by_itself(reason)
        self._log.note_disk()

    def _note_phases(self, interval: Interval) -> None:
        end_ns = round((interval.at_s + interval.duration_s) * NS)
        while self._phases and self._phases[0][0] < end_ns and not self.steering.is_ending:
            at_ns, phase = self._phases.popleft()
            self._log.phase(at_ns / NS, phase)

    def _note_target(self) -> None:
        for note in self._supervisor.seats.take_notes():
            self._log.note(note)
        if self._tree is not None and self._tree.notes:
            for note in self._tree.notes:
                self._log.note(note)
            self._tree.notes.clear()

    def _note_clock(self) -> None:
        if self._day_clock is not None and (note := self._day_clock.note()):
            self._log.note(note)
            self._day_clock = None

    def _note_limit(self, at_s: float | None) -> None:
        if at_s is not None and self._phases and not self.steering.is_ending:
            self._phases.clear()
            self.steering.limit_reached(at_s)
            self._log.phase(at_s, "drain")

    def _enforce_end(self, now_ns: int) -> None:
        """Workers end by themselves; one that does not is told to abort, then ended."""
        load = self._plan.load
        drain_s = min(load.drain_s, self._plan.target.timeout_s)
        late_s = (now_ns - self._log.origin_ns) / NS - self._schedule.end_s - drain_s - _DRAIN_SPARE_S
        if late_s > 0 and not self.steering.is_aborting:
            self.steering.cut_drain()
        if late_s > _DRAIN_SPARE_S:
            self._supervisor.kill()

    def frame(self, frame: Frame) -> None:
        """A worker measured something."""
        self._ledgers[frame.worker].add(frame, self._log.origin_ns)
        for sample in self._merger.add(frame):
            self._log.write(sample)
        for note in frame.notes:
            self._log.note(note)
        room = _MOST_CAPTURED - len(self.captured)
        captured = frame.captured[:room]
        self.captured.extend(captured)
        if captured and self._leftovers is not None:
            self._leftovers.keep(captured)

    def closed(self, member: Member, notes: tuple[str, ...]) -> None:
        """Nothing of a worker is open any more."""
        for note in notes:
            self._log.note(f"worker {member.number}: {note}")

    def lost(self, member: Member, detail: str) -> None:
        """A worker is gone: its share is booked as dropped from where it was last heard."""
        ledger = self._ledgers[member.number]
        share = LostShare(self._plan, self._schedule, member.number, len(self._supervisor.members), ledger)
        self._merger.lose(share, ledger.cancelled)
        self._merger.set_state(member.number, "lost")
        self._log.event("worker_lost", f"worker {member.number} was lost: {detail}")

    def slow(self, member: Member) -> None:
        """A worker has not been heard for 3 s."""
        self._merger.set_state(member.number, "unresponsive")
        self._log.event("worker_slow", f"worker {member.number} has not been heard for {member.silent_s:.0f} s")

    def back(self, member: Member, silent_s: float) -> None:
        """A slow worker is heard again."""
        self._log.event("worker_back", f"worker {member.number} is heard again after {silent_s:.0f} s")
