"""Which exit code follows from runs and a comparison, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from perftui.cli.failures import tell
from perftui.model.comparison import Comparison
from perftui.model.errors import ExitCode, PerftuiError
from perftui.model.record import Record
from perftui.report.comparison import reasons_by_text
from perftui.report.words import objective_name, objective_value

_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.HANGUP,
    ExitCode.INTERNAL,
    ExitCode.GUARD,
    ExitCode.UNREACHABLE,
    ExitCode.INVALID,
    ExitCode.REGRESSION,
    ExitCode.OBJECTIVE_FAILED,
    ExitCode.INCONCLUSIVE,
)
SILENCED = frozenset(
    {
        ExitCode.REGRESSION, ExitCode.INCONCLUSIVE, ExitCode.INVALID, ExitCode.OBJECTIVE_FAILED, ExitCode.UNREACHABLE,
        ExitCode.GUARD,
    }
)  # fmt: skip
"""What --warn-only turns into 0: only a crash, a wrong command line and a signal stay."""
_SIGNALS = {"INT": ExitCode.INTERRUPTED, "TERM": ExitCode.TERMINATED, "HUP": ExitCode.HANGUP}


class Reason(Struct, frozen=True):
    """One thing that asks for an exit code."""

    code: ExitCode
    text: str


class Outcome(Struct, frozen=True, kw_only=True):
    """The exit code of a command, and the one it would have had without --warn-only."""

    code: int
    would_be: int
    reasons: tuple[Reason, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """For JSON results."""
        return {
            "exit_code": self.code,
            "would_exit": self.would_be,
            "blocking": self.code != 0,
            "reasons": [reason.text for reason in self.reasons],
        }


def run_reasons(record: Record) -> list[Reason]:
    """What a run alone asks for."""
    reasons: list[Reason] = []
    detail = record.status_detail
    signal = detail.removeprefix("signal ") if detail.startswith("signal ") else ""
    if signal in _SIGNALS:
        reasons.append(Reason(_SIGNALS[signal], f"ended by signal {signal} and saved"))
    elif record.status in {"failed", "interrupted"}:
        how = "failed" if record.status == "failed" else "was interrupted"
        reasons.append(Reason(ExitCode.INTERNAL, f"the run {how}: {detail or 'its runner was lost'}"))
    if record.stopped_by_guard:
        reasons.append(Reason(ExitCode.GUARD, f"stopped by the safety guard: {record.stopped_by_guard}"))
    if record.trust.verdict == "invalid":
        why = "; ".join(reason.detail for reason in record.trust.reasons if reason.verdict == "invalid")
        reasons.append(Reason(ExitCode.INVALID, f"the run is invalid: {why or 'the generator did not keep up'}"))
    if undecided := [result for result in record.objectives if result.undecided]:
        why = "; ".join(f"{objective_name(result)}: {result.detail}" for result in undecided)
        reasons.append(Reason(ExitCode.INVALID, f"not decided: {why}"))
    missed = [
        f"{objective_name(result)} is {objective_value(result)}, critical {result.critical or result.target}"
        for result in record.objectives
        if result.verdict == "fail"
    ]
    if missed and not record.summary.total.counts.scheduled:
        missed = ["no request was due in the measured time: let the load last longer"]
    if why := "; ".join(missed) or record.ended_by_objective:
        reasons.append(Reason(ExitCode.OBJECTIVE_FAILED, f"objective failed: {why}"))
    if record.scaled is not None and record.scaled.verdict == "fail":
        from perftui.report.scaling import too_little  # what only a scaling test needs

        reasons.append(Reason(ExitCode.OBJECTIVE_FAILED, too_little(record.scaled)))
    return reasons


def comparison_reasons(comparison: Comparison, *, strict: bool) -> list[Reason]:
    """What a comparison asks for."""
    match comparison.verdict:
        case "regression":
            worse = [
                f"{change.operation + ': ' if change.operation else ''}{change.metric}"
                for change in comparison.metrics
                if change.gated and change.verdict == "regression"
            ]
            return [Reason(ExitCode.REGRESSION, f"regression: {', '.join(worse)}")]
        case "not_comparable":
            return [Reason(ExitCode.INVALID, f"not comparable: {_first(comparison.reasons)}")]
        case "inconclusive" if strict:
            untold = [change for change in comparison.metrics if change.gated and change.verdict == "inconclusive"]
            why = comparison.reasons or [f"{names}: {reason}" for names, reason in reasons_by_text(untold)]
            return [Reason(ExitCode.INCONCLUSIVE, f"inconclusive: {_first(why) or 'nothing to compare'}")]
        case _:
            return []


def _first(reasons: Sequence[str], most: int = 3) -> str:
    more = f"; and {len(reasons) - most} more" if len(reasons) > most else ""
    return "; ".join(reasons[:most]) + more


def decide(reasons: Sequence[Reason], *, warn_only: bool) -> Outcome:
    """The first reason in the order of precedence decides; with --warn-only none of them blocks."""
    ordered = sorted(reasons, key=lambda reason: _PRECEDENCE.index(reason.code))
    would_be = ordered[0].code if ordered else ExitCode.OK
    if warn_only:
        loud = [reason.code for reason in ordered if reason.code not in SILENCED]
        code = loud[0] if loud else ExitCode.OK
    else:
        code = would_be
    return Outcome(code=int(code), would_be=int(would_be), reasons=tuple(ordered))


def unless_blocking(run: Callable[[], int], *, warn_only: bool) -> int:
    """The exit code of a command; with --warn-only what it could not even begin is said and does not block.

    Raises:
        PerftuiError: something else went wrong.
    """
    try:
        return run()
    except PerftuiError as error:
        if not warn_only or error.exit_code not in SILENCED:
            raise
        return announce(decide([Reason(error.exit_code, problem) for problem in error.problems], warn_only=True))


def announce(outcome: Outcome) -> int:
    """Say on stderr why the exit code is what it is; returns it."""
    for reason in outcome.reasons:
        tell(reason.text)
    if outcome.code != outcome.would_be:
        tell(f"--warn-only: exit {outcome.code} instead of {outcome.would_be}")
    return outcome.code
