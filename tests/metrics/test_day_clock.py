"""The clock of the day, set while a run goes on."""

from __future__ import annotations

import time

import pytest

from perftui.metrics.day_clock import DayClock

HOUR_S = 3600.0


def test_a_clock_that_is_set_is_told_once_and_which_way(monkeypatch: pytest.MonkeyPatch) -> None:
    real, moved_s = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + moved_s[0])
    clock = DayClock()
    notes = []
    for offset_s in (0.0, 2.0, HOUR_S, HOUR_S, -HOUR_S):
        moved_s[0] = offset_s
        notes.append(clock.note().partition(":")[0])

    assert notes == [
        "",
        "",  # as time servers do it
        "the clock of this machine was set forward by 59m58s",
        "",
        "the clock of this machine was set back by 2h",
    ]
