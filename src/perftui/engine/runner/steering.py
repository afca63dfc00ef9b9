"""What changes a run from outside: commands of people, signals, the runner's own decision to stop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

import anyio

from perftui.engine.clients.client import Addresses
from perftui.engine.control.messages import Request
from perftui.engine.fleet.messages import Command
from perftui.engine.fleet.supervisor import Supervisor
from perftui.engine.load.schedule import Schedule
from perftui.engine.runner.guard import Guard
from perftui.engine.runner.log import RunLog
from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.model.record import Status
from perftui.model.units import format_count

_COMMAND_LEAD_NS = 20_000_000
_MOST_LEVEL = 10_000_000.0
_MOST_FACTOR = 1000.0


class Steering:
    """Turns wishes into commands to the workers, into the runner's own schedule, and into events."""

    def __init__(
        self, plan: Plan, schedule: Schedule, log: RunLog, guard: Guard, *, lead_ns: Callable[[], int] = lambda: 0
    ) -> None:
        """Steer a run.

        Args:
            plan: what is executed.
            schedule: the runner's, changed like those of the workers.
            log: takes the events.
            guard: is asked before the load grows.
            lead_ns: how much longer than to workers of this machine commands take.
        """
        self._schedule = schedule
        self._lead_ns = lead_ns
        self._guard = guard
        self._planned = Schedule(plan.load)
        self._unit = "/s" if plan.load.mode == "rate" else " users"
        self._log = log
        self._commands: deque[Command] = deque()
        self._wake = anyio.Event()
        self.status: Status = "finished"
        """How the run ends, as far as is known."""
        self.detail = ""
        self.is_ending = False
        """Whether nothing is to be sent any more."""
        self.is_aborting = False
        self.is_over = False
        """Whether the last answer is in."""

    async def send_commands(self, supervisor: Supervisor) -> None:
        """Pass commands on to the workers, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake = anyio.Event()
            while self._commands:
                await supervisor.tell(self._commands.popleft())

    def apply(self, request: Request) -> None:
        """Do what a controller asks.

        Raises:
            UsageError: it cannot be done now.
            GuardError: the target must not be loaded so.
        """
        if request.kind == "mark":
            self._log.event("mark", request.text, request.origin)
        elif request.kind == "stop":
            self.stop(f"stopped by {request.origin}", request.origin)
        elif request.kind == "abort":
            self.abort(f"aborted by {request.origin}", request.origin)
        elif self.is_ending or self.is_over:
            raise UsageError(f"{request.kind}: the run is ending")
        elif request.kind == "level":
            self._hold(request.level, request.origin)
        elif request.kind == "scale":
            self._scale(request.level, request.origin)
        elif request.kind in {"pause", "resume"}:
            self._pause(paused=request.kind == "pause", origin=request.origin)

    def stop(self, detail: str, origin: str) -> None:
        """No new requests; wait for answers; save."""
        if not self.is_ending and not self.is_over:
            self._log.event("stop", detail, origin)
            self._end("stopped", detail, "stop")

    def stop_by_itself(self, reason: str) -> None:
        """The same, because the target has broken down."""
        self._log.event("auto_stop", reason)
        self._end("stopped", reason, "stop")

    def abort(self, detail: str, origin: str) -> None:
        """Cancel what is in flight; save."""
        if not self.is_aborting and not self.is_over:
            self.is_aborting = True
            self._log.event("abort", detail, origin)
            self._end("aborted", detail, "abort")

    def cut_drain(self) -> None:
        """Workers that did not end by themselves cancel what they wait for. The run keeps its status."""
        self.is_aborting = True
        self._send(Command(kind="abort", at_ns=self._soon()))

    def limit_reached(self, at_s: float) -> None:
        """Nothing is asked from this moment on: the plan's last request was due."""
        self._schedule.stop(at_s)

    def renew_headers(self, headers: dict[str, str], secrets: tuple[str, ...]) -> None:
        """Workers use these headers from now on, and hide these values."""
        self._send(Command(kind="headers", at_ns=self._soon(), headers=headers, secrets=secrets))

    def use_addresses(self, target: str, addresses: Addresses) -> None:
        """Workers make new connections to a target at these addresses."""
        self._send(Command(kind="addresses", at_ns=self._soon(), addresses=addresses, target=target))
        self._log.note(f"the target's addresses are now {', '.join(sorted({host for host, _ in addresses}))}")

    @property
    def highest_to_come(self) -> float:
        """The highest level from now on, also when the run is paused."""
        return self._schedule.highest_from(self._log.at_s(time.perf_counter_ns()))

    def _pause(self, *, paused: bool, origin: str) -> None:
        if paused == self._schedule.paused:
            raise UsageError("the run is paused already" if paused else "the run is not paused")
        if not paused:
            self._guard.allow(self.highest_to_come)
        at_ns = self._send(Command(kind="pause" if paused else "resume", at_ns=self._soon()))
        change = self._schedule.pause if paused else self._schedule.resume
        change(self._log.at_s(at_ns))
        self._log.event("pause" if paused else "resume", origin=origin)

    def _hold(self, level: float | None, origin: str) -> None:
        """This level from now on, whatever the plan says, until told otherwise."""
        if level is None or not 0 <= level <= _MOST_LEVEL:
            raise UsageError(f"level: give a number from 0 to {_MOST_LEVEL:,.0f}")
        self._guard.allow(level)
        at_ns = self._send(Command(kind="hold", at_ns=self._soon(), level=level))
        self._schedule.hold(self._log.at_s(at_ns), level)
        self._log.event("level", f"{format_count(level)}{self._unit}", origin, level=level)

    def _scale(self, factor: float | None, origin: str) -> None:
        """The rest of the plan times a factor; 1 goes back to the plan."""
        if factor is None or not 0 <= factor <= _MOST_FACTOR:
            raise UsageError(f"scale: give a factor from 0 to {_MOST_FACTOR:,.0f}")
        at_ns = self._soon()
        at_s = self._log.at_s(at_ns)
        level = self._planned.level_at(at_s) * factor
        if level > _MOST_LEVEL:
            raise UsageError(f"scale: that is more than {_MOST_LEVEL:,.0f}")
        self._guard.allow(self._planned.highest_from(at_s) * factor)
        self._send(Command(kind="scale", at_ns=at_ns, factor=factor))
        self._schedule.scale(at_s, factor)
        detail = f"the plan times {factor:g}: {format_count(level)}{self._unit}"
        self._log.event("level", detail, origin, level=level)

    def _end(self, status: Status, detail: str, kind: Literal["stop", "abort"]) -> None:
        self.status, self.detail = status, detail
        at_ns = self._send(Command(kind=kind, at_ns=self._soon()))
        if not self.is_ending:
            self.is_ending = True
            self._schedule.stop(self._log.at_s(at_ns))

    def _send(self, command: Command) -> int:
        self._commands.append(command)
        self._wake.set()
        return command.at_ns

    def _soon(self) -> int:
        """A moment that reaches every worker before it comes."""
        return time.perf_counter_ns() + _COMMAND_LEAD_NS + self._lead_ns()
