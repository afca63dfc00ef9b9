"""The app: which screen comes first, the keys that work everywhere, themes, and what is left behind at the end."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding
from textual.command import Provider
from textual.dom import DOMNode
from textual.screen import Screen

from perftui.model.errors import PerftuiError
from perftui.tui.base_app import BaseApp
from perftui.tui.lifeline import Lifeline
from perftui.tui.start import Beginning, Exit, Start

if TYPE_CHECKING:
    from perftui.model.plan import Plan


def _commands() -> type[Provider]:
    from perftui.tui.commands import ActionProvider

    return ActionProvider


class PerftuiApp(BaseApp):
    """Chooses, starts, watches and compares load tests. Measures nothing itself: every run has its own processes."""

    # Textual loads no style sheet of the default screen: it is loaded here.
    CSS_PATH = ["app.tcss", "screens/home.tcss"]  # noqa: RUF012 - declared by Textual without ClassVar
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands}
    ENABLE_COMMAND_PALETTE = True

    def get_default_screen(self) -> Screen[None]:
        """Home is always the lowest screen: Esc leads there."""
        from perftui.tui.screens.home import HomeScreen

        is_covered = self.begin.screen in {"live", "watch", "search"}
        self._home = HomeScreen(url=self.begin.url, preset=self.begin.preset, is_covered=is_covered)
        return self._home

    def on_mount(self) -> None:
        """Take the user's keys; go where the command wanted to."""
        self.set_keymap(self.session.settings.keys)
        self.call_after_refresh(self._check_settings)
        self.call_after_refresh(self._delete_old_runs)
        self._open_first()

    @work(group="prune")
    async def _delete_old_runs(self) -> None:
        """Delete what the settings call too old."""
        keep, days = self.session.settings.retention.keep, self.session.settings.retention.older_than_days
        if self.is_read_only or not (keep or days):
            return
        from perftui.tui.sources import prune_runs

        try:
            gone = await asyncio.to_thread(prune_runs, keep, days)
        except PerftuiError as error:
            self.complain(error, "Old runs were not deleted")
            return
        if gone:
            self.notify(f"{gone:,} old runs deleted, as settings.toml says", markup=False)

    @work(group="open")
    async def _open_first(self) -> None:
        begin = self.begin
        if begin.screen == "confirm" and begin.plan is not None:
            self.confirm(begin.plan, begin.label)
        elif begin.series is not None and begin.plan is not None and begin.screen == "scaling":
            from perftui.tui.screens.scaling import ScalingScreen

            await self.push_screen(ScalingScreen(begin.series, begin.plan, begin.scaling_of))
        elif begin.series is not None and begin.plan is not None:
            from perftui.tui.screens.search import SearchScreen

            await self.push_screen(SearchScreen(begin.series, begin.plan))
        elif begin.pending is not None and begin.plan is not None:
            await self._await_run(begin.pending, begin.plan)
        elif begin.screen == "watch" and begin.run:
            from perftui.tui.sources import find_run

            try:
                path = begin.run if isinstance(begin.run, Path) else await asyncio.to_thread(find_run, begin.run)
            except PerftuiError as error:
                self.complain(error)
                self._home.fill()
                return
            await self._open_run(path, readonly=begin.readonly, replay=True)

    async def _await_run(self, pending: Beginning, plan: Plan) -> None:
        """Show that a run is on its way, then the run; leave when it could not start: the command says why."""
        from perftui.tui.screens.starting import StartingScreen

        starting = StartingScreen(plan)
        await self.push_screen(starting)
        await asyncio.to_thread(importlib.import_module, "perftui.tui.screens.live")
        from perftui.tui.screens.live import LiveScreen

        try:
            path = (await pending.begun()).path
        except PerftuiError:
            self.exit(Exit())
            return
        self.take(path)
        while self.screen is not starting:  # help, or the list of commands
            await self.pop_screen()
        await self.switch_screen(LiveScreen(path))

    @work(group="open")
    async def open_run(self, path: Path, *, readonly: bool = False) -> None:
        """Show a run: live while it goes on, else its result."""
        await self._open_run(path, readonly=readonly)

    async def _open_run(self, path: Path, *, readonly: bool, replay: bool = False) -> None:
        from perftui.tui.sources import is_live

        live = await asyncio.to_thread(is_live, path)
        if live or replay:
            self.session.follow(path)
        if live:
            from perftui.tui.screens.live import LiveScreen

            await self.push_screen(LiveScreen(path, readonly=readonly or self.is_read_only))
        else:
            from perftui.tui.screens.result import ResultScreen

            await self.push_screen(ResultScreen(path))
            if replay:
                from perftui.tui.screens.replay import ReplayScreen

                await self.push_screen(ReplayScreen(path))

    @work(group="confirm", exclusive=True)
    async def confirm(self, plan: Plan, label: str = "") -> None:
        """Ask before any load; start on a yes, and show the run live."""
        if self.refuses("starting a run"):
            return
        from perftui.tui.screens.confirm import ConfirmScreen

        started = await self.push_screen_wait(ConfirmScreen(plan, label))
        if started is not None:
            from perftui.tui.screens.live import LiveScreen

            self.take(started)
            self._home.presets.focus()  # one comes back to choose, not to type into the field that started it
            await self.push_screen(LiveScreen(started))

    @work(group="compare", exclusive=True)
    async def compare_with(self, path: Path) -> None:
        """Compare a run with its baseline, or with the run before it."""
        from perftui.tui.sources import find_counterpart

        try:
            baseline = await asyncio.to_thread(find_counterpart, path)
        except PerftuiError as error:
            self.complain(error)
            return
        self.compare(baseline, path)

    def compare(self, baseline: Path, run: Path) -> None:
        """Show two runs side by side."""
        from perftui.tui.screens.compare import CompareScreen

        self.push_screen(CompareScreen(baseline, run))

    def export_run(self, path: Path) -> None:
        """Ask for a format and write the run to a file."""
        if self.refuses("writing files"):
            return
        from perftui.tui.exports import RunSubject
        from perftui.tui.screens.export import ExportDialog

        self.push_screen(ExportDialog(RunSubject(path)))

    def action_help(self) -> None:
        """Every key of this screen."""
        from perftui.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen.of(self.screen))

    @work(group="quit", exclusive=True)
    async def action_quit(self) -> None:  # type: ignore[override]  # a worker: the answer is waited for
        """Leave; ask first while a run that was started here is live."""
        from perftui.tui.screens.quit import QuitDialog, stop_runs

        if isinstance(self.screen, QuitDialog):
            return
        live = await asyncio.to_thread(self.session.live_runs)
        answer = await self.push_screen_wait(QuitDialog(live)) if live else "keep"
        if answer == "stop":
            self.notify("Stopping: waiting for the last answers…")
            await stop_runs(live)
        if answer != "stay":
            self.leave()

    def action_help_quit(self) -> None:
        """Ctrl-C copies in Textual; say how one leaves."""
        self.notify("Press q to leave", markup=False)

    def _check_settings(self) -> None:
        problems = list(self.session.problems)
        if self.session.settings.keys:
            from perftui.tui.keymap import unknown_ids

            problems += unknown_ids(self.session.settings.keys)
        if problems:
            self.notify("\n".join(problems), title="Settings", severity="warning", markup=False, timeout=12)

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:  # noqa: ARG002 - as Textual calls it
        """Two of the user's keys are the same: say so once."""
        ids = ", ".join(sorted(binding.id or binding.action for binding in clashed_bindings))
        if self.session.first_clash(ids):
            text = f"settings.toml: a key is used twice; no longer reached: {ids}"
            self.notify(text, severity="warning", markup=False)

    def get_key_display(self, binding: Binding) -> str:
        """Keys as they stand on a keyboard."""
        from perftui.tui.keymap import key_name

        return binding.key_display or key_name(binding.key)


def run_app(start: Start, begins: Callable[[], None] = lambda: None) -> Exit:
    """Run the app until it is left. The text of the result belongs on stdout, after the terminal is restored.

    Args:
        start: what it begins with.
        begins: called when the terminal becomes the app's.
    """
    app = PerftuiApp(start)
    with Lifeline(app), app.session:
        begins()
        left = app.run(mouse=start.mouse) or Exit(code=app.return_code or 0)
    return Exit(code=left.code, text=app.session.farewell())
