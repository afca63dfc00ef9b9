"""Two runs, or two sets of rounds, compared honestly: total and per operation, one verdict each and one overall.

The total's median, p95 and p99, its error rate and its throughput (users mode) or attained share (rate mode) decide, as
do median, p95 and error rate of each operation when there are several, and what only some protocols have (round trips,
messages, first paint, hits: further.py). The confidence of each interval is 95 % shared out over all of them, so that
two equal runs differ in any with 5 % at most. p99, single operations and what only some protocols have can make the
verdict a regression or an improvement, but not inconclusive: rare things always are. Only a p99 that has changed for
sure, and has too few values to be judged, keeps the whole from being called equal or better.

Same input, same verdict: draws are seeded from the runs' ids and names of metrics. Earlier runs are input too: for
single rounds they say how much such runs vary, and the result says how many there were.
"""

from __future__ import annotations

from collections.abc import Sequence

from perftui.analysis.changes import ALPHA, FEWEST_HISTORY, Changes
from perftui.analysis.comparability import differences
from perftui.analysis.further import FEWEST_BEYOND
from perftui.analysis.log_change import FEWEST_ROUNDS
from perftui.analysis.round_data import Round, Run
from perftui.metrics.trust import is_generator_limit
from perftui.model.comparison import Comparison, ComparisonVerdict, MetricChange
from perftui.model.errors import ComparisonError
from perftui.model.objectives import OWN_METRICS
from perftui.model.record import Record

_TAILS = frozenset({"response_time.p99", "service_time.p99"})
_HIT_STARTS = ("hit_", "miss_")
_RANK: dict[ComparisonVerdict, int] = {
    "regression": 4, "not_comparable": 3, "inconclusive": 2, "improvement": 1, "no_difference": 0,
}  # fmt: skip


def compare(
    baseline: Sequence[Run], runs: Sequence[Run], *, threshold: float = 0.2, force: bool = False,
    history: Sequence[Record] = (), alpha: float = ALPHA,
) -> Comparison:  # fmt: skip
    """Compare.

    Args:
        baseline: The rounds of the baseline, at least one.
        runs: The rounds of the run, at least one.
        threshold: Relative change from which on it matters: 0.2 is 20 %.
        force: Compare what is not comparable or not valid; the verdict stays `not_comparable`, metrics get theirs.
        history: Earlier runs of the same kind: five or more replace the assumed run-to-run noise of single rounds.
        alpha: Chance that two equal runs differ in any metric: less for one of several looks at a run.

    Raises:
        ComparisonError: a side has no run, or the threshold is not between 0 and 1.
    """
    if not baseline or not runs:
        raise ComparisonError("a comparison needs a baseline and a run")
    if not 0 < threshold < 1:
        raise ComparisonError(f"threshold {threshold * 100:g} %: write one between 0 and 100 %")
    ids, labels = (_id(baseline), _id(runs)), (baseline[0].record.label, runs[0].record.label)
    (baseline, left_out), (runs, also_left_out) = _valid(baseline), _valid(runs)
    refusals, soft = _refusals(baseline, runs)
    notes = [*left_out, *also_left_out, *_lacks(baseline, runs)]
    metrics: tuple[MetricChange, ...] = ()
    if not refusals or force:
        sides = [Round(run) for run in baseline], [Round(run) for run in runs]
        metrics = Changes(*sides, threshold, history, alpha).metrics()
    rounds = len(baseline), len(runs)
    verdict = _overall(metrics)
    if refusals:
        verdict = "not_comparable"
    elif verdict in {"no_difference", "improvement"} and (tail := _unjudged_tail(metrics)):
        # a word for the whole that is not true of what was seen would be wrong
        verdict = "inconclusive"
        notes.append(f"{tail}: neither no difference nor an improvement can be said of the whole")
    return Comparison(
        baseline_id=ids[0],
        run_id=ids[1],
        baseline_label=labels[0],
        run_label=labels[1],
        verdict=verdict,
        reasons=tuple(refusals),
        notes=tuple(notes),
        differences=tuple(soft),
        rounds=rounds,
        threshold=threshold,
        earlier_runs=len(history) if len(history) >= FEWEST_HISTORY and min(rounds) < FEWEST_ROUNDS else 0,
        metrics=metrics,
    )


