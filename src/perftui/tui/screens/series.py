"""A series of runs as it goes: what is loaded now, and what is known; becomes the result of the run that ends it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from perftui.model.plan import Plan
from perftui.model.units import format_count
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.start import Exit, Series
from perftui.tui.widgets.panel import Draw, LinePanel

if TYPE_CHECKING:
    from perftui.engine.series.messages import Message, Second

Known = TypeVar("Known")


class SeriesScreen(PerftuiScreen[None], Generic[Known]):
    """Base of the screens of `find` and `scaling`: they say what is known at first, and what a message adds to it."""

    CSS_PATH = "series.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,q,escape", "stop", "stop", id="search.stop", tooltip="End the series; save this level"),
    ]
    curve = getters.query_one("#curve", LinePanel)
    now = getters.query_one("#now", Static)

    def __init__(self, series: Series, plan: Plan, known: Known, draw: Draw[Known]) -> None:
        super().__init__()
        self.plan = plan
        self.known = known
        self.since_s = 0.0
        """When, in its run, the level began that is loaded now."""
        self._series = series
        self._draw = draw
        self._loading = ""
        self._stopping = False

    @abstractmethod
    def judged_by(self) -> str:
        """What a level has to hold, in words."""

    @abstractmethod
    def take(self, message: Message) -> str | None:
        """Add what was said to what is known; what is loaded now in words, where that changes."""

    def compose_body(self) -> Iterable[Widget]:
        """What is loaded now, and below it what is known."""
        yield Static("  asking the target", id="now", markup=False)
        yield LinePanel(self._draw, id="curve")

    def on_mount(self) -> None:
        """Say what is asked, and listen."""
        super().on_mount()
        self.say(f"{self.plan.where} · {self.judged_by()}")
        self.curve.show(self.known)
        self.listen()

    @work(group="series")
    async def listen(self) -> None:
        """Show each message; at the end the result, where there is one."""
        from perftui.engine.series.messages import Ended, Second

        async for message in self._series.messages():
            if isinstance(message, Second):
                self._pass(message)
            elif isinstance(message, Ended):
                self._leave(message.path)
            elif (loading := self.take(message)) is not None:
                self._loading = f"  {loading}"
                self._now(f"{self._loading} · starting")
            else:
                self.curve.show(self.known)

    def _pass(self, second: Second) -> None:
        failed = f" · {format_count(second.failed_per_s)} failed/s" if second.failed_per_s else ""
        self._now(
            f"{self._loading} · {second.at_s - self.since_s:.0f} s · {format_count(second.ok_per_s)} ok/s{failed}"
        )

    def _now(self, words: str) -> None:
        if not self._stopping:
            self.now.update(words)

    def _leave(self, path: str) -> None:
        if not path or self._stopping:
            self.app.exit(Exit())  # the command says why
            return
        from perftui.tui.screens.result import ResultScreen

        self.app.switch_screen(ResultScreen(Path(path)))

    def action_stop(self) -> None:
        """End the series."""
        if not self._stopping:
            self.now.update("  stopping: waiting for the last answers")
            self._stopping = True
            self._series.stop()
