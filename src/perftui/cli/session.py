"""What `perftui run` does with a plan: detached, headless, or on screen; then the result and its exit code."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from pathlib import Path

import anyio
from msgspec import Struct

from perftui.cli.failures import tell
from perftui.cli.outcome import Outcome, Reason, announce, comparison_reasons, decide, run_reasons
from perftui.cli.output import check_output, write_output
from perftui.cli.results import chosen_baseline, compare_runs
from perftui.cli.screen import show
from perftui.engine.runner_request import RunRequest
from perftui.model.comparison import Comparison
from perftui.model.errors import ExitCode, PerftuiError
from perftui.model.interval import Event, Interval
from perftui.model.journal import JournalLine
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.report.comparison import render
from perftui.report.progress import event_text, interval_text
from perftui.report.result import result
from perftui.store.library import RunFolder, RunLibrary, new_run_id
from perftui.store.loading import LoadedRun, load_run

COOL_DOWN_S = 3.0
"""Between rounds, so that connections of one do not weigh on the next."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Everything a run command was asked for."""

    plan: Plan
    label: str = ""
    confirm_host: str = ""
    baseline: str = ""
    threshold: float = 0.2
    rounds: int = 1
    style: str = "text"
    output: Path | None = None
    warn_only: bool = False
    strict: bool = False
    mouse: bool = True

    def request(self, rounds_of: str = "", number: int = 0, baseline: str = "") -> RunRequest:
        """The request of one run."""
        return RunRequest(
            plan=self.plan,
            label=self.label,
            confirm_host=self.confirm_host,
            baseline=baseline,
            rounds_of=rounds_of,
            round=number,
        )


def run_detached(wanted: Wanted) -> int:
    """Start the run and print its id."""
    from perftui.engine.launch import start_runner

    handle = anyio.run(start_runner, wanted.request())
    print(handle.run_id)
    tell(f"started; watch it with: perftui watch {handle.run_id}")
    return ExitCode.OK


def run_headless(wanted: Wanted) -> int:
    """Run here, with progress on stderr and the result on stdout or in a file."""
    from perftui.engine.runner import run_plan

    check_output(wanted.output)
    baseline = chosen_baseline(wanted.baseline, wanted.plan)
    group = new_run_id(wanted.plan.name) if wanted.rounds > 1 else ""
    done: list[LoadedRun] = []
    interrupted = False
    for number in range(1, wanted.rounds + 1):
        if number > 1 and not _rested():
            interrupted = True
            break
        if group:
            tell(f"round {number} of {wanted.rounds}")
        progress = _Progress(wanted.plan)
        request = wanted.request(group, number if group else 0, baseline[0].record.id if baseline else "")
        record = run_plan(request, on_line=progress.line, on_started=progress.started)
        done.append(_saved(record, progress.path))
        if _ended_early(record):
            break
    return finish(wanted, done, baseline, interrupted=interrupted)


def run_on_screen(wanted: Wanted) -> int:
    """Start the run by itself and show it live; the result follows when it ended while it was watched."""
    from perftui.engine.guard import needs_confirmation
    from perftui.engine.launch import start_runner
    from perftui.tui.start import Start

    check_output(wanted.output)
    baseline = chosen_baseline(wanted.baseline, wanted.plan)
    # the app is imported while the runner starts: together they take a third of a second
    loading = threading.Thread(target=_load_app, daemon=True)
    loading.start()
    if needs_confirmation(wanted.plan) and not wanted.confirm_host:
        return show(Start(screen="confirm", plan=wanted.plan, label=wanted.label, mouse=wanted.mouse), sys.stdout)
    handle = anyio.run(start_runner, wanted.request(baseline=baseline[0].record.id if baseline else ""))
    loading.join()
    code = show(Start(screen="live", run=handle.path, mouse=wanted.mouse), sys.stdout)
    if code or RunLibrary().is_live(handle.run_id):
        return code
    run = load_run(str(handle.path))
    comparison = compare_runs(baseline, [run], wanted.threshold) if baseline else None
    outcome = judge(wanted, [run], comparison)
    if wanted.output is not None:
        write_output(
            result([run], comparison, wanted.style, outcome=outcome.document, baseline=baseline), wanted.output
        )
    elif comparison is not None:
        write_output(render(comparison, "text"), None)
    return announce(outcome)


def _load_app() -> None:
    importlib.import_module("perftui.tui.app")
    importlib.import_module("perftui.tui.screens.live")


def finish(wanted: Wanted, runs: list[LoadedRun], baseline: list[LoadedRun], *, interrupted: bool = False) -> int:
    """Compare, print or write the result, and say the exit code."""
    comparison = compare_runs(baseline, runs, wanted.threshold) if baseline else None
    outcome = judge(wanted, runs, comparison, interrupted=interrupted)
    write_output(result(runs, comparison, wanted.style, outcome=outcome.document, baseline=baseline), wanted.output)
    if wanted.style != "text" or wanted.output is not None:
        for run in runs:
            tell(f"saved: {run.path}")
    return announce(outcome)


def judge(
    wanted: Wanted, runs: list[LoadedRun], comparison: Comparison | None, *, interrupted: bool = False
) -> Outcome:
    """The exit code that these results ask for."""
    reasons = [reason for run in runs for reason in run_reasons(run.record)]
    if interrupted:
        reasons.append(Reason(ExitCode.INTERRUPTED, "interrupted between rounds"))
    if comparison is not None:
        reasons += comparison_reasons(comparison, strict=wanted.strict)
    return decide(reasons, warn_only=wanted.warn_only)


def _rested() -> bool:
    """Wait between rounds; False when somebody pressed Ctrl-C."""
    try:
        time.sleep(COOL_DOWN_S)
    except KeyboardInterrupt:
        return False
    return True


def _saved(record: Record, path: Path) -> LoadedRun:
    """The run as it was saved; what is known of it where the disk refused."""
    try:
        return load_run(str(path))
    except PerftuiError as error:
        for problem in error.problems:
            tell(problem)
        return LoadedRun(record=record, path=path)


def _ended_early(record: Record) -> bool:
    return record.status != "finished" or record.status_detail.startswith("auto-stop")


class _Progress:
    """Prints what happens as it happens, one line per interval and event."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.path = Path()

    def started(self, folder: RunFolder) -> None:
        """Say which run this is."""
        self.path = folder.path
        tell(f"run {folder.id}")

    def line(self, line: JournalLine) -> None:
        """Print an interval or an event."""
        if isinstance(line, Interval):
            print(interval_text(line, self._plan), file=sys.stderr, flush=True)
        elif isinstance(line, Event):
            print(event_text(line), file=sys.stderr, flush=True)
