"""Replay: a finished run as it went, on the panels of the live screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import ClassVar

from anyio import to_thread
from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from perftui.metrics.timeline import Timeline
from perftui.model.errors import PerftuiError
from perftui.tui.screens.live_baseline import Standings, baseline_timeline, standing_at, standings
from perftui.tui.screens.live_keys import VIEW_BINDINGS
from perftui.tui.screens.live_picture import Look, take_picture
from perftui.tui.screens.live_view import PanelsScreen
from perftui.tui.screens.replay_clock import ReplayClock
from perftui.tui.screens.result_load import read_run
from perftui.tui.widgets.progress import headline

_TICK_S = 0.25


class ReplayScreen(PanelsScreen):
    """Play, pause, speed, seek."""

    heading: ClassVar[str] = "Replay"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "play/pause", id="replay.play", tooltip="Play or pause; at the end from the start"),
        Binding(
            "plus,equals_sign",
            "speed(1)",
            "speed",
            key_display="+/-",
            id="replay.faster",
            tooltip="Faster: up to 60 times",
        ),
        Binding("minus", "speed(-1)", "slower", show=False, id="replay.slower", tooltip="Slower"),
        Binding("home,g", "to_start", "start", show=False, id="replay.start", tooltip="Go to the start"),
        Binding("end,G", "to_end", "end", show=False, id="replay.end", tooltip="Go to the end"),
        Binding("e", "errors", "errors", id="replay.errors", tooltip="Errors by class, one sample of each opened"),
        *VIEW_BINDINGS,
    ]

    def __init__(self, path: Path, *, at_s: float | None = None) -> None:
        """Make the screen.

        Args:
            path: of the run.
            at_s: where it stands still at first; None: it plays from the start.
        """
        super().__init__(path, Look(readonly=True))
        self._first_s = at_s
        self.clock: ReplayClock | None = None
        self._standings: Standings = ()
        """How the run stood against its baseline, at every moment it was compared."""
        self._label = ""
        self._run_id = ""
        self._ticked_at = monotonic()

    def on_mount(self) -> None:
        """Paint first, then read."""
        self.call_after_refresh(self.read)

    @work(group="replay", exclusive=True)
    async def read(self) -> None:
        """Read the run, then play it."""
        try:
            run, timeline = await to_thread.run_sync(read_run, self.path)
            baseline = await to_thread.run_sync(baseline_timeline, run.record.plan, run.record.id)
        except PerftuiError as error:
            self.app.complain(error, "This run cannot be replayed")
            return
        if baseline is not None:
            self.look = replace(self.look, baseline_id=baseline[0], baseline=baseline[1].series("throughput"))
        self._label, self._run_id = run.record.label, run.record.id
        self.clock = ReplayClock(run.record.plan, timeline)
        if timeline.intervals_count == 0:
            self.notify("This run holds no seconds to replay", severity="warning", markup=False)
        self.clock.playing = self._first_s is None
        self.clock.seek(min(1.0 if self._first_s is None else self._first_s + 1.0, self.clock.end_s))
        self.draw()
        self._ticked_at = monotonic()
        self.set_interval(_TICK_S, self.tick)
        if baseline is not None:
            await self._compare(baseline[0], timeline)

    async def _compare(self, baseline_id: str, timeline: Timeline) -> None:
        """The operations against the baseline, as they were while the run went on."""
        try:
            self._standings = await to_thread.run_sync(standings, baseline_id, timeline)
        except PerftuiError as error:
            self.app.complain(error, "The run is not compared with its baseline")
        self.draw()

    def tick(self) -> None:
        """Let time pass; draw when another second is known."""
        now = monotonic()
        passed_s, self._ticked_at = now - self._ticked_at, now
        if self.clock is not None and self.app.screen is self and self.clock.advance(passed_s):
            self.draw()

    def draw(self) -> None:
        """Show the moment."""
        clock = self.clock
        if clock is None:
            return
        self.look = replace(self.look, against=standing_at(self._standings, clock.at_s))
        look = replace(self.look, state="replay" if clock.playing else "replay paused", cursor_s=None)
        picture = take_picture(
            clock.timeline, look, plan=clock.plan, run_id=self._run_id, label=self._label, compared=clock.whole
        )
        self.say(Content(f"{clock.speed:.0f}× · ") + headline(replace(picture, readonly=False)))
        self.panels.show(picture)

    def action_play(self) -> None:
        """Play or pause."""
        if self.clock is not None:
            self.clock.toggle()
            self.draw()

    def action_speed(self, step: int) -> None:
        """Faster or slower."""
        if self.clock is not None:
            self.clock.faster(step)
            self.draw()

    def action_back(self, seconds: int) -> None:
        """Seek."""
        if self.clock is not None:
            self.clock.seek(round(self.clock.at_s) + seconds)
            self.draw()

    def action_to_start(self) -> None:
        """To the first second."""
        if self.clock is not None:
            self.clock.seek(1.0)
            self.draw()

    def action_to_end(self) -> None:
        """To the last second."""
        if self.clock is not None:
            self.clock.seek(self.clock.end_s)
            self.draw()

    def action_hold(self) -> None:
        """The same as pause: here the view is the run."""
        self.action_play()

    def moment_s(self) -> float:
        """Where the replay is."""
        return float(round(self.clock.at_s)) if self.clock is not None else 0.0

    def operation_count(self) -> int:
        """Operations of the plan."""
        return len(self.clock.plan.counted_operations) if self.clock is not None else 0

    def action_leave_view(self) -> None:
        """Forget what is compared; else back."""
        if self.look.sides:
            self.change_look(replace(self.look, sides=()))
        else:
            self.app.pop_screen()
