"""What the fixture gives a test: runs of presets and timings of functions, judged at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from perftui.analysis.objectives import evaluate
from perftui.analysis.saved_runs import compare_saved
from perftui.engine.clients.function_context import is_async
from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.run import run_plan
from perftui.metrics.measured import Measured as AllMeasured
from perftui.model.comparison import Comparison
from perftui.model.errors import ExitCode, PerftuiError, UsageError
from perftui.model.interval import Counts
from perftui.model.plan import Objective, Plan
from perftui.model.record import LatencyStats, ObjectiveResult, Record, Stats, Summary, Verdict
from perftui.presets.loading import load_plan
from perftui.presets.objective_format import OBJECTIVE
from perftui.presets.overrides import Overrides
from perftui.presets.problems import Problems
from perftui.presets.sentences import sentence_parts, with_objectives
from perftui.pytest_plugin.baselines import regression
from perftui.pytest_plugin.session import Measured, PerformanceSession
from perftui.pytest_plugin.table import timing_text
from perftui.pytest_plugin.timing import Timing, measure
from perftui.report.comparison import comparison_text
from perftui.report.text import summary_text
from perftui.report.words import objective_name, objective_value
from perftui.store.library import RunFolder
from perftui.store.loading import LoadedRun, load_made

_STATISTICS = {"median": "p50"}
_DEFAULTS: dict[str, Any] = {"rounds": 0, "warmup": 1, "max_time": 1.0}
_MOST = 10**9
"""A larger number in a mark is a mistake, and so is one that is none."""


class Performance:
    """The fixture `perftui` of one test."""

    def __init__(self, session: PerformanceSession, test: str, mark: dict[str, Any]) -> None:
        self._session = session
        self._test = test
        how = {"threshold": session.threshold, **_DEFAULTS, **mark}
        unknown = how.keys() - _DEFAULTS.keys() - {"threshold"}
        if unknown:
            names = ", ".join(sorted(unknown))
            pytest.fail(
                f"the mark perftui has no {names}; it has rounds, warmup, max_time and threshold", pytrace=False
            )
        for name, value in how.items():
            kinds = int if name in {"rounds", "warmup"} else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= _MOST:
                pytest.fail(f"the mark perftui: {name} is {value!r}, not a number from 0", pytrace=False)
        self._threshold = float(how["threshold"])
        self._how = how
        self._count = 0

    def run(
        self,
        preset: str | Path,
        url: str | None = None,
        *,
        rate: float | None = None,
        users: int | None = None,
        duration: float | None = None,
        warmup: float | None = None,
        workers: int | None = None,
        headers: Sequence[tuple[str, str]] = (),
        settings: Sequence[str] = (),
        objectives: Sequence[str] = (),
        label: str = "",
        check: bool = True,
    ) -> Record:
        """Execute a preset, save the run, and fail the test when an objective or the comparison fails.

        Args:
            preset: name or path.
            url: the target instead of the preset's.
            rate: arrivals per second.
            users: users that wait for their answers, instead of a rate.
            duration: seconds.
            warmup: seconds before them that are not judged.
            workers: processes that send.
            headers: names and values, of every request.
            settings: any key of the preset, such as `load.arrivals=poisson`.
            objectives: such as `response_time.p95 < 200ms`; instead of the preset's.
            label: a name for the run.
            check: False: the test looks at the record itself, and nothing fails it here.
        """
        overrides = Overrides(
            rate=rate, users=users, duration_s=duration, warmup_s=warmup, workers=workers, headers=tuple(headers)
        )
        test = self._id()
        _refuse_on_a_loop("perftui.run")
        try:
            _check_lists(headers=headers, settings=settings, objectives=objectives)
            plan = with_objectives(load_plan(str(preset), url, overrides, settings), objectives, "critical")
            made = self._executed(plan, label or self._test)
            before = self._session.baselines.run(test)
            comparison = compare_saved([before], [made], threshold=self._threshold) if before else None
            if self._session.saves:
                self._session.baselines.keep_run(test, made)
        except PerftuiError as error:
            raise _failed(error) from None
        self._count += 1
        self._judge_run(test, made, comparison, check=check)
        return made.record

    def benchmark(
        self,
        function: Callable[..., Any],
        *arguments: object,
        objectives: Sequence[str] = (),
        check: bool = True,
        **options: object,
    ) -> Timing:
        """Time a function (awaited when it is asynchronous); a missed objective or a regression fails the test.

        How often it is called is said by the mark: `@pytest.mark.perftui(rounds=20, warmup=2)`; without, for a second.

        Args:
            function: what is timed.
            arguments: of the function.
            objectives: such as `mean < 5ms`, `p95 < 20ms`, `max < 50ms`.
            check: False: the test looks at the times itself, and nothing fails it here.
            options: named arguments of the function.
        """
        if is_async(function):
            _refuse_on_a_loop("perftui.benchmark of what is awaited")
        try:
            _check_lists(objectives=objectives)
            wanted = [_of_times(sentence) for sentence in objectives]
            before = self._session.baselines.timing(self._id())
        except UsageError as error:
            raise _failed(error) from None
        timing = measure(
            function, arguments, options,
            rounds=int(self._how["rounds"]), warmup=int(self._how["warmup"]), max_time_s=float(self._how["max_time"]),
        )  # fmt: skip
        results = evaluate(wanted, AllMeasured(summary=_summary(timing)))
        slower = regression(before, timing, self._threshold) if before else ""
        why = [_missed(result) for result in results if result.verdict == "fail"] + ([slower] if slower else [])
        name = getattr(function, "__name__", "function")
        compared = f"{timing.mean / before.mean * 100 - 100:+.1f} % against {before.rounds} rounds" if before else ""
        verdict: Verdict = "fail" if why else "pass" if wanted or before else "none"
        measured = Measured(
            test=self._id(), name=name, timing=timing, verdict=verdict, why="; ".join(why), compared=compared
        )
        self._session.results.append(measured)
        if self._session.saves:
            try:
                self._session.baselines.keep_timing(self._id(), timing)
            except UsageError as error:
                raise _failed(error) from None
        self._count += 1
        if why and check and not self._session.warn_only:
            pytest.fail(f"{'; '.join(why)}\n\n{timing_text(name, timing)}", pytrace=False)
        return timing

    def _id(self) -> str:
        """The test, and which of its measurements it is."""
        return f"{self._test} #{self._count + 1}" if self._count else self._test

    def _executed(self, plan: Plan, label: str) -> LoadedRun:
        folders: list[RunFolder] = []
        record = run_plan(RunRequest(plan=plan, label=label), on_started=folders.append)
        return load_made(record, folders[0].path)

    def _judge_run(self, test: str, made: LoadedRun, comparison: Comparison | None, *, check: bool) -> None:
        record = made.record
        why = [_missed(result) for result in record.objectives if result.verdict == "fail"]
        if record.trust.verdict == "invalid":
            why.append("the run is invalid: " + "; ".join(one.detail for one in record.trust.reasons[:2]))
        if record.status != "finished" and not record.ended_by_objective:
            why.append(f"the run {record.status}: {record.status_detail}")
        if comparison is not None and comparison.verdict == "regression":
            why.append("slower than the baseline")
        self._session.results.append(
            Measured(
                test=test, name=record.plan.name, run=made, verdict="fail" if why else record.verdict,
                why="; ".join(why), compared=comparison.verdict.replace("_", " ") if comparison else "",
            )
        )  # fmt: skip
        if record.status_detail == "signal INT":
            raise KeyboardInterrupt  # the run took it, and it was meant for all of them
        if record.status_detail == "signal TERM":
            pytest.exit("ended by signal TERM", returncode=ExitCode.TERMINATED)
        if why and check and not self._session.warn_only:
            told = [summary_text(record, made.error_samples), comparison_text(comparison) if comparison else ""]
            pytest.fail("\n\n".join(["; ".join(why), *(part for part in told if part)]), pytrace=False)


def _failed(error: PerftuiError) -> BaseException:
    """What ends the test with the mistakes alone."""
    return pytest.fail.Exception("\n".join(error.problems), pytrace=False)


def _refuse_on_a_loop(what: str) -> None:
    """Fail a test that runs on an event loop, which has no place for another."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    pytest.fail(f"{what} needs an event loop of its own, and this test runs on one: write it with def", pytrace=False)


