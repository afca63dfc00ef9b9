"""Several rounds of one plan, and a metric over many runs (how they are computed: analysis/rounds.py, trend.py)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perftui.model.interval import TrustVerdict
from perftui.model.objectives import Unit


class MetricSpread(Struct, frozen=True, kw_only=True):
    """One metric over the rounds, in the metric's unit."""

    metric: str
    operation: str = ""
    unit: Unit
    values: tuple[float, ...]
    """One per round, in their order."""
    min: float
    max: float
    mean: float
    median: float
    stddev: float
    """Of a sample (n - 1); 0 for a single round."""
    iqr: float
    varies: float
    """Coefficient of variation: standard deviation over mean."""
    outliers: tuple[int, ...] = ()
    """Places of rounds beyond 1.5 interquartile ranges from the quartiles; reported, never left out."""
    unstable: bool = False


class Drift(Struct, frozen=True, kw_only=True):
    """The first half of a round against its second half."""

    run_id: str
    metric: str
    first: float
    second: float
    change: float
    """Relative: 0.2 is 20 % more in the second half."""
    low: float
    high: float
    steady: bool


class Rounds(Struct, frozen=True, kw_only=True):
    """How far the rounds of one plan lie apart, and whether each was steady."""

    run_ids: tuple[str, ...]
    metrics: tuple[MetricSpread, ...]
    drifts: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    """In words: what is unstable, unsteady, or slower at first."""


class TrendPoint(Struct, frozen=True, kw_only=True):
    """One run in a trend."""

    run_id: str
    label: str = ""
    started_at: str
    value: float
    trust: TrustVerdict
    is_baseline: bool = False
    jump: Literal["", "worse", "better", "other"] = ""
    """Away from the runs before it: by more than four times their spread, and by more than the threshold."""
    median_before: float | None = None
    """Of up to 20 runs before it; None for the first few."""


class Trend(Struct, frozen=True, kw_only=True):
    """A metric over the runs of one kind, oldest first."""

    schema: int = 1
    kind: Literal["trend"] = "trend"
    metric: str
    operation: str = ""
    unit: Unit
    key: str
    """Equal for comparable runs."""
    preset: str = ""
    url: str = ""
    points: tuple[TrendPoint, ...] = ()
    median: float | None = None
    """Of the last 20."""
    mad: float | None = None
    """Median distance from the median, of the last 20."""
    baseline: float | None = None
    threshold: float = 0.2
    skipped: tuple[str, ...] = ()
    """Runs of the same kind that are left out, and why."""
