"""The baseline of a plan: for the ghost lines, and to compare with while the run goes on."""

from __future__ import annotations

from perftui.analysis.live_comparison import LiveComparison, RunSoFar, looks, read_start
from perftui.metrics.timeline import Timeline
from perftui.model.journal import Header
from perftui.model.plan import Plan
from perftui.store.baselines import get_baseline
from perftui.store.journal import JournalFollower
from perftui.store.library import RunLibrary
from perftui.store.overview import overview_lines
from perftui.tui.widgets.picture import Against


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
        if any(event.kind in {"level", "pause"} for event in timeline.events):
            self._moments.clear()
            self.against = Against(note="steered by hand: not compared with the baseline")
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
