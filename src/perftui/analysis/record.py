"""The finished record of a run."""

from __future__ import annotations

from perftui.analysis.findings import find
from perftui.analysis.objectives import evaluate, overall
from perftui.analysis.settled import settled
from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import is_generator_limit
from perftui.model.journal import End, Header
from perftui.model.record import Record


def complete_record(header: Header, timeline: Timeline, end: End | None) -> Record:
    """All that follows from a run.

    Args:
        header: First line of its journal.
        timeline: Every line of it.
        end: Last line; None when the run was cut off, which makes its status `interrupted`.
    """
    summary = timeline.run()
    trust = timeline.trust()
    results = evaluate(header.plan.objectives, summary)
    objectives = settled(header.plan.objectives, results, summary, at_least=is_generator_limit(trust))
    last_s = timeline.at_s
    return Record(
        id=header.id,
        label=header.label,
        status=end.status if end else "interrupted",
        status_detail=end.status_detail if end else f"the journal ends {last_s:.0f} s after the start",
        started_at=header.started_at,
        ended_at=end.ended_at if end else "",
        steered=any(event.kind in {"level", "pause"} for event in timeline.events),
        rounds_of=header.rounds_of,
        round=header.round,
        plan=header.plan,
        environment=header.environment,
        trust=trust,
        whole_run=timeline.whole_run(),
        summary=summary,
        phases=timeline.phases(),
        host=timeline.host_spread(),
        objectives=objectives,
        findings=find(timeline),
        verdict=overall(objectives),
    )
