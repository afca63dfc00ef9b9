"""How often the comparison of runs is right, over hundreds of simulated pairs.

    python tests/benchmarks/comparison_calibration.py [PAIRS] [WORDS OF SCENARIOS]...

A pair is two sets of rounds of 30 s (sluggish: 120 s) at 200 requests per second. The level of a second remembers the
one before, rounds have levels of their own. Standard deviation of a round's level, of a second's level, and memory:
quiet 3 %, 3 %, 0.2; usual 5 %, 5 %, 0.4; sluggish 5 %, 10 %, 0.8; wild 10 %, 5 %, 0.4. `covered` is how often the
interval of p95 holds the true change (99 % is asked for). Two cores, Python 3.11:

                           pairs regression improvement no diff. inconcl. | p95:  regr. no diff.  covered
    A/A usual 3+3            500      0.0 %       0.0 %   88.4 %   11.6 % |       0.0 %   90.0 %   98.6 %
    A/A usual 5+5            500      0.0 %       0.0 %   99.8 %    0.2 % |       0.0 %   99.8 %   99.0 %
    A/A quiet 1+1            500      0.0 %       0.0 %   69.2 %   30.8 % |       0.0 %   73.8 %  100.0 %
    A/A usual 1+1            500      0.0 %       0.0 %   41.0 %   59.0 % |       0.0 %   44.0 %  100.0 %
    A/A wild 1+1             500      7.6 %       3.8 %   26.0 %   62.6 % |       7.4 %   28.4 %   88.4 %
    A/A wild 3+3             500      0.4 %       0.4 %   24.2 %   75.0 % |       0.2 %   26.8 %   99.4 %
    A/A sluggish 1+1         500      0.2 %       0.0 %   34.0 %   65.8 % |       0.2 %   36.8 %   99.8 %
    A/A sluggish 3+3         300      0.0 %       0.0 %   85.0 %   15.0 % |       0.0 %   85.3 %  100.0 %
    A/A 3 operations 3+3     300      0.0 %       0.0 %   93.0 %    7.0 % |       0.0 %   94.3 %  100.0 %
    A/A errors 2 % 3+3       300      0.0 %       0.0 %   74.3 %   25.7 % |       0.0 %   93.3 %  100.0 %
    +5 % usual 5+5           300      0.0 %       0.0 %   96.3 %    3.7 % |       0.0 %   96.3 %   99.7 %
    +5 % usual 1+1           300      0.7 %       0.0 %   38.3 %   61.0 % |       0.7 %   43.7 %   99.7 %
    +40 % usual 5+5          300    100.0 %       0.0 %    0.0 %    0.0 % |      100.0 %    0.0 %   98.3 %
    +40 % usual 3+3          300     97.3 %       0.0 %    0.0 %    2.7 % |      96.3 %    0.0 %   99.7 %
    +40 % quiet 1+1          300     99.3 %       0.0 %    0.0 %    0.7 % |      98.7 %    0.0 %  100.0 %
    +40 % usual 1+1          300     92.3 %       0.0 %    0.0 %    7.7 % |      89.7 %    0.0 %   99.7 %
    -30 % usual 5+5          300      0.0 %     100.0 %    0.0 %    0.0 % |       0.0 %    0.0 %   98.7 %
    +25 % usual 5+5          300     95.7 %       0.0 %    0.0 %    4.3 % |      92.0 %    0.0 %   99.0 %

What was found, and changed in the method because of it:

* No difference was never said of single runs, and of 8 % of equal pairs with 3+3 rounds, when the 99 % interval that is
  shared out over all metrics had to lie within the threshold. Equivalence of all metrics needs no sharing out: it is
  shown by two one-sided tests at 5 % each.
* p99 of single runs can never be shown equal within 20 % at its noise: it can make the verdict a regression or an
  improvement, but not inconclusive. The same holds for single operations.
* Rounds that are too short for their autocorrelation made more rounds less conclusive than fewer. With three rounds or
  more on both sides, their spread says how sure a change is; the error within a round only widens it.
* Ten blocks per single run are not needed when the degrees of freedom follow from the parts of the variance
  (Satterthwaite): five give the same share of wrong verdicts.
* An autocorrelation counts when it is above what chance gives; stopping at zero made blocks twice too long.
* The block length of p99 followed from its own exceedances, which of a stall of 10 s are only the first: a single stall
  was called a sure regression. Blocks are as long as those of all lower quantiles.
* Run-to-run noise that is assumed (single runs) was taken as certain: 4 % of pairs that differ by 5 % were called
  regressions. It is now known as well as from eleven runs, and 5 % for the median as well (was 3 %).
* What remains: on a machine whose single runs vary by 10 % (wild 1+1), one equal pair in 13 is called a regression.
  Five saved runs of the same kind, or three rounds, replace the assumption and cure that.
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
_STEADY = Model(seconds=12, rate=200, spread=0.05, round_spread=0.02, second_spread=0.02, memory=0.2)
_HOG = replace(_STEADY, late_share=1.0, late_ms=3.0)

_SHORT = tuple(
    Scenario(f"{name} {kind} {seconds} s", replace(model, seconds=seconds), factor, 1, claim)
    for seconds in (6, 12, 30)
    for kind, model in (("quiet", _QUIET), ("usual", _USUAL), ("steady", _STEADY), ("hog", _HOG))
    for name, factor, claim in (("A/A", 1.0, "regression <= 2 %"), ("+30 %", 1.3, ""))
)
SCENARIOS = (
    *_SHORT,
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
