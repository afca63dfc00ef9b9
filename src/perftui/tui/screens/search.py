"""Find: a search for the highest level as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from perftui.analysis.search import knee_of
from perftui.model.plan import Plan
from perftui.model.search import Search
from perftui.report.search import KIND_WORDS, level_words
from perftui.tui.screens.series import SeriesScreen
from perftui.tui.start import Series
from perftui.tui.widgets.search_curve import draw_search

if TYPE_CHECKING:
    from perftui.engine.series.messages import Message


class SearchScreen(SeriesScreen[Search]):
    """Curves of throughput and p95, a line for each level that was tried, and the one that is loaded now."""

    heading: ClassVar[str] = "Find"

    def __init__(self, series: Series, plan: Plan) -> None:
        super().__init__(series, plan, Search(mode=plan.load.mode, answer=0.0), draw_search)

    def judged_by(self) -> str:
        """The objectives."""
        objectives = ", ".join(f"{each.metric} {each.limits[0]}" for each in self.plan.objectives)
        return objectives or "answers as fast as they are asked for"

    def take(self, message: Message) -> str | None:
        """A level that was judged, or the next one."""
        from perftui.engine.series.messages import Tried, Trying

        if isinstance(message, Tried):
            steps = (*self.known.steps, message.step)
            held = max((step.level for step in steps if step.holds), default=0.0)
            failed = [step.level for step in steps if not step.holds and step.level > held]
            above = min(failed, default=None)
            self.known = replace(self.known, steps=steps, answer=held, above=above, knee=knee_of(steps))
        elif isinstance(message, Trying):
            kind = KIND_WORDS[message.kind] or ("raising" if message.kind == "rise" else "narrowing down")
            return f"{kind}: {level_words(message.level, self.known)} for up to {message.seconds:.0f} s"
        return None
