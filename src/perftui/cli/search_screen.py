"""`perftui find` on a terminal: a screen shows the search as it goes."""

from __future__ import annotations

import sys
from pathlib import Path

from perftui.cli.screen import show
from perftui.cli.series import told
from perftui.engine.series.find import FindRequest
from perftui.engine.series.pending import PendingSearch
from perftui.engine.series.step import SeriesEndedError
from perftui.model.errors import ExitCode, PerftuiError
from perftui.store.loading import LoadedRun, load_run
from perftui.store.records import read_record
from perftui.tui.start import Start


def search_on_screen(request: FindRequest) -> tuple[LoadedRun, bool]:
    """Search, and show how it goes; the run that is kept, and whether there is an answer.

    Raises:
        PerftuiError: it could not start, or somebody ended it.
    """
    pending = PendingSearch(request)
    try:
        show(Start(screen="search", searching=pending, plan=request.plan), sys.stdout)
    finally:
        ended = pending.close()
    if ended.by_hand:
        with told():
            raise SeriesEndedError(read_record(Path(ended.path)))
    if ended.problems:
        error = PerftuiError(*ended.problems)
        error.exit_code = ExitCode(ended.exit_code)
        raise error
    return load_run(ended.path), ended.answered
