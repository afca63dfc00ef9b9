"""How throughput grows with users, rate or workers: what was measured, and the law fitted to it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perftui.model.interval import Verdict

Of = Literal["users", "rate", "workers"]


class Estimate(Struct, frozen=True, kw_only=True):
    """A number with its interval (95 %)."""

    value: float
    low: float
    high: float


class ScalingLevel(Struct, frozen=True, kw_only=True):
    """One level."""

    level: float
    throughput_per_s: float
    efficiency: float
    """Throughput per level, of that at the lowest level: 1 is linear."""
    p95_ms: float
    error_rate: float
    predicted_per_s: float | None = None
    """By the fitted law."""
    verdict: Verdict = "none"
    run_id: str = ""


class Scaling(Struct, frozen=True, kw_only=True):
    """A scaling test: X(N) = X1 N / (1 + contention (N - 1) + coherency N (N - 1))."""

    schema: int = 1
    kind: Literal["scaling"] = "scaling"
    of: Of
    levels: tuple[ScalingLevel, ...]
    contention: Estimate | None = None
    """Share of the work that only one can do at a time; None: too few levels for a fit."""
    coherency: Estimate | None = None
    """Cost of each pair that must agree."""
    peak: Estimate | None = None
    """Level beyond which throughput falls; None: it never does by this law."""
    peak_per_s: float | None = None
    verdict: Verdict = "none"
