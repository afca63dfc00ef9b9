"""`perftui find` and `perftui scaling` on a terminal: a screen shows the series as it goes."""

from __future__ import annotations

import sys
from pathlib import Path

from perftui.cli.screen import show
from perftui.cli.series import told
from perftui.engine.series.find import FindRequest
from perftui.engine.series.messages import Ended
from perftui.engine.series.pending import PendingSeries
from perftui.engine.series.scaling import Scaled, ScalingRequest
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
    pending = PendingSeries(request)
    ended = _shown(pending, Start(screen="search", series=pending, plan=request.plan))
    return load_run(ended.path), ended.answered


def scale_on_screen(request: ScalingRequest) -> Scaled:
    """Measure every level, and show how it goes.

    Raises:
        PerftuiError: it could not start, or somebody ended it.
    """
    pending = PendingSeries(request)
    start = Start(screen="scaling", series=pending, plan=request.plan, scaling_of=request.of)
    last = load_run(_shown(pending, start).path)
    scaling = last.record.scaled
    if scaling is None:
        raise PerftuiError(f"{last.path}: what came of the levels was not saved")
    ids = dict.fromkeys(level.run_id for level in scaling.levels)
    return Scaled(scaling, [*(load_run(one) for one in ids if one != last.record.id), last])


def _shown(pending: PendingSeries, start: Start) -> Ended:
    try:
        show(start, sys.stdout)
    finally:
        ended = pending.close()
    if ended.by_hand:
        with told():
            raise SeriesEndedError(read_record(Path(ended.path)))
    if ended.problems:
        error = PerftuiError(*ended.problems)
        error.exit_code = ExitCode(ended.exit_code)
        raise error
    return ended
