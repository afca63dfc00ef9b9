"""The finished record of a run."""

from __future__ import annotations

from msgspec.structs import replace

from perftui.analysis.findings import find
from perftui.analysis.objectives import evaluate, overall
from perftui.analysis.search import confirmed
from perftui.analysis.settled import settled
from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import is_generator_limit
from perftui.model.journal import End, Header
from perftui.model.record import ENDED_BY_OBJECTIVE, Record


def complete_record(header: Header, timeline: Timeline, end: End | None) -> Record:
    """All that follows from a run.

    Args:
        header: First line of its journal.
        timeline: Every line of it.
        end: Last line; None when the run was cut off, which makes its status `interrupted`.
    """
    measured = timeline.measured()
    trust = timeline.trust()
    results = evaluate(header.plan.objectives, measured)
    objectives = settled(header.plan.objectives, results, measured, at_least=is_generator_limit(trust))
    last_s = timeline.at_s
    record = Record(
        id=header.id,
        label=header.label,
        status=end.status if end else "interrupted",
        status_detail=end.status_detail if end else f"the journal ends {last_s:.0f} s after the start",
        started_at=header.started_at,
        ended_at=end.ended_at if end else "",
        steered=any(event.kind in {"level", "pause"} for event in timeline.events),
        rounds_of=header.rounds_of,
        round=header.round,
        search=header.search,
        plan=header.plan,
        environment=header.environment,
        trust=trust,
        whole_run=timeline.whole_run(),
        summary=measured.summary,
        phases=timeline.phases(),
        levels=measured.levels,
        host=dict(measured.host),
        machines=timeline.machines.stats(),
        target_growth=measured.growth,
        objectives=objectives,
        findings=find(timeline),
        # answers that came in the drain do not undo the limit that ended the run
        verdict="fail" if end and end.status_detail.startswith(f"{ENDED_BY_OBJECTIVE}: ") else overall(objectives),
    )
    return record if record.search is None else replace(record, search=confirmed(record, timeline.intervals))
