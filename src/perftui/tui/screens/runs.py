"""Every saved run: found by typing, sorted, marked for comparison, exported, deleted, recovered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from perftui.model.errors import PerftuiError
from perftui.model.units import format_duration
from perftui.tui.marks import quiet, words
from perftui.tui.preset_history import histories
from perftui.tui.run_order import LARGEST_FIRST, SORTS, filtered, ordered
from perftui.tui.run_rows import run_columns, run_row, state_of
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.question import Question
from perftui.tui.sources import SavedRuns, read_runs
from perftui.tui.table import Row, Table

if TYPE_CHECKING:
    from perftui.store.index import RunRow

_POLL_S = 3.0
_BASELINE = "★"


class RunTable(Table):
    """The runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.open", "open", id="runs.open", tooltip="The run's result; a live one is watched"),
        Binding("space", "screen.mark", "mark", id="runs.mark", tooltip="Mark for comparison: A is the older run"),
        Binding("c", "screen.compare", "compare", id="runs.compare", tooltip="Compare A and B, or with the baseline"),
        Binding("b", "screen.baseline", "baseline", id="runs.baseline", tooltip="Set as baseline, or no longer"),
        Binding("x", "screen.export", "export", id="runs.export", tooltip="Write the run to a file"),
        Binding("d,delete", "screen.delete", "delete", id="runs.delete", tooltip="Delete the run; asks first"),
        Binding("slash", "screen.filter", "filter", id="runs.filter", tooltip="Type to find runs"),
        Binding("s", "screen.sort(1)", "sort", show=False, id="runs.sort", tooltip="Sort by the next column"),
        Binding("o", "screen.turn", "order", show=False, id="runs.turn", tooltip="Turn the order around"),
        Binding("u", "screen.recover", "recover", show=False, id="runs.recover", tooltip="Recover an unfinished run"),
    ]


