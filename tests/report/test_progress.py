"""One line per interval: rates of whole seconds, counts of the short rest of a run."""

from __future__ import annotations

import pytest

from perftui.model.interval import Cell, Counts, Interval
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.report.progress import interval_text

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
