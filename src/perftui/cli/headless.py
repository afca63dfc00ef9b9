"""What `perftui run` does without a screen: rounds one after the other, progress on stderr."""

from __future__ import annotations

import select
import sys
from contextlib import closing, redirect_stdout
from pathlib import Path

from perftui.cli.failures import tell
from perftui.cli.finish import finish
from perftui.cli.otlp import LivePush
from perftui.cli.output import check_output
from perftui.cli.results import baseline_of
from perftui.cli.wanted import Wanted
from perftui.engine.runner.run import Runs
from perftui.model.errors import PerftuiError
from perftui.model.interval import Event, Interval
from perftui.model.journal import End, JournalLine
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.report.progress import InOrder, event_text, interval_text
from perftui.store.library import RunFolder, new_run_id
from perftui.store.loading import LoadedRun, load_made

COOL_DOWN_S = 3.0
"""Between rounds, so that connections of one do not weigh on the next."""


def run_headless(wanted: Wanted) -> int:
    """Run here, with progress on stderr and the result on stdout or in a file."""
    for output in wanted.outputs:
        check_output(output.path)
    baseline = baseline_of(wanted)
    group = new_run_id(wanted.plan.name) if wanted.rounds > 1 else ""
    done: list[LoadedRun] = []
    interrupted = False
    with Runs() as runs:
        for number in range(1, wanted.rounds + 1):
            if number > 1 and not _rested(runs):
                interrupted = True
                break
            if group:
                tell(f"round {number} of {wanted.rounds}")
            progress = _Progress(wanted.plan)
            request = wanted.request(group, number if group else 0, baseline=baseline[0].path if baseline else None)
            # what functions of the user's print before and after the load is no part of the result
            with closing(LivePush(wanted.otlp)) as pushed, redirect_stdout(sys.stderr):
                progress.pushed = pushed
                record = runs.run(request, on_line=progress.line, on_started=progress.started)
            done.append(_saved(record, progress.path, in_full=wanted.in_full))
            if record.status != "finished":
                break
    return finish(wanted, done, baseline, interrupted=interrupted)


def _rested(runs: Runs) -> bool:
    """Wait between rounds; False when somebody pressed Ctrl-C."""
    try:
        runs.rest(COOL_DOWN_S)
    except KeyboardInterrupt:
        return False
    return True


def _saved(record: Record, path: Path, *, in_full: bool) -> LoadedRun:
    """The run as it was saved; what is known of it where the disk refused."""
    try:
        return load_made(record, path, in_full=in_full)
    except PerftuiError as error:
        for problem in error.problems:
            tell(problem)
        return LoadedRun(record=record, path=path.with_name(record.id), is_saved=False)


class _Progress:
    """Prints what happens as it happens, one line per interval and event."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._read = True
        self._ordered = InOrder()
        self._left_out = 0
        self.path = Path()
        self.pushed: LivePush | None = None
        """Takes the run's folder, too."""

    def started(self, folder: RunFolder) -> None:
        """Say which run this is."""
        self.path = folder.path
        if self.pushed is not None:
            self.pushed.follow(lambda: folder.path)
        if _takes_a_line():
            tell(f"run {folder.id}")

    def line(self, line: JournalLine) -> None:
        """Print an interval or an event, as long as somebody reads: a full pipe or a closed terminal stops no run."""
        if isinstance(line, Interval | Event):
            shown = self._ordered.add(line)
        else:
            shown = self._ordered.rest() if isinstance(line, End) else []
        for one in shown:
            self._print(one)

    def _print(self, line: Interval | Event) -> None:
        if not self._read:
            return
        if not _takes_a_line():
            self._left_out += 1
            return
        text = interval_text(line, self._plan) if isinstance(line, Interval) else event_text(line)
        if self._left_out:
            text = f"({self._left_out:,} lines left out: nobody read them)\n{text}"
            self._left_out = 0
        try:
            print(text, file=sys.stderr, flush=True)
        except OSError:
            self._read = False


def _takes_a_line() -> bool:
    """Whether stderr takes a line without waiting for its reader: a stopped terminal and a full pipe do not."""
    try:
        _, ready, _ = select.select([], [sys.stderr], [], 0)
    except (OSError, ValueError):
        return True  # no descriptor behind it, or closed: printing tells
    return bool(ready)