def _check_lists(**given: object) -> None:
    """Text is a sequence, too, and a mapping goes through as its names.

    Raises:
        UsageError: one of them is no list.
    """
    for name, value in given.items():
        if isinstance(value, str | bytes | Mapping):
            raise UsageError(f"{name} is a list, not {type(value).__name__}; write {name}=[…]")


def _of_times(sentence: str) -> Objective:
    """`mean < 5ms` as an objective.

    Raises:
        UsageError: it is none.
    """
    _, statistic, limit = sentence_parts(sentence)
    problems = Problems()
    metric = f"service_time.{_STATISTICS.get(statistic, statistic)}"
    read = OBJECTIVE.read({"metric": metric, "critical": limit}, (), problems)
    if not isinstance(read, Objective):
        raise UsageError(*(f"objective {sentence!r}: {message}" for _, message in problems))
    return read


def _summary(timing: Timing) -> Summary:
    ms = {name: getattr(timing, name) * 1e3 for name in ("min", "max", "mean", "stddev", "iqr", "p95", "p99")}
    times = LatencyStats(count=timing.rounds, p50=timing.median * 1e3, p75=timing.q3 * 1e3, **ms)
    return Summary(total=Stats(counts=Counts(scheduled=timing.rounds, ok=timing.rounds), service_time_ms=times))


def _missed(result: ObjectiveResult) -> str:
    name = objective_name(result).removeprefix("service_time.")
    return f"{name} is {objective_value(result)}, limit {result.critical or result.target}"
