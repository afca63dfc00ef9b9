"""What a list says of a run: one word, and a p95 that is no more than what is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.model.interval import TrustVerdict
from perftui.model.record import Outcome, Verdict
from perftui.report.words import p95_text, verdict_mark
from perftui.store.index import RunRow


@pytest.mark.parametrize(
    ("verdict", "trust", "is_regression", "outcome"),
    [
        ("pass", "valid", False, "pass"),
        ("pass", "degraded", False, "pass"),
        ("pass", "invalid", False, "invalid"),
        ("fail", "invalid", True, "invalid"),
        ("pass", "valid", True, "regression"),
        ("none", "valid", False, "none"),
    ],
)
def test_objectives_that_hold_on_numbers_of_the_generator_are_no_pass(
    verdict: Verdict, trust: TrustVerdict, outcome: Outcome, *, is_regression: bool
) -> None:
    row = RunRow(id="r", path=Path("r"), verdict=verdict, trust=trust, is_regression=is_regression)
    assert row.outcome == outcome
    assert verdict_mark(row.outcome) == {"pass": "✓", "none": "·"}.get(outcome, "✗")


@pytest.mark.parametrize(
    ("p95_ms", "is_floor", "text"), [(0.0, False, "–"), (41.27, False, "41.3"), (5000.0, True, "≥5,000")]
)
def test_the_p95_of_a_list_is_no_more_than_what_is_known(p95_ms: float, *, is_floor: bool, text: str) -> None:
    assert p95_text(RunRow(id="r", path=Path("r"), p95_ms=p95_ms, p95_is_floor=is_floor)) == text
