"""Home: choose a preset, change what matters, start. Nothing is sent by opening it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from anyio import to_thread
from textual import events, getters, on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from perftui.model.errors import PerftuiError
from perftui.model.plan import Plan
from perftui.model.units import format_duration
from perftui.tui.describe import level_text
from perftui.tui.marks import quiet
from perftui.tui.preset_copy import PresetCopy, copy_of, copy_of_import, importable
from perftui.tui.preset_history import MOST, History, newest_by_preset
from perftui.tui.run_rows import run_columns, run_row
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.home_form import HomeForm
from perftui.tui.sources import plan_from_form, read_presets, read_runs
from perftui.tui.table import Column, Row, Table

if TYPE_CHECKING:
    from perftui.presets.catalog import PresetInfo
    from perftui.store.index import RunRow

_PRESET_COLUMNS = (
    Column("name", "name", 8, grow=1),
    Column("kind", "kind", 6, rank=4),
    Column("mode", "mode", 5, rank=3),
    Column("level", "level", 14, right=True, rank=1),
    Column("duration", "time", 5, right=True),
    Column("history", "p95", MOST, rank=1),
    Column("change", "change", 6, right=True, rank=2),
)
_NEWEST = 50
_POLL_S = 2.0
"""How often the newest runs are read again while one of them is live."""
_HINT = "Enter a URL or press D to try the bundled demo service"


class PresetTable(Table):
    """The presets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.start", "start", id="home.start", tooltip="Start the chosen preset; asks first"),
        Binding("right", "screen.to_form", "change", show=False, id="home.form", tooltip="To the fields of the form"),
    ]


