"""What the keys of the live screen start from: whether the load is paused, and at which level it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.model.interval import Event, Interval
from perftui.store.journal_writer import JournalWriter
from perftui.tui.screens.live_follow import RunFollower

pytestmark = pytest.mark.quick

Running = Callable[[str, float], tuple[Path, JournalWriter]]


def test_a_paused_run_goes_on_at_its_level(live: Running) -> None:
    """Less load, pressed right after a pause, takes a tenth off what there was: not off nothing."""
    path, writer = live("read", 20.0)
    follower = RunFollower(path)
    assert (follower.level, follower.paused) == (0.0, False)
    follower.poll()
    assert (follower.level, follower.paused) == (100.0, False)

    def add(line: Interval | Event) -> tuple[float, bool]:
        writer.append(line)
        follower.poll()
        return follower.level, follower.paused

    assert add(Event(at_s=20.5, kind="pause", origin="tui")) == (100.0, True)
    assert add(Interval(at_s=20.0, duration_s=1.0, phase="measure", level=0.0, paused=True)) == (100.0, True)
    assert add(Event(at_s=21.2, kind="level", level=110.0, origin="tui")) == (110.0, True)
    assert add(Event(at_s=21.4, kind="resume", origin="ctl")) == (110.0, False)
    assert add(Interval(at_s=21.0, duration_s=1.0, phase="measure", level=111.0)) == (111.0, False)