def _id(rounds: Sequence[Run]) -> str:
    """That of the run, or the one that its rounds share."""
    first = rounds[0].record
    return first.rounds_of if first.rounds_of and len(rounds) > 1 else first.id


def _is_foreign(run: Run) -> bool:
    return bool(run.foreign_lacks)


def _refusals(baseline: Sequence[Run], runs: Sequence[Run]) -> tuple[list[str], list[str]]:
    """Why the runs cannot be compared, and what else differs."""
    first = baseline[0]
    refusals: list[str] = []
    soft: list[str] = []
    for run in (*baseline[1:], *runs):
        if _is_foreign(run) or _is_foreign(first):
            continue
        hard, other = differences(first.record, run.record)
        refusals += [line for line in hard if line not in refusals]
        soft += [line for line in other if line not in soft]
    for run in (*baseline, *runs):
        if run.record.trust.verdict == "invalid":
            refusals.append(_invalid(run.record))
        elif not run.record.summary.total.counts.scheduled:
            refusals.append(f"{run.record.id} measured nothing")
        if run.record.steered:
            refusals.append(f"{run.record.id} was steered by hand: its load was not that of its plan")
    refusals = list(dict.fromkeys(refusals))  # both sides may be one run
    if all(any(is_generator_limit(run.record.trust) for run in side) for side in (baseline, runs)):
        refusals.append("the generator was the limit in both: neither's numbers are the target's; try more workers")
    return refusals, soft


def _invalid(record: Record) -> str:
    worst = next((r.detail for r in record.trust.reasons if r.verdict == "invalid"), "the generator failed")
    return f"{record.id} is invalid: {worst}"


def _valid(rounds: Sequence[Run]) -> tuple[Sequence[Run], list[str]]:
    """The rounds without invalid ones, and which those are; all of them when none is valid."""
    kept = [run for run in rounds if run.record.trust.verdict != "invalid"]
    if not kept or len(kept) == len(rounds):
        return rounds, []
    return kept, [f"left out: {_invalid(run.record)}" for run in rounds if run not in kept]


def _lacks(baseline: Sequence[Run], runs: Sequence[Run]) -> list[str]:
    """What the results of other tools, and runs of older versions, do not say."""
    lacks: list[str] = []
    for run in (*baseline, *runs):
        lacks += [lack for lack in run.foreign_lacks if lack not in lacks]
        total = run.record.summary.total
        if not _is_foreign(run) and run.intervals and total.service_time_ms.count and not total.service_time_bounds:
            lacks.append(f"{run.record.id} does not say how late its generator was: it is of an older version")
    return list(dict.fromkeys(lacks))


def _overall(metrics: Sequence[MetricChange]) -> ComparisonVerdict:
    few = not any(change.gated and change.metric.endswith(".p50") for change in metrics)
    counted = [
        change.verdict for change in metrics
        if change.gated and (_decides(change, few=few) or change.verdict in {"regression", "improvement"})
    ]  # fmt: skip
    return max(counted, key=_RANK.__getitem__, default="inconclusive")


def _unjudged_tail(metrics: Sequence[MetricChange]) -> str:
    """What p99 did that has too few values to be judged, and has changed for sure all the same; empty if nothing."""
    for change in metrics:
        few = min(change.n_baseline, change.n_run) * (1 - 0.99) < FEWEST_BEYOND
        sure = change.interval_known and (change.low > 0 or change.high < 0)
        if few and sure and not change.operation and change.metric in _TAILS and abs(change.change) > change.threshold:
            return f"{change.metric} changed by {100 * change.change:+.0f} % and has too few values for a verdict"
    return ""


def _decides(change: MetricChange, *, few: bool) -> bool:
    """Whether the metric can make the verdict inconclusive.

    What only some protocols have can where there are so few requests that no median decides: visits of a browser.
    """
    further = change.metric.startswith(_HIT_STARTS) or change.metric in OWN_METRICS
    return not change.operation and not change.metric.endswith(".p99") and (few or not further)
