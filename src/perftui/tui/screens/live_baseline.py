"""The baseline of a plan, for the ghost lines."""

from __future__ import annotations

from perftui.metrics.timeline import Timeline
from perftui.model.plan import Plan
from perftui.store.baselines import get_baseline
from perftui.store.journal import JournalFollower
from perftui.store.library import RunLibrary
from perftui.store.overview import overview_lines


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
