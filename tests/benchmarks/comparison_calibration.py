"""How often the comparison of runs is right, over hundreds of simulated pairs.

    python tests/benchmarks/comparison_calibration.py [PAIRS] [WORDS OF SCENARIOS]...

A pair is two sets of rounds at 200 requests per second, of 30 s (sluggish: 120 s) where no length is named. The level
of a second remembers the one before, rounds have levels of their own. Standard deviation of a round's level, of a
second's level, and memory: quiet 3 %, 3 %, 0.2; usual 5 %, 5 %, 0.4; sluggish 5 %, 10 %, 0.8; wild 10 %, 5 %, 0.4;
steady 2 %, 2 %, 0.2 with hardly a tail. hog: steady, and every answer waits 3 ms on average for the generator's loop.
`covered` is how often the interval of p95 holds the true change (99 % is asked for).

Single runs (1+1) of 6, 12 and 30 s, a reduced run of 100 pairs each; of 30 s only the quiet ones (a full one: 2000):

                        regression improvement no diff. inconcl. | p95:  regr. no diff.  covered
    A/A quiet 6 s            0.0 %       0.0 %   61.0 %   39.0 % |       0.0 %   61.0 %  100.0 %
    +30 % quiet 6 s         95.0 %       0.0 %    0.0 %    5.0 % |      69.0 %    0.0 %  100.0 %
    A/A usual 6 s            1.0 %       0.0 %   30.0 %   69.0 % |       0.0 %   30.0 %  100.0 %
    +30 % usual 6 s         80.0 %       0.0 %    0.0 %   20.0 % |      51.0 %    0.0 %  100.0 %
    A/A steady 6 s           0.0 %       0.0 %   96.0 %    4.0 % |       0.0 %   96.0 %  100.0 %
    +30 % steady 6 s        99.0 %       0.0 %    0.0 %    1.0 % |      96.0 %    0.0 %  100.0 %
    A/A hog 6 s              0.0 %       0.0 %   56.0 %   44.0 % |       0.0 %   56.0 %  100.0 %
    +30 % hog 6 s          100.0 %       0.0 %    0.0 %    0.0 % |      11.0 %    0.0 %  100.0 %
    A/A quiet 12 s           0.0 %       0.0 %   72.0 %   28.0 % |       0.0 %   72.0 %  100.0 %
    +30 % quiet 12 s        96.0 %       0.0 %    0.0 %    4.0 % |      84.0 %    0.0 %  100.0 %
    A/A usual 12 s           1.0 %       0.0 %   39.0 %   60.0 % |       0.0 %   39.0 %  100.0 %
    +30 % usual 12 s        83.0 %       0.0 %    1.0 %   16.0 % |      73.0 %    1.0 %   99.0 %
    A/A steady 12 s          0.0 %       0.0 %   97.0 %    3.0 % |       0.0 %   97.0 %  100.0 %
    +30 % steady 12 s       99.0 %       0.0 %    0.0 %    1.0 % |      99.0 %    0.0 %  100.0 %
    A/A hog 12 s             0.0 %       0.0 %   80.0 %   20.0 % |       0.0 %   80.0 %  100.0 %
    +30 % hog 12 s          97.0 %       0.0 %    0.0 %    3.0 % |       5.0 %    0.0 %  100.0 %
    A/A quiet 30 s           0.0 %       0.0 %   81.0 %   19.0 % |       0.0 %   81.0 %  100.0 %
    +30 % quiet 30 s        96.0 %       0.0 %    0.0 %    4.0 % |      90.0 %    0.0 %  100.0 %

Several rounds, 300 to 500 pairs each, whose spread says how sure a change is whatever is assumed of single ones:

    A/A usual 3+3            0.0 %       0.0 %   88.4 %   11.6 % |       0.0 %   90.0 %   98.6 %
    A/A usual 5+5            0.0 %       0.0 %   99.8 %    0.2 % |       0.0 %   99.8 %   99.0 %
    A/A wild 3+3             0.4 %       0.4 %   24.2 %   75.0 % |       0.2 %   26.8 %   99.4 %
    A/A sluggish 3+3         0.0 %       0.0 %   85.0 %   15.0 % |       0.0 %   85.3 %  100.0 %
    A/A 3 operations 3+3     0.0 %       0.0 %   93.0 %    7.0 % |       0.0 %   94.3 %  100.0 %
    A/A errors 2 % 3+3       0.0 %       0.0 %   74.3 %   25.7 % |       0.0 %   93.3 %  100.0 %
    +5 % usual 5+5           0.0 %       0.0 %   96.3 %    3.7 % |       0.0 %   96.3 %   99.7 %
    +40 % usual 5+5        100.0 %       0.0 %    0.0 %    0.0 % |     100.0 %    0.0 %   98.3 %
    +40 % usual 3+3         97.3 %       0.0 %    0.0 %    2.7 % |      96.3 %    0.0 %   99.7 %
    -30 % usual 5+5          0.0 %     100.0 %    0.0 %    0.0 % |       0.0 %    0.0 %   98.7 %
    +25 % usual 5+5         95.7 %       0.0 %    0.0 %    4.3 % |      92.0 %    0.0 %   99.0 %

What was found, and changed in the method because of it:

* No difference was never said of single runs, and of 8 % of equal pairs with 3+3 rounds, when the 99 % interval that is
  shared out over all metrics had to lie within the threshold. Equivalence of all metrics needs no sharing out: it is
  shown by two one-sided tests at 5 % each.
* p99 of single runs can never be shown equal within 20 % at its noise: it can make the verdict a regression or an
  improvement, but not inconclusive. The same holds for single operations.
* Rounds that are too short for their autocorrelation made more rounds less conclusive than fewer. With three rounds or
  more on both sides, their spread says how sure a change is; the error within a round only widens it.
* Few blocks widen the interval by their degrees of freedom (Welch and Satterthwaite). Three of any length are enough
  for an interval: short runs were blank before, and a change of 39 % in twelve seconds had no verdict.
* An autocorrelation counts when it is above what chance gives; stopping at zero made blocks twice too long.
* The block length of p99 followed from its own exceedances, which of a stall of 10 s are only the first: a single stall
  was called a sure regression. Blocks are as long as those of all lower quantiles.
* Run-to-run noise that is assumed (single runs) is 3 % of the median and 5 % of p95, known as well as from twenty-one
  runs. Where single runs vary by 10 % (wild), equal pairs are called worse far more often: five saved runs of the same
  kind, or three rounds, replace the assumption and cure that.
* What a hogged generator adds to p95 hides +30 % of it, and is said; the median finds it.
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
