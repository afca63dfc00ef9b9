"""The baseline of a plan: for the ghost lines, and to compare with while the run goes on, or as it went."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perftui.analysis.live_comparison import LiveComparison, RunSoFar, looks, read_start
from perftui.metrics.timeline import Timeline
from perftui.model.journal import Header
from perftui.model.plan import Plan
from perftui.store.baselines import get_baseline
from perftui.store.journal import JournalFollower
from perftui.store.library import RunLibrary
from perftui.store.overview import overview_lines
from perftui.tui.widgets.picture import Against

_STEERED = "steered by hand: not compared with the baseline"
Standings = Sequence[Against]
"""How a run stood against its baseline, at every moment it was compared."""


def baseline_timeline(plan: Plan, run_id: str, library: RunLibrary | None = None) -> tuple[str, Timeline] | None:
    """Id and timeline of the baseline of this plan; None when none is set, or the run is its own. Blocks.

    Raises:
        UsageError: the list of baselines or the run is damaged.
    """
    runs = library or RunLibrary()
    baseline_id = get_baseline(plan, runs)
    if baseline_id is None or baseline_id == run_id:
        return None
    timeline = Timeline()
    path = runs.find(baseline_id)
    for line in overview_lines(path) or JournalFollower(path).lines():
        timeline.add(line)
    return (baseline_id, timeline) if timeline.header is not None else None


class BaselineWatch:
    """When a run is compared with its baseline, and what came out. Making one and `look` block."""

    def __init__(self, baseline: RunSoFar, header: Header) -> None:
        self._compared = LiveComparison(baseline, header)
        self._moments = looks(header.plan.load)
        self.against = Against(at_s=self._moments[0])

    def due(self, timeline: Timeline) -> RunSoFar | None:
        """The run so far, when it is time to look again."""
        if not self._moments or timeline.header is None or timeline.at_s < self._moments[0]:
            return None
        if _steered_s(timeline) < math.inf:
            self._moments.clear()
            self.against = Against(note=_STEERED)
            return None
        self._moments = [moment for moment in self._moments if moment > timeline.at_s]
        return RunSoFar(header=timeline.header, intervals=tuple(timeline.intervals), events=tuple(timeline.events))

    def look(self, run: RunSoFar) -> Against:
        """Compare.

        Raises:
            PerftuiError: it cannot be said.
        """
        last = run.intervals[-1]
        self.against = Against(self._compared.look(run), last.at_s + last.duration_s)
        return self.against


def baseline_watch(baseline_id: str, header: Header) -> BaselineWatch | None:
    """Compares a run with this baseline; None when that has no seconds.

    Raises:
        UsageError: the baseline or another saved run is damaged.
    """
    start = read_start(RunLibrary().find(baseline_id))
    return BaselineWatch(start, header) if start is not None else None


def standings(baseline_id: str, timeline: Timeline) -> Standings:
    """How a run stood against this baseline while it went on; none when either has no seconds. Blocks.

    Raises:
        PerftuiError: it cannot be said.
    """
    header = timeline.header
    watch = baseline_watch(baseline_id, header) if header is not None and timeline.intervals else None
    if header is None or watch is None:
        return ()
    whole = RunSoFar(header=header, intervals=tuple(timeline.intervals), events=tuple(timeline.events))
    steered_s = _steered_s(timeline)
    moments = [at_s for at_s in looks(header.plan.load) if at_s <= timeline.at_s and at_s < steered_s]
    found = [watch.against, *(watch.look(whole.until(at_s)) for at_s in moments)]
    return found if steered_s == math.inf else [*found, Against(note=_STEERED, at_s=steered_s)]


def standing_at(found: Standings, at_s: float) -> Against | None:
    """The newest that was known at a moment; before the first, when that comes."""
    return next((one for one in reversed(found) if one.at_s <= at_s + 1e-6), found[0] if found else None)


def _steered_s(timeline: Timeline) -> float:
    """When somebody first changed the load by hand."""
    return min((event.at_s for event in timeline.events if event.kind in {"level", "pause"}), default=math.inf)