class FilterField(Input):
    """Where one types what to look for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.leave_filter", "to the list", id="runs.unfilter", tooltip="Clear, back to the list"),
        Binding("down,enter", "screen.to_list", "to the list", show=False, id="runs.list", tooltip="Back to the list"),
    ]


class RunsScreen(PerftuiScreen[None]):
    """The list, a line to type in, and a line about the run under the cursor."""

    CSS_PATH = "runs.tcss"
    heading: ClassVar[str] = "Runs"
    AUTO_FOCUS = "#runs"
    changes: ClassVar[frozenset[str]] = frozenset({"baseline", "export", "delete", "recover"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "back", show=False, id="runs.back", tooltip="Back"),
    ]
    table = getters.query_one("#runs", RunTable)
    field = getters.query_one("#filter", FilterField)

    def __init__(self) -> None:
        super().__init__()
        self._saved = SavedRuns()
        self._by_id: dict[str, RunRow] = {}
        self._marked: list[str] = []
        self._rows: dict[tuple[str, str], Row] = {}
        """Rows by run and mark: typing in the filter makes none anew."""
        self._sort = "when"
        self._descending = True

    def compose_body(self) -> Iterable[Widget]:
        """Filter, list, details."""
        yield FilterField(id="filter", compact=True, placeholder="/ to filter: preset, host, label, verdict, id")
        table = RunTable(run_columns(marks=True), id="runs", classes="panel", empty="Reading the runs…")
        table.border_title = "Saved runs"
        yield table
        yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        """Look again while something is going on."""
        super().on_mount()
        self.table.show_sort(self._sort, "down")
        self.set_interval(_POLL_S, self._poll)

    def on_screen_resume(self) -> None:
        """Runs may have been added meanwhile."""
        self.read()

    def _poll(self) -> None:
        if self._saved.live and self.app.screen is self:
            self.read()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        """Read the list, keep marks and cursor."""
        try:
            self._saved = await asyncio.to_thread(read_runs)
        except PerftuiError as error:
            self.app.complain(error)
            return
        self._by_id = {run.id: run for run in self._saved.rows}
        self._rows.clear()
        self._marked = [run_id for run_id in self._marked if run_id in self._by_id]
        self._show()

    @on(Input.Changed, "#filter")
    def _show(self) -> None:
        runs = ordered(filtered(self._saved.rows, self.field.value), self._sort, descending=self._descending)
        empty = "No run holds these words" if self._saved.rows else "No runs yet: start one from Home"
        self.table.show((self._row(run) for run in runs), empty=empty)
        whole = len(self._saved.rows)
        self.say(f"{len(runs):,} of {whole:,} runs" if len(runs) != whole else f"{whole:,} run{'s' * (whole != 1)}")
        self._show_about()

    def _row(self, run: RunRow) -> Row:
        key = (run.id, self._mark_of(run.id))
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = run_row(run, key[1])
        return row

    def _mark_of(self, run_id: str) -> str:
        letter = "AB"[self._by_age(self._marked).index(run_id)] if run_id in self._marked else " "
        return letter + (_BASELINE if run_id in self._saved.baselines else " ")

    def _by_age(self, run_ids: Iterable[str]) -> list[str]:
        """The older run is the baseline of the other, whichever was marked first."""
        return sorted(run_ids, key=lambda run_id: (self._by_id[run_id].started_at, run_id))

    @on(Table.Highlighted, "#runs")
    def _show_about(self) -> None:
        run = self._current
        self.query_one("#about", Static).update(_about(run, self._saved) if run else Content(""))

    @property
    def _current(self) -> RunRow | None:
        return self._by_id.get(self.table.cursor_key or "")

    @on(Table.Chosen, "#runs")
    def action_open(self) -> None:
        """Live screen or result."""
        if run := self._current:
            self.app.open_run(run.path)

    def action_mark(self) -> None:
        """Mark or unmark; a third mark takes the place of the second."""
        run = self._current
        if run is None:
            return
        if run.id in self._marked:
            self._marked.remove(run.id)
        else:
            self._marked = [*self._marked[:1], run.id]
        self._show()
        self.table.action_move(1)

    def action_compare(self) -> None:
        """The marked ones; the marked one and that under the cursor; or that with its baseline."""
        run = self._current
        if run is None:
            return
        pair = self._marked if len(self._marked) == 2 else [*self._marked, run.id]
        if len(set(pair)) == 2:
            self.app.compare(*(self._by_id[run_id].path for run_id in self._by_age(pair)))
        else:
            self.app.compare_with(run.path)

    @work(group="baseline", exclusive=True)
    async def action_baseline(self) -> None:
        """Set the baseline, with a question when the run is not fit to be one; or take it back."""
        run = self._current
        if run is None:
            return
        from perftui.tui.sources import choose_baseline, forget_baseline

        if run.id in self._saved.baselines:
            await asyncio.to_thread(forget_baseline, run.id)
            self.notify(f"{run.id} is no longer a baseline", markup=False)
            self.read()
            return
        try:
            await asyncio.to_thread(choose_baseline, run.id, force=False)
        except PerftuiError as error:
            reasons = "\n".join(problem.split("; --force")[0] for problem in error.problems)
            if run.status == "running":
                self.app.complain(error)
                return
            if not await self.app.push_screen_wait(Question("Take it as a baseline?", reasons, "take it anyway")):
                return
            await asyncio.to_thread(choose_baseline, run.id, force=True)
        self.notify(f"{run.id} is now the baseline of {run.preset} on {run.url}", markup=False)
        self.read()

    def action_export(self) -> None:
        """Write it to a file."""
        if run := self._current:
            self.app.export_run(run.path)

    @work(group="delete", exclusive=True)
    async def action_delete(self) -> None:
        """Ask, then delete."""
        run = self._current
        if run is None:
            return
        if run.id in self._saved.live:
            self.notify("This run is live: stop it first", severity="warning", markup=False)
            return
        text = f"{run.id}\n{run.preset} on {run.url}\n\nIts files are deleted for good."
        if not await self.app.push_screen_wait(Question("Delete this run?", text, "delete", "keep")):
            return
        from perftui.tui.sources import delete_run

        try:
            await asyncio.to_thread(delete_run, run.id)
        except PerftuiError as error:
            self.app.complain(error)
        self.read()

    @work(group="recover", exclusive=True)
    async def action_recover(self) -> None:
        """Complete an unfinished run from its journal."""
        run = self._current
        if run is None or state_of(run) != "unfinished":
            self.notify("Only unfinished runs need recovery", markup=False)
            return
        from perftui.tui.sources import recover_run

        try:
            await asyncio.to_thread(recover_run, run.path)
        except PerftuiError as error:
            self.app.complain(error)
            return
        self.notify(f"{run.id} recovered from its journal", markup=False)
        self.read()

    def action_filter(self) -> None:
        """To the line one types in."""
        self.field.focus()

    def action_leave_filter(self) -> None:
        """Forget the filter."""
        self.field.value = ""
        self.table.focus()

    def action_to_list(self) -> None:
        """Keep the filter, back to the list."""
        self.table.focus()

    def action_sort(self, step: int) -> None:
        """Sort by the next column."""
        columns = list(SORTS)
        self._sort_by(columns[(columns.index(self._sort) + step) % len(columns)])

    def action_turn(self) -> None:
        """Turn the order around."""
        self._descending = not self._descending
        self.table.show_sort(self._sort, "down" if self._descending else "up")
        self._show()

    @on(Table.TitleClicked, "#runs")
    def _title_clicked(self, event: Table.TitleClicked) -> None:
        if event.column == self._sort:
            self.action_turn()
        elif event.column in SORTS:
            self._sort_by(event.column)

    def _sort_by(self, column: str) -> None:
        self._sort, self._descending = column, column in LARGEST_FIRST
        self.table.show_sort(column, "down" if self._descending else "up")
        self._show()


def _about(run: RunRow, saved: SavedRuns) -> Content:
    parts = [run.id, run.url, f"{format_duration(round(run.duration_s))} measured" if run.duration_s else "", run.label]
    parts += ["steered by hand"] if run.steered else []
    parts += ["baseline"] if run.id in saved.baselines else []
    line = quiet(" · ".join(part for part in parts if part))
    if state_of(run) == "unfinished":
        return line + Content.styled("\nIts runner is gone: u completes it from the journal", "$warning")
    if run.problem:
        return line + Content("\n") + words(run.problem, "$warning")
    history = histories(saved).get((run.preset, run.url))
    return line + Content("\n") + history.sentence(run.preset) if history else line