class NewestTable(Table):
    """The newest runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "screen.open_run", "open", id="home.open", tooltip="Open the run; a running one is watched live"
        ),
        Binding(
            "escape",
            "screen.to_presets",
            "to the presets",
            show=False,
            id="home.presets",
            tooltip="Back to the presets",
        ),
    ]


class HomeScreen(PerftuiScreen[None]):
    """Presets on the left, the chosen one as a form on the right, the newest runs below."""

    heading: ClassVar[str] = "Home"
    AUTO_FOCUS = "#presets"
    changes: ClassVar[frozenset[str]] = frozenset({"start", "probe", "edit", "demo"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "probe", "probe", id="home.probe", tooltip="One request per operation, shown in full"),
        Binding("e", "edit", "edit", id="home.edit", tooltip="Edit a copy of the preset"),
        Binding("D", "demo", "demo", id="home.demo", tooltip="Try the preset on the bundled demo service"),
        Binding("r", "runs", "runs", id="home.runs", tooltip="Every saved run"),
        Binding(
            "n", "to_newest", "newest", show=False, id="home.newest", tooltip="To the newest runs; Enter opens or joins"
        ),
        Binding("t", "trend", "trend", id="home.trend", tooltip="How the preset's results went over time"),
    ]
    presets = getters.query_one("#presets", PresetTable)
    form = getters.query_one("#form", HomeForm)
    newest = getters.query_one("#newest", NewestTable)

    def __init__(self, url: str = "", preset: str = "", *, is_covered: bool = False) -> None:
        """Make the screen.

        Args:
            url: fills the URL field.
            preset: chosen in the list.
            is_covered: another screen comes in front at once: nothing is read until this one is seen.
        """
        super().__init__()
        self._is_covered = is_covered
        self._url = url
        self._first_choice = preset
        self._awaited = ""
        self._entries: dict[str, PresetInfo] = {}
        self._histories: Mapping[str, History] = {}
        self._runs: dict[str, RunRow] = {}

    def compose_body(self) -> Iterable[Widget]:
        """Presets and form beside each other, runs below."""
        presets = PresetTable(_PRESET_COLUMNS, id="presets", classes="panel", empty="Reading the presets…")
        presets.border_title = "Presets"
        newest = NewestTable(run_columns(), id="newest", classes="panel", empty="Reading the runs…")
        newest.border_title = "Newest runs"
        yield Horizontal(presets, HomeForm(self._url), id="choose")
        yield newest

    def on_mount(self) -> None:
        """Read after the first paint."""
        if not self.app.is_read_only:
            self.say(quiet("nothing is sent before you confirm"))

        self.set_interval(_POLL_S, self._poll)

    def on_screen_resume(self) -> None:
        """Runs may have been added or deleted meanwhile."""
        if self._is_covered:
            self._is_covered = False
        else:
            self.call_after_refresh(self.fill)

    def fill(self) -> None:
        """Read the presets once, the runs anew."""
        if not self._entries:
            self.read_presets()
        self.read_runs()

    def _poll(self) -> None:
        if self.newest.has_class("-live") and self.app.screen is self:
            self.read_runs()

    @work(group="presets", exclusive=True)
    async def read_presets(self) -> None:
        """List the presets and show the first."""
        entries = await to_thread.run_sync(read_presets)
        self._entries = {str(entry.path): entry for entry in entries}
        self._show_presets()
        for key, entry in self._entries.items():
            if entry.name == self._first_choice:
                self._awaited = entry.name if self.presets.cursor_key != key else ""
                self.presets.select(key)

    def _show_presets(self) -> None:
        rows = (_preset_row(key, entry, self._histories.get(entry.name)) for key, entry in self._entries.items())
        self.presets.show(rows, empty="No presets found")

    @work(group="runs", exclusive=True)
    async def read_runs(self) -> None:
        """List the newest runs."""
        runs = await to_thread.run_sync(read_runs)
        self._runs = {run.id: run for run in runs.rows[:_NEWEST]}
        known = newest_by_preset(runs)
        if known != self._histories:
            self._histories = known
            if self._entries:
                self._show_presets()
        rows = (run_row(run) for run in self._runs.values())
        self.newest.show(rows, empty="No runs yet." if self.app.is_read_only else f"No runs yet. {_HINT}.")
        live = len(runs.live)
        self.newest.border_subtitle = (
            f"{live} live: n, then Enter joins" if live else f"{len(runs.rows):,} saved" if runs.rows else ""
        )
        self.newest.set_class(bool(live), "-live")

    @on(Table.Highlighted, "#presets")
    def show_preset(self, event: Table.Highlighted) -> None:
        """Fill the form; on the way to the first choice it is not another preset's for a moment."""
        entry = self._entries[event.key]
        if self._awaited and entry.name != self._awaited:
            return
        self._awaited = ""
        self.form.show(entry)

    @on(Table.Chosen, "#presets")
    @on(HomeForm.Submitted)
    def action_start(self) -> None:
        """Ask, then start."""
        self._with_plan("start")

    def action_probe(self) -> None:
        """Send one request per operation."""
        self._with_plan("probe")

    @work(group="plan", exclusive=True)
    async def _with_plan(self, purpose: str) -> None:
        if self.app.refuses("sending requests"):
            return
        plan = await self._plan()
        if plan is None:
            return
        if purpose == "start":
            self.app.confirm(plan)
        else:
            from perftui.tui.screens.probe import ProbeScreen

            self.app.push_screen(ProbeScreen(plan))

    async def _plan(self) -> Plan | None:
        entry = self.form.entry
        if entry is None:
            return None
        if entry.plan is None:
            self.notify("This preset has mistakes; press e to mend a copy", severity="error", markup=False)
            return None
        if self.form.focus_first_problem():
            return None
        form = self.form
        try:
            return await to_thread.run_sync(
                plan_from_form, str(entry.path), form.values.url.strip(), form.overrides, form.mode, form.cluster
            )
        except PerftuiError as error:
            self.app.complain(error, "The plan cannot be used")
            return None

    @work(group="demo", exclusive=True)
    async def action_demo(self) -> None:
        """Start the bundled service and offer a run against it."""
        if self.app.refuses("starting the demo service"):
            return
        if not self.app.session.demo_url:
            self.notify("Starting the demo service…", markup=False, timeout=2)
        try:
            url = await to_thread.run_sync(self.app.session.start_demo)
        except (PerftuiError, OSError) as error:
            self.notify(f"The demo service did not start: {error}", severity="error", markup=False)
            return
        self.form.set_url(url)
        self.say(f"demo service at {url}")
        self.action_start()

    def action_edit(self) -> None:
        """Edit a copy of the preset, then show it."""
        entry = self.form.entry
        if entry is not None:
            self._edit(partial(copy_of, entry.path, own=entry.origin != "built-in"))

    def on_paste(self, event: events.Paste) -> None:
        """A pasted curl command, or a dropped file, becomes a preset."""
        if importable(event.text):
            event.stop()
            self._edit(partial(copy_of_import, event.text))

    @on(HomeForm.Imported)
    def edit_import(self, event: HomeForm.Imported) -> None:
        """The same, where it was typed in the place of a URL."""
        self._edit(partial(copy_of_import, event.text))

    @work(group="edit", exclusive=True)
    async def _edit(self, begin: Callable[[], PresetCopy]) -> None:
        if self.app.refuses("making a preset"):
            return
        from perftui.tui.screens.preset_editor import PresetEditor

        saved = await self.app.push_screen_wait(PresetEditor(begin))
        if saved is not None:
            self.form.forget_url()
            self._first_choice = saved
            self.read_presets()

    def action_runs(self) -> None:
        """All runs."""
        from perftui.tui.screens.runs import RunsScreen

        self.app.push_screen(RunsScreen())

    def action_trend(self) -> None:
        """The preset's results over time."""
        entry = self.form.entry
        if entry is None or entry.plan is None:
            return
        from perftui.tui.screens.trend import TrendScreen

        self.app.push_screen(TrendScreen(entry.plan.name))

    @on(Table.Chosen, "#newest")
    def action_open_run(self) -> None:
        """Join a running run, or show the result of a finished one."""
        run = self._runs.get(self.newest.cursor_key or "")
        if run is not None:
            self.app.open_run(Path(run.path))

    def action_to_form(self) -> None:
        """To the first field."""
        self.form.query_one("#url").focus()

    def action_to_newest(self) -> None:
        """To the newest runs."""
        self.newest.focus()

    @on(HomeForm.Left)
    def action_to_presets(self) -> None:
        """Back to the list."""
        self.presets.focus()


def _preset_row(key: str, info: PresetInfo, history: History | None) -> Row:
    plan = info.plan
    if plan is None:
        return Row(key, (info.name, info.kind, "", Content.styled("✗ mistakes", "$error"), "", "", ""))
    load = plan.load
    line = Content.styled(history.line, "$series-1") if history else Content("")
    change = history.change if history else Content("")
    level, lasts = level_text(load), format_duration(load.duration_s)
    return Row(key, (info.name, quiet(plan.kind), quiet(load.mode), level, lasts, line, change))
