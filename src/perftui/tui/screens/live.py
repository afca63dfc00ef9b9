"""Live: a run as it happens, read from its journal once per interval; control goes to the runner's socket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import ClassVar

from anyio import to_thread
from textual import work
from textual.binding import Binding, BindingType

from perftui.analysis.live_comparison import RunSoFar
from perftui.engine.control.messages import CommandKind
from perftui.model.errors import PerftuiError
from perftui.model.journal import Header
from perftui.tui.screens.live_baseline import BaselineWatch, baseline_timeline, baseline_watch
from perftui.tui.screens.live_follow import RunFollower
from perftui.tui.screens.live_keys import VIEW_BINDINGS
from perftui.tui.screens.live_picture import Look, take_picture
from perftui.tui.screens.live_view import PanelsScreen
from perftui.tui.widgets.operations import BY_BASELINE, SORTS
from perftui.tui.widgets.picture import Against, LivePicture
from perftui.tui.widgets.progress import headline

_POLL_S = 0.25
_LEVEL_STEP = 0.1
_WANTED_S = 2.0
_CONTROLS = {"pause", "level", "mark", "stop", "stop_now"}
_ASK_AFTER_S = 10.0
"""A run younger than this is stopped without a question."""


class LiveScreen(PanelsScreen):
    """Follows a run; becomes its result when it ends."""

    heading: ClassVar[str] = "Live"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "pause", id="live.pause", tooltip="Pause the load, or go on; the planned end stays"),
        Binding("plus,equals_sign", "level(1)", "level", key_display="+/-", id="live.up", tooltip="10 % more load"),
        Binding("minus", "level(-1)", "less load", show=False, id="live.down", tooltip="10 % less load"),
        Binding("m", "mark", "mark", id="live.mark", tooltip="Write a note into the run at this moment"),
        Binding("e", "errors", "errors", id="live.errors", tooltip="Errors by class, one sample of each opened"),
        Binding("s", "stop", "stop", id="live.stop", tooltip="No new requests, wait for answers, save"),
        Binding("S", "stop_now", "stop now", show=False, id="live.abort", tooltip="Cancel what is in flight, save"),
        Binding("d", "detach", "detach", id="live.detach", tooltip="Leave; the run goes on and can be watched again"),
        *VIEW_BINDINGS,
    ]

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        super().__init__(path, Look(readonly=readonly))
        self.follower = RunFollower(path)
        self.picture: LivePicture | None = None
        self._shown_count = -1
        self._left = False
        self._watch: BaselineWatch | None = None
        self._wanted_level = 0.0
        self._wanted_at = -_WANTED_S

    def on_mount(self) -> None:
        """Paint first, then read."""
        self.call_after_refresh(self.follow)

    @work(group="follow", exclusive=True)
    async def follow(self) -> None:
        """Read what the run has so far, then what it adds."""
        reading = self.set_interval(_POLL_S, self._say_reading)
        try:
            # a long run takes a while to read: not on the loop that answers keys
            await to_thread.run_sync(self.follower.poll)
        except PerftuiError as error:
            self.app.complain(error, "This run cannot be read")
            return
        finally:
            reading.stop()
        self.tick()
        self.set_interval(_POLL_S, self.tick)
        await self._find_baseline()

    def _say_reading(self) -> None:
        self.say(f"reading… {self.follower.timeline.intervals_count:,} s")

    async def _find_baseline(self) -> None:
        header = self.follower.timeline.header
        if header is None:
            return
        try:
            found = await to_thread.run_sync(baseline_timeline, header.plan, header.id)
        except PerftuiError as error:
            self.app.complain(error, "The baseline cannot be shown")
            return
        if found is not None:
            self.look = replace(self.look, baseline_id=found[0], baseline=found[1].series("throughput"))
            self.draw()
            await self._watch_baseline(found[0], header)

    async def _watch_baseline(self, baseline_id: str, header: Header) -> None:
        """From now on the run is compared with its baseline."""
        try:
            self._watch = await to_thread.run_sync(baseline_watch, baseline_id, header)
        except PerftuiError as error:
            self.app.complain(error, "The run is not compared with its baseline")
        if self._watch is not None:
            self.look = replace(self.look, against=self._watch.against)
            self._shown_count = -1  # a run that is joined late has something to compare already
            self.tick()

    @work(group="against")
    async def _compare(self, watch: BaselineWatch, run: RunSoFar) -> None:
        """Where the run stands; with a regression its operations are put in order, worst first."""
        try:
            against = await to_thread.run_sync(watch.look, run)
        except PerftuiError as error:
            against = Against(note=str(error))
        worse = against.comparison is not None and against.comparison.verdict == "regression"
        sort = BY_BASELINE if worse and self.look.sort == SORTS[0] else self.look.sort
        self.look = replace(self.look, against=against, sort=sort)
        self.draw()

    def tick(self) -> None:
        """Look for new lines; draw once per interval."""
        if self._left:
            return
        try:
            changed = self.follower.poll()
        except PerftuiError as error:
            self.look = replace(self.look, problem=str(error))
            changed = True
        if self.follower.ended and self.look.cursor_s is None and self.app.screen is self:
            self.become_result()
            return
        state = "lost" if self.follower.lost() else ""
        if changed or state != self.look.state or self._shown_count < 0:
            was = self.look.state
            self.look = replace(self.look, state=state, problem=self.follower.problem or self.look.problem)
            if was != state:
                self.refresh_bindings()
            run = self._watch.due(self.follower.timeline) if self._watch is not None else None
            if self._watch is not None and self._watch.against.note:
                self.look = replace(self.look, against=self._watch.against)
            if self.look.cursor_s is None or self._shown_count < 0 or self.follower.ended:
                self.draw()
            if self.follower.ended:
                self.refresh_bindings()
            if run is not None and self._watch is not None:
                self._compare(self._watch, run)

    def draw(self) -> None:
        """Take a picture and show it."""
        timeline = self.follower.timeline
        if timeline.header is None:
            return
        self._shown_count = timeline.intervals_count
        cursor_s = self.look.cursor_s
        past = timeline.until(cursor_s) if cursor_s is not None else timeline
        header = timeline.header
        self.picture = take_picture(
            past, self.look, plan=header.plan, run_id=header.id, label=header.label, ended=timeline
        )
        self.say(headline(self.picture))
        self.panels.show(self.picture)

    def become_result(self) -> None:
        """The run is over: the same place shows what came out."""
        from perftui.tui.screens.result import ResultScreen

        self._left = True
        self.app.switch_screen(ResultScreen(self.path))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        """Who only watches has no keys that change the run; nobody has when it is over, or its process is gone."""
        if self.look.state == "lost" or self.follower.ended:
            return action not in {*_CONTROLS, "detach"}
        return not (self.look.readonly and action in _CONTROLS)

    @work(group="control")
    async def send(self, kind: CommandKind, *, level: float | None = None, text: str = "") -> None:
        """Send a command to the runner; what it did comes back as an event of the journal."""
        from perftui.engine.control.client import ControlClient

        try:
            await ControlClient(self.path.name).send(kind, level=level, text=text, origin="tui")
        except PerftuiError as error:
            self.app.complain(error)

    def action_pause(self) -> None:
        """Pause or go on."""
        self.send("resume" if self.follower.paused else "pause")

    def action_level(self, direction: int) -> None:
        """A tenth more or less, at least one."""
        if self.follower.timeline.last_interval is None:
            return
        # a second press comes before the first one shows: it adds to what was asked for then
        recent = monotonic() - self._wanted_at < _WANTED_S
        before = self._wanted_level if recent else self.follower.level
        level = max(1.0, before + direction * max(1.0, before * _LEVEL_STEP))
        self._wanted_level = float(round(level)) if level >= 10 else round(level, 1)
        self._wanted_at = monotonic()
        self.send("level", level=self._wanted_level)

    @work(group="ask", exclusive=True)
    async def action_mark(self) -> None:
        """Ask for the text, then mark."""
        from perftui.tui.screens.live_mark import MarkDialog

        text = await self.app.push_screen_wait(MarkDialog())
        if text:
            self.send("mark", text=text)

    def action_stop(self) -> None:
        """Stop gracefully."""
        self._stop("stop")

    def action_stop_now(self) -> None:
        """Stop at once."""
        self._stop("abort")

    @work(group="ask", exclusive=True)
    async def _stop(self, kind: CommandKind) -> None:
        from perftui.tui.screens.question import Question

        now = kind == "abort"
        what = (
            "Requests in flight are cancelled and counted as such."
            if now
            else "No new requests; answers on their way are waited for."
        )
        old_enough = self._now_s() > _ASK_AFTER_S
        question = Question(
            "Stop now" if now else "Stop the load",
            f"{what} What was measured is saved as a stopped run.",
            "stop",
            "go on",
        )
        if not old_enough or await self.app.push_screen_wait(question):
            self.send(kind)

    def action_detach(self) -> None:
        """Leave the app; the run goes on by itself."""
        self.app.leave()

    def action_hold(self) -> None:
        """Hold the view at this moment, or follow again."""
        self.change_look(replace(self.look, cursor_s=None if self.look.cursor_s is not None else self._now_s()))

    def action_back(self, seconds: int) -> None:
        """Look at an earlier or later moment; past the newest one the view follows again."""
        now_s = self._now_s()
        at_s = (self.look.cursor_s if self.look.cursor_s is not None else now_s) + seconds
        self.change_look(replace(self.look, cursor_s=None if at_s >= now_s else max(1.0, at_s)))

    def action_leave_view(self) -> None:
        """Follow again; else back to where one came from, the run goes on."""
        if self.look.cursor_s is not None or self.look.sides:
            self.change_look(replace(self.look, cursor_s=None, sides=()))
        elif self.app.screen is self:
            self.app.pop_screen()

    def _now_s(self) -> float:
        interval = self.follower.timeline.last_interval
        return interval.at_s + interval.duration_s if interval else 0.0

    def moment_s(self) -> float:
        """The cursor, or the newest second."""
        return self.look.cursor_s if self.look.cursor_s is not None else self._now_s()

    def operation_count(self) -> int:
        """Operations of the plan."""
        header = self.follower.timeline.header
        return len(header.plan.counted_operations) if header else 0
