"""Find: a search for the highest level as it goes; becomes the result of the run that confirms it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import getters, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from perftui.analysis.search import knee_of
from perftui.model.plan import Plan
from perftui.model.search import Search
from perftui.model.units import format_count
from perftui.report.search import KIND_WORDS, level_words
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.start import Exit, Searching
from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.search_curve import draw_search

if TYPE_CHECKING:
    from perftui.engine.series.messages import Message


class SearchScreen(PerftuiScreen[None]):
    """Curves of throughput and p95, a line for each level that was tried, and the one that is loaded now."""

    CSS_PATH = "search.tcss"
    heading: ClassVar[str] = "Find"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,q,escape", "stop", "stop", id="search.stop", tooltip="End the search; save this level"),
    ]
    curve = getters.query_one("#curve", LinePanel)
    now = getters.query_one("#now", Static)

    def __init__(self, searching: Searching, plan: Plan) -> None:
        super().__init__()
        self._searching = searching
        self._plan = plan
        self._search = Search(mode=plan.load.mode, answer=0.0)
        self._trying = ""
        self._stopping = False

    def compose_body(self) -> Iterable[Widget]:
        """What is loaded now, and below it what is known."""
        yield Static("  asking the target", id="now", markup=False)
        yield LinePanel(draw_search, id="curve")

    def on_mount(self) -> None:
        """Say what is searched, and listen."""
        super().on_mount()
        objectives = ", ".join(f"{each.metric} {each.limits[0]}" for each in self._plan.objectives)
        self.say(f"{self._plan.where} · {objectives or 'answers as fast as they are asked for'}")
        self.curve.show(self._search)
        self.listen()

    @work(group="search")
    async def listen(self) -> None:
        """Show each message; at the end the result, where there is one."""
        async for message in self._searching.messages():
            path = self._take(message)
            if path is None:
                continue
            if not path or self._stopping:
                self.app.exit(Exit())  # the command says why
            else:
                from perftui.tui.screens.result import ResultScreen

                self.app.switch_screen(ResultScreen(Path(path)))
            return

    def _take(self, message: Message) -> str | None:
        """Draw what was said; the path of the run that is kept once the search is over."""
        from perftui.engine.series.messages import Ended, Tried, Trying

        if isinstance(message, Ended):
            return message.path
        if isinstance(message, Tried):
            steps = (*self._search.steps, message.step)
            held = max((step.level for step in steps if step.holds), default=0.0)
            failed = [step.level for step in steps if not step.holds and step.level > held]
            self._search = replace(
                self._search, steps=steps, answer=held, above=min(failed, default=None), knee=knee_of(steps)
            )
            self.curve.show(self._search)
        elif isinstance(message, Trying):
            kind = KIND_WORDS[message.kind] or ("raising" if message.kind == "rise" else "narrowing down")
            self._trying = f"  {kind}: {level_words(message.level, self._search)} for up to {message.seconds:.0f} s"
            self.now.update(f"{self._trying} · starting")
        elif not self._stopping:
            failed_words = f" · {format_count(message.failed_per_s)} failed/s" if message.failed_per_s else ""
            self.now.update(
                f"{self._trying} · {message.at_s:.0f} s · {format_count(message.ok_per_s)} ok/s{failed_words}"
            )
        return None

    def action_stop(self) -> None:
        """End the search."""
        if not self._stopping:
            self._stopping = True
            self.now.update("  stopping: waiting for the last answers")
            self._searching.stop()
