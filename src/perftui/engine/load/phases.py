"""Which phase a moment belongs to, fast enough for every request."""

from __future__ import annotations

from bisect import bisect_right

from perftui.engine.load.schedule import Schedule
from perftui.model.plan import Phase

_NEVER_NS = 1 << 62


class PhaseClock:
    """The phases of a schedule on the clock of perf_counter_ns."""

    def __init__(self, schedule: Schedule, origin_ns: int) -> None:
        changes = schedule.phase_changes_ns()
        self._starts = [origin_ns + start for start, _ in changes]
        self._phases: list[Phase] = [phase for _, phase in changes]

    def at(self, moment_ns: int) -> Phase:
        """The phase of a moment; before the origin the first one."""
        return self._phases[max(0, bisect_right(self._starts, moment_ns) - 1)]

    def next_change_ns(self, moment_ns: int) -> int:
        """When the phase after that of a moment begins."""
        following = bisect_right(self._starts, moment_ns)
        return self._starts[following] if following < len(self._starts) else _NEVER_NS
