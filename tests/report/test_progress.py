"""One line per interval: rates of whole seconds, counts of the short rest of a run."""

from __future__ import annotations

import pytest

from perftui.model.interval import Cell, Counts, Event, Interval
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.report.progress import InOrder, interval_text

PLAN = Plan(
    name="test",
    target=Target(url="http://127.0.0.1:1"),
    load=Load(stages=(Stage(duration_s=2, to=100),), start_level=100),
    operations=(Operation(name="list", path="/"),),
)


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [(2.0, "  50.0/s sent    45.0/s ok"), (0.000_001, "   100   sent      90   ok")],
)
def test_amounts_fit_how_long_the_interval_was(duration_s: float, expected: str) -> None:
    cell = Cell(counts=Counts(scheduled=100, started=100, ok=90, errors=10))
    interval = Interval(at_s=0, duration_s=duration_s, phase="drain", cells={"measure": {"list": cell}})
    assert f"  drain    {expected}  p95      – ms  errors 10.0 %" in interval_text(interval, PLAN)


def test_lines_come_in_the_order_of_their_times() -> None:
    """An interval is written once every worker has told of it: events that came after its end stand before it."""

    def interval(at_s: float) -> Interval:
        return Interval(at_s=at_s, duration_s=1.0, phase="measure")

    def event(at_s: float) -> Event:
        return Event(at_s=at_s, kind="note")

    ordered = InOrder()
    written: list[Interval | Event] = [
        event(0),
        interval(0),
        event(2.1),
        interval(1),
        event(2.2),
        event(1.5),
        interval(2),
        event(3.5),
    ]
    shown = [line for each in written for line in ordered.add(each)] + ordered.rest()
    ends = [line.at_s + (line.duration_s if isinstance(line, Interval) else 0.0) for line in shown]
    assert len(shown) == len(written)
    assert ends == [0, 1, 2, 1.5, 2.1, 2.2, 3, 3.5]
    assert ordered.add(event(9)) == [event(9)]
