"""What a worker measured up to a moment, packed bit by bit.

With hundreds of operations, packing all at once would hold up the requests that are due meanwhile, second after second:
the worker would measure itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from time import perf_counter_ns

from perftui.metrics.recorder import CellRecorder, start_delay_p99_ms
from perftui.model.interval import Cell
from perftui.model.plan import Phase


class Cut:
    """Recorders that nobody writes to any more."""

    def __init__(self, recorders: Sequence[CellRecorder]) -> None:
        self._left = deque(recorders)
        self.started = sum(recorder.started for recorder in recorders)
        self.start_delay_p99_ms = start_delay_p99_ms(recorders)
        self.cells: dict[Phase, dict[str, Cell]] = {}
        """What is packed."""

    def pack(self, most_ns: int | None = None) -> bool:
        """Go on packing, by one at least and for about that long at most; whether all of it is done."""
        began_ns = perf_counter_ns()
        while self._left:
            recorder = self._left.popleft()
            self.cells.setdefault(recorder.phase, {})[recorder.operation] = recorder.packed()
            if most_ns is not None and perf_counter_ns() - began_ns >= most_ns:
                break
        return not self._left
