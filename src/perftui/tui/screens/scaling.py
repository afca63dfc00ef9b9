"""Scaling: throughput and efficiency of each level as they are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from perftui.analysis.scaling import CRITICAL, TARGET
from perftui.model.plan import Plan
from perftui.model.scaling import Of, Scaling
from perftui.report.scaling import level_words
from perftui.tui.screens.series import SeriesScreen
from perftui.tui.start import Series
from perftui.tui.widgets.scaling_curve import draw_scaling

if TYPE_CHECKING:
    from perftui.engine.series.messages import Message


class ScalingScreen(SeriesScreen[Scaling]):
    """Curves of throughput and efficiency, a line for each level, and the one that is loaded now."""

    heading: ClassVar[str] = "Scaling"

    def __init__(self, series: Series, plan: Plan, of: Of) -> None:
        super().__init__(series, plan, Scaling(of=of, levels=()), draw_scaling)

    def judged_by(self) -> str:
        """The limits of efficiency."""
        return f"efficiency > {TARGET * 100:.0f} %, critical > {CRITICAL * 100:.0f} %"

    def take(self, message: Message) -> str | None:
        """A level that was measured, or the next one."""
        from perftui.engine.series.messages import Raised, Scaled

        if isinstance(message, Scaled):
            self.known = message.scaling
        elif isinstance(message, Raised):
            self.since_s = message.since_s
            return f"{level_words(message.level, self.known.of)} for {message.seconds:.0f} s"
        return None
