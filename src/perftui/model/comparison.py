"""What a comparison of two runs says, metric by metric (how it is computed: analysis/comparison.py)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perftui.model.objectives import Unit

ComparisonVerdict = Literal["regression", "improvement", "no_difference", "inconclusive", "not_comparable"]


EQUIVALENCE_CONFIDENCE = 0.9
"""Of the interval by which nothing differs: two one-sided tests of 5 % each."""


class MetricChange(Struct, frozen=True, kw_only=True):
    """One metric of the total or of one operation, baseline against run."""

    metric: str
    """A name of model/objectives.py, such as `response_time.p95`."""
    operation: str = ""
    """Empty: the total."""
    unit: Unit
    baseline: float
    """In the unit: ms, fraction of one, per second."""
    run: float
    change: float
    """Relative (0.27 is +27 %) for times and rates, absolute difference for fractions."""
    low: float
    """Lower end of the change's confidence interval, same unit as change."""
    high: float
    interval_known: bool = True
    """False when the data says nothing about how sure the change is; low and high then mean nothing."""
    confidence: float = 0.99
    equivalence: tuple[float, float] | None = None
    """Where nothing differs, but the interval above is too wide to show it: the ends of the one that does, of
    EQUIVALENCE_CONFIDENCE."""
    threshold: float
    verdict: ComparisonVerdict
    reason: str = ""
    """In words: `small, below threshold`, `single round: run-to-run noise assumed`, what would be needed to decide."""
    gated: bool = True
    """Whether the verdict counts for the comparison's own."""
    n_baseline: int = 0
    """Values behind the metric."""
    n_run: int = 0


class Comparison(Struct, frozen=True, kw_only=True):
    """Two runs (or two sets of rounds), side by side."""

    schema: int = 1
    kind: Literal["comparison"] = "comparison"
    baseline_id: str
    run_id: str
    baseline_label: str = ""
    run_label: str = ""
    verdict: ComparisonVerdict
    reasons: tuple[str, ...] = ()
    """Why the runs are not comparable."""
    notes: tuple[str, ...] = ()
    """What else is to be known: rounds that are left out, what another tool's result does not say."""
    differences: tuple[str, ...] = ()
    """What differs in plan and host, in words."""
    rounds: tuple[int, int] = (1, 1)
    threshold: float = 0.2
    earlier_runs: int = 0
    """Of the same kind, that say how much such runs vary; 0: rounds say it, or it is assumed."""
    metrics: tuple[MetricChange, ...] = ()
