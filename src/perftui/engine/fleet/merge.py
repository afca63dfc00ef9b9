"""Frames of the workers in, intervals of the run out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from perftui.engine.fleet.merge_lost import LostShare
from perftui.engine.fleet.messages import Frame
from perftui.engine.load.schedule import Schedule
from perftui.metrics.cells import merge_cells
from perftui.model.interval import Cell, Connections, ErrorSample, HostSample, Interval, WorkerHealth
from perftui.model.plan import Phase

NS = 1_000_000_000
_ALIGNED_NS = 20_000_000
"""A frame that ends this close to a full second ends there."""

_SHORTEST_S = 0.001
WorkerState = Literal["ok", "unresponsive", "lost"]

Cells = dict[Phase, dict[str, Cell]]


class IntervalMerger:
    """Collects frames and turns those up to a moment into one interval. Frames are deltas: each counts once."""

    def __init__(self, schedule: Schedule, origin_ns: int) -> None:
        """Start at the origin.

        Args:
            schedule: of the whole run, changed by the same commands as the workers' own.
            origin_ns: first intended time, on perf_counter_ns.
        """
        self._schedule = schedule
        self._origin_ns = origin_ns
        self._frames: list[Frame] = []
        self._lost: list[LostShare] = []
        self._extra: list[Cells] = []
        self._health: dict[int, WorkerHealth] = {}
        self._states: dict[int, WorkerState] = {}
        self._samples: dict[tuple[str, str, int, str], dict[int, ErrorSample]] = {}
        self.at_s = 0.0
        """End of the last interval."""

    def add(self, frame: Frame) -> list[ErrorSample]:
        """Take a frame; returns its error samples with their counts over all workers."""
        self._frames.append(frame)
        self._states.pop(frame.worker, None)
        return [self._counted(frame.worker, sample) for sample in frame.error_samples]

    def lose(self, share: LostShare, outstanding: Cells) -> None:
        """A worker is gone: what it had in flight is cancelled, what it would send from now on is dropped."""
        self._lost.append(share)
        self._extra.append(outstanding)

    def set_state(self, worker: int, state: WorkerState) -> None:
        """Note how a worker is, until its next frame."""
        self._states[worker] = state

    def take(self, until_ns: int, host: HostSample, *, final: bool = False) -> Interval | None:
        """The interval from the last one's end up to a moment; None when no worker has said anything about it.

        Args:
            until_ns: the moment, on perf_counter_ns.
            host: sampled now.
            final: every frame counts, and the interval ends with the last of them.
        """
        taken = [frame for frame in self._frames if final or frame.end_ns <= until_ns + _ALIGNED_NS]
        if not taken and not (self._lost or self._extra):
            return None
        self._frames = [frame for frame in self._frames if frame not in taken] if len(taken) < len(self._frames) else []
        end_ns = max((frame.end_ns for frame in taken), default=until_ns)
        if abs(end_ns - until_ns) <= _ALIGNED_NS and not final:
            end_ns = until_ns
        start_s, end_s = self.at_s, (end_ns - self._origin_ns) / NS
        if final and end_s - start_s < _SHORTEST_S and not any(frame.cells for frame in taken):
            return None
        if end_s <= start_s:
            end_s = start_s + _SHORTEST_S
        self.at_s = end_s
        lost = [share.until(end_s) for share in self._lost]
        self._note_health(taken)
        cells = _merged([frame.cells for frame in taken] + self._extra + lost)
        self._extra.clear()
        return self._interval(start_s, end_s, cells, taken, host)

    def _interval(self, start_s: float, end_s: float, cells: Cells, taken: list[Frame], host: HostSample) -> Interval:
        schedule = self._schedule
        asked = schedule.arrivals_until(end_s) - schedule.arrivals_until(start_s)
        return Interval(
            at_s=round(start_s, 6),
            duration_s=round(end_s - start_s, 6),
            phase=schedule.phase_at((start_s + end_s) / 2),
            level=schedule.level_at(max(start_s, min(end_s, schedule.end_s) - 1e-6)),
            asked=asked if schedule.load.mode == "rate" else 0.0,
            paused=schedule.paused,
            cells=cells,
            connections=_connections(taken),
            workers=tuple(self._with_state(worker) for worker in sorted(self._health.keys() | self._states.keys())),
            host=host,
        )

    def _note_health(self, frames: Iterable[Frame]) -> None:
        # the last frame of a run covers microseconds, in which a CPU share means nothing: the longest frame tells
        for frame in sorted(frames, key=lambda frame: frame.end_ns - frame.start_ns):
            self._health[frame.worker] = frame.health

    def _with_state(self, worker: int) -> WorkerHealth:
        health = self._health.get(worker, WorkerHealth(worker=worker))
        return msgspec.structs.replace(health, state=self._states.get(worker, "ok"))

    def _counted(self, worker: int, sample: ErrorSample) -> ErrorSample:
        signature = (sample.error_class, sample.operation, sample.status, sample.detail)
        by_worker = self._samples.setdefault(signature, {})
        by_worker[worker] = sample
        return msgspec.structs.replace(sample, count=sum(known.count for known in by_worker.values()))


def _merged(parts: list[Cells]) -> Cells:
    if len(parts) == 1:
        return parts[0]
    collected: dict[Phase, dict[str, list[Cell]]] = {}
    for part in parts:
        for phase, operations in part.items():
            for operation, cell in operations.items():
                collected.setdefault(phase, {}).setdefault(operation, []).append(cell)
    return {
        phase: {operation: merge_cells(cells) for operation, cells in operations.items()}
        for phase, operations in collected.items()
    }


def _connections(frames: Iterable[Frame]) -> Connections:
    held = list(frames)
    newest = {frame.worker: frame.connections.open_now for frame in held}
    return Connections(
        opened=sum(frame.connections.opened for frame in held),
        reused=sum(frame.connections.reused for frame in held),
        reconnects=sum(frame.connections.reconnects for frame in held),
        open_now=sum(newest.values()),
    )
