"""A run that was recorded against the demo service, and a comparison with every verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perftui.model.comparison import Comparison, ComparisonVerdict, MetricChange
from perftui.model.objectives import metric_unit
from perftui.store.loading import LoadedRun, load_file

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def shop() -> LoadedRun:
    """150 requests/s of three operations, one of which fails; steered, marked, degraded; a label with markup."""
    return load_file(DATA / "shop.json")


@pytest.fixture(scope="session")
def comparison() -> Comparison:
    """Three rounds against three, with one metric of every verdict."""
    return Comparison(
        baseline_id="20261120-090000-read-0001",
        run_id="20261121-090000-read-0002",
        baseline_label="v1.2",
        run_label="v1.3 <i>|pipe|</i> @everyone",
        verdict="regression",
        differences=("label: v1.2 → v1.3",),
        rounds=(3, 3),
        metrics=(
            _change(
                "response_time.p50", (3.12, 3.2), (0.026, 0.01, 0.04), "no_difference", reason="small, below threshold"
            ),
            _change("response_time.p95", (41.2, 52.6), (0.277, 0.181, 0.38), "regression"),
            _change("response_time.p99", (90.0, 60.0), (-0.333, -0.5, -0.21), "improvement", gated=False),
            _change(
                "throughput", (100.0, 99.9), (-0.001, -1.0, 9.99), "inconclusive", gated=False, interval_known=False
            ),
            _change("error_rate", (0.001, 0.011), (0.01, 0.002, 0.02), "regression"),
            _change(
                "response_time.p95",
                (12.0, 14.0),
                (0.166, -0.1, 0.5),
                "inconclusive",
                operation="=list",
                reason="needs R=5",
            ),
            _change(
                "response_time.p50",
                (2.0, 2.01),
                (0.005, -0.21, 0.25),
                "no_difference",
                operation="=list",
                equivalence=(-0.14, 0.17),
            ),
        ),
    )


def _change(
    metric: str,
    values: tuple[float, float],
    change: tuple[float, float, float],
    verdict: ComparisonVerdict,
    **more: Any,
) -> MetricChange:
    """One metric: both values; the change with its interval; the verdict."""
    return MetricChange(
        metric=metric,
        unit=metric_unit(metric),
        baseline=values[0],
        run=values[1],
        change=change[0],
        low=change[1],
        high=change[2],
        threshold=0.2,
        verdict=verdict,
        n_baseline=9000,
        n_run=9000,
        **more,
    )
