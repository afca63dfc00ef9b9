"""The clock of the day beside a steady one: no time of a run is taken from it, but its dates are."""

from __future__ import annotations

import time

from perftui.model.units import format_duration

_STEP_S = 5.0
"""A smaller difference may be a clock that is put right a little at a time."""
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where the system has such a clock, as the day does."""


class DayClock:
    """Notices when somebody sets it."""

    def __init__(self) -> None:
        self._ahead_s = self._now_s()

    def note(self) -> str:
        """What was done to the clock since the last call, in words; empty when it only went on."""
        before_s, self._ahead_s = self._ahead_s, self._now_s()
        step_s = self._ahead_s - before_s
        if abs(step_s) < _STEP_S:
            return ""
        way = f"{'forward' if step_s > 0 else 'back'} by {format_duration(round(abs(step_s)))}"
        return f"the clock of this machine was set {way}: nothing that was measured moves with it, dates do"

    def _now_s(self) -> float:
        return time.time() - time.clock_gettime(_STEADY)
