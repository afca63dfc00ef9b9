"""How often the comparison of runs is right, over thousands of simulated pairs.

python tests/benchmarks/comparison_calibration.py [PAIRS]

"""

from __future__ import annotations

import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from perftui.analysis.comparison import compare
from support.simulated_runs import Model, simulated_rounds


@dataclass(frozen=True)
class Scenario:
    """A kind of pair, and what must hold of it."""

    name: str
    model: Model
    factor: float
    rounds: int
    claim: str = ""


_QUIET = Model(seconds=30, rate=200, round_spread=0.03, second_spread=0.03, memory=0.2)
_USUAL = Model(seconds=30, rate=200, round_spread=0.05, second_spread=0.05, memory=0.4)
_SLUGGISH = replace(_USUAL, memory=0.8, second_spread=0.10, seconds=120)
_WILD = replace(_USUAL, round_spread=0.10)

SCENARIOS = (
    Scenario("A/A usual 3+3", _USUAL, 1.0, 3, "regression <= 2 %"),
    Scenario("A/A usual 5+5", _USUAL, 1.0, 5, "regression <= 2 %"),
    Scenario("A/A quiet 1+1", _QUIET, 1.0, 1, "regression <= 2 %"),
    Scenario("A/A usual 1+1", _USUAL, 1.0, 1, "regression <= 2 %"),
    Scenario("A/A wild 1+1", _WILD, 1.0, 1, "regression <= 2 %"),
    Scenario("A/A wild 3+3", _WILD, 1.0, 3, "regression <= 2 %"),
    Scenario("A/A sluggish 1+1", _SLUGGISH, 1.0, 1, "regression <= 2 %"),
    Scenario("A/A sluggish 3+3", _SLUGGISH, 1.0, 3, "regression <= 2 %"),
    Scenario("A/A 3 operations 3+3", replace(_USUAL, operations=("a", "b", "c")), 1.0, 3, "regression <= 2 %"),
    Scenario("A/A errors 2 % 3+3", replace(_USUAL, error_rate=0.02), 1.0, 3, "regression <= 2 %"),
    Scenario("+5 % usual 5+5", _USUAL, 1.05, 5, "regression <= 2 %"),
    Scenario("+5 % usual 1+1", _USUAL, 1.05, 1, "regression <= 2 %"),
    Scenario("+40 % usual 5+5", _USUAL, 1.40, 5, "regression >= 90 %"),
    Scenario("+40 % usual 3+3", _USUAL, 1.40, 3),
    Scenario("+40 % quiet 1+1", _QUIET, 1.40, 1),
    Scenario("+40 % usual 1+1", _USUAL, 1.40, 1),
    Scenario("-30 % usual 5+5", _USUAL, 0.70, 5, "regression <= 2 %"),
    Scenario("+25 % usual 5+5", _USUAL, 1.25, 5),
)


def outcome(scenario: Scenario, number: int) -> tuple[str, str, bool]:
    """Verdict overall, verdict of p95, and whether p95's interval holds the true change."""
    before = simulated_rounds(scenario.model, f"{scenario.name}/{number}/a", scenario.rounds)
    slower = scenario.model.with_factor(scenario.factor)
    after = simulated_rounds(slower, f"{scenario.name}/{number}/b", scenario.rounds)
    comparison = compare(before, after)
    p95 = next(change for change in comparison.metrics if change.metric == "response_time.p95")
    return comparison.verdict, p95.verdict, p95.low <= scenario.factor - 1 <= p95.high


def main() -> None:
    """Print one line per scenario."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    wanted = sys.argv[2:] or [""]
    print(f"{'pairs of ' + str(pairs):24} {'regress':>8} {'improve':>8} {'no diff':>8} {'unsure':>8}  p95: "
          f"{'regress':>8} {'no diff':>8} {'covered':>8}   claim")  # fmt: skip
    with ProcessPoolExecutor() as pool:
        for scenario in SCENARIOS:
            if not any(word in scenario.name for word in wanted):
                continue
            start = time.perf_counter()
            found = list(pool.map(partial(outcome, scenario), range(pairs), chunksize=10))
            overall, p95 = Counter(verdict for verdict, *_ in found), Counter(verdict for _, verdict, _ in found)
            covered = sum(held for *_, held in found)
            shares = [overall[name] for name in ("regression", "improvement", "no_difference", "inconclusive")]
            shares += [p95["regression"], p95["no_difference"], covered]
            text = [f"{100 * share / pairs:7.1f}%" for share in shares]
            print(f"{scenario.name:24} {' '.join(text[:4])}       {' '.join(text[4:])}   {scenario.claim}"
                  f"  ({time.perf_counter() - start:.0f} s)", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
