"""Ends a run whose objective says so: nothing is learnt from loading on once a critical limit is missed."""

from __future__ import annotations

from perftui.analysis.objectives import evaluate
from perftui.metrics.timeline import Timeline
from perftui.model.plan import Plan
from perftui.model.record import ENDED_BY_OBJECTIVE


class CriticalLimits:
    """The objectives of a plan that end it."""

    def __init__(self, plan: Plan) -> None:
        self._warmup_s = plan.load.warmup_s
        self._objectives = tuple(each for each in plan.objectives if each.abort)

    def missed(self, timeline: Timeline) -> str:
        """Why the run is to be ended now, in words; empty while it may go on."""
        due = [each for each in self._objectives if timeline.at_s > self._warmup_s + each.grace_s]
        if not due:
            return ""
        for result in evaluate(due, timeline.measured(timeline.judged)):
            if result.verdict == "fail":
                where = f"{result.operation}: " if result.operation else ""
                return f"{ENDED_BY_OBJECTIVE}: {where}{result.metric} {result.detail}"
        return ""
