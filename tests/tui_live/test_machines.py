"""The machines of a cluster while it sends: a line for each, as far as there is room."""

from __future__ import annotations

import pytest

from perftui.model.interval import HostSample, Interval, MachineSample, WorkerHealth
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.machine_lines import live_machines

pytestmark = pytest.mark.quick

MACHINES = (
    MachineSample(name="one", host=HostSample(cpu_percent=41.4, memory_percent=20), round_trip_ms=0.3),
    MachineSample(name="two", round_trip_ms=42, clock_offset_ms=-0.031, clock_bound_ms=20.2),
    MachineSample(name="three", lost=True),
)
WORKERS = tuple(
    WorkerHealth(worker=number, machine=name, loop_lag_max_ms=lag, loop_lag_p99_ms=lag)
    for number, (name, lag) in enumerate([("one", 1.5), ("two", 7.0), ("one", 3.5), ("three", 0.0)])
)
INTERVAL = Interval(at_s=3, duration_s=1, phase="measure", machines=MACHINES, workers=WORKERS)


def shown(height: int, interval: Interval = INTERVAL) -> list[list[str]]:
    return [content(line).plain.split() for line in live_machines(interval, height)]


def test_each_machine_has_its_own_numbers() -> None:
    head, *rows = shown(0)

    assert head == ["machine", "workers", "cpu", "memory", "lag", "ms", "trip", "ms", "clock", "ms"]
    assert rows == [
        ["one", "2", "41", "%", "20", "%", "3.50", "0.300", "the", "same"],
        ["two", "1", "0", "%", "0", "%", "7.00", "42.0", "-0.03", "±20.20"],
        ["three", "1", "lost", "0", "%", "0", "%", "0.000", "0.000", "the", "same"],
    ]


def test_what_has_no_room_is_counted() -> None:
    assert len(shown(4)) == 4
    assert [row[0] for row in shown(3)] == ["machine", "one", "and"]
    assert shown(3)[-1] == ["and", "2", "more", "machines"]
    assert shown(1) == []
    assert shown(0, Interval(at_s=3, duration_s=1, phase="measure")) == []
