"""The list of runs: found by typing, sorted, marked, made a baseline, exported, deleted, recovered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from perftui.report.formats import FORMATS
from perftui.store.baselines import list_baselines
from perftui.store.journal import journal_path
from perftui.store.records import read_record, record_path
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.compare import CompareScreen
from perftui.tui.screens.export import ExportDialog
from perftui.tui.screens.question import Question
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.runs import RunsScreen
from perftui.tui.screens.trend import TrendScreen
from support.home import Home
from support.pilot import screen_of, still, until

pytestmark = pytest.mark.anyio
Make = Callable[..., PerftuiApp]
BEFORE = "20261120-101500-shop-ca12"
AFTER = "20261120-103000-shop-288a"


async def runs(pilot: Pilot[Any], count: int = 2) -> RunsScreen:
    """The list, read."""
    pilot.app.push_screen(RunsScreen())
    screen = await screen_of(pilot, RunsScreen)
    await until(pilot, lambda: len(screen.table.keys) == count)
    await still(pilot)
    return screen


async def test_it_is_filtered_while_one_types_and_whole_again_after_escape(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        screen = await runs(pilot)
        await pilot.press("slash", *"INDEX shop")
        await until(pilot, lambda: screen.table.keys == (AFTER,))
        await until(pilot, lambda: screen.title_bar.detail.plain == "1 of 2 runs")
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.table.keys) == 2)
        assert screen.table.has_focus


async def test_columns_sort_both_ways(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        screen = await runs(pilot)
        assert screen.table.keys == (AFTER, BEFORE)
        await pilot.press("o")
        assert screen.table.keys == (BEFORE, AFTER)
        for column, first in (("verdict", AFTER), ("p95", AFTER), ("errors", AFTER), ("label", AFTER)):
            screen._sort_by(column)
            assert screen.table.keys[0] == first, column


async def test_of_two_marked_runs_the_older_is_the_baseline(app: Make, saved: Home) -> None:
    made = app()
    async with made.run_test() as pilot:
        screen = await runs(pilot)
        await pilot.press("space", "space")
        assert [screen._mark_of(run) for run in (AFTER, BEFORE)] == ["B ", "A "]
        await pilot.press("c")
        compare = await screen_of(pilot, CompareScreen)
        await until(pilot, lambda: compare._comparison is not None, 30)
        assert compare._comparison is not None
        assert (compare._comparison.baseline_id, compare._comparison.run_id) == (BEFORE, AFTER)
        await pilot.press("w")
        await until(pilot, lambda: compare._comparison is not None and compare._comparison.run_id == BEFORE, 30)
        await pilot.press("escape")
        await screen_of(pilot, RunsScreen)


async def test_without_marks_a_run_is_compared_with_the_one_before(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        await runs(pilot)
        await pilot.press("c")
        compare = await screen_of(pilot, CompareScreen)
        await until(pilot, lambda: compare._comparison is not None, 30)
        assert compare._paths[0].name == BEFORE


async def test_the_first_run_of_its_kind_has_nothing_to_be_compared_with(app: Make, saved: Home) -> None:
    made = app()
    async with made.run_test(notifications=True) as pilot:
        await runs(pilot)
        await pilot.press("end", "c")
        await until(pilot, lambda: any("nothing to compare" in each.message for each in made._notifications))
        assert isinstance(made.screen, RunsScreen)


async def test_a_baseline_is_set_and_taken_back(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        screen = await runs(pilot)
        await pilot.press("b")
        await until(pilot, lambda: bool(screen._saved.baselines))
        assert [baseline.run_id for baseline in list_baselines()] == [AFTER]
        await pilot.press("b")
        await until(pilot, lambda: not screen._saved.baselines)
        assert list_baselines() == []


async def test_a_run_that_is_no_good_baseline_needs_a_yes(app: Make, saved: Home) -> None:
    path = record_path(saved.runs / AFTER)
    path.write_text(path.read_text().replace('status = "finished"', 'status = "stopped"'))
    async with app().run_test() as pilot:
        screen = await runs(pilot)
        await pilot.press("b")
        await screen_of(pilot, Question)
        await pilot.press("n")
        await screen_of(pilot, RunsScreen)
        assert list_baselines() == []
        await pilot.press("b")
        await screen_of(pilot, Question)
        await pilot.press("y")
        await until(pilot, lambda: bool(screen._saved.baselines))


async def test_deleting_asks_and_deletes_only_that_run(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        screen = await runs(pilot)
        await pilot.press("d")
        question = await screen_of(pilot, Question)
        assert question.query_one("#no").has_focus
        await pilot.press("enter")
        await screen_of(pilot, RunsScreen)
        assert (saved.runs / AFTER).is_dir()
        await pilot.press("d")
        await screen_of(pilot, Question)
        await pilot.press("y")
        await until(pilot, lambda: screen.table.keys == (BEFORE,))
        assert not (saved.runs / AFTER).exists()
        assert (saved.runs / BEFORE).is_dir()


async def test_an_unfinished_run_says_so_and_is_recovered(app: Make, saved: Home) -> None:
    folder = saved.runs / AFTER
    record_path(folder).unlink()
    journal = journal_path(folder)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-5]))
    async with app().run_test() as pilot:
        screen = await runs(pilot)
        about = screen.query_one("#about", Static)
        assert "u completes it" in str(about.content)
        await pilot.press("u")
        await until(pilot, lambda: record_path(folder).exists(), 30)
        await until(pilot, lambda: "u completes it" not in str(about.content))
    record = read_record(folder)
    assert record.status == "interrupted"
    assert record.whole_run.conserved


async def test_a_damaged_run_is_a_row_with_its_problem(app: Make, saved: Home) -> None:
    record_path(saved.runs / AFTER).write_bytes(b"\xff\x00 = [")
    async with app().run_test() as pilot:
        screen = await runs(pilot)
        screen.table.select(AFTER)
        await until(pilot, lambda: "run.toml" in str(screen.query_one("#about", Static).content))


async def test_enter_opens_the_result(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        await runs(pilot)
        await pilot.press("enter")
        result = await screen_of(pilot, ResultScreen)
        await until(pilot, lambda: result.picture is not None)
        assert result.path.name == AFTER


async def test_a_folder_that_is_none_is_told_before_anything_is_written(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        await runs(pilot)
        await pilot.press("x")
        dialog = await screen_of(pilot, ExportDialog)
        assert dialog.field.value.startswith(AFTER)
        dialog.query_one("#path", Input).value = "~/no such/out.file"
        await still(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "there is no directory" in str(dialog.query_one("#note", Static).content))


@pytest.mark.slow
async def test_every_format_is_written_where_the_field_says(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        await runs(pilot)
        for style in FORMATS:
            await pilot.press("x")
            dialog = await screen_of(pilot, ExportDialog)
            dialog.formats.select(style)
            await still(pilot)
            dialog.query_one("#path", Input).value = f"out.{style}"
            await still(pilot)
            await pilot.press("enter")
            await screen_of(pilot, RunsScreen, 30)
            assert (saved.path / f"out.{style}").read_text(), style
    assert json.loads((saved.path / "out.json").read_text())["id"] == AFTER


async def test_quick_keys_write_the_chosen_format_under_its_own_name(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        await runs(pilot)
        await pilot.press("x")
        dialog = await screen_of(pilot, ExportDialog)
        dialog.formats.action_move(1)
        dialog.action_write()
        await screen_of(pilot, RunsScreen, 30)
    assert json.loads((saved.path / f"{AFTER}.json").read_text())["id"] == AFTER


@pytest.mark.slow
async def test_a_comparison_is_exported_too(app: Make, saved: Home) -> None:
    async with app().run_test() as pilot:
        await runs(pilot)
        await pilot.press("c")
        compare = await screen_of(pilot, CompareScreen)
        await until(pilot, lambda: compare._comparison is not None, 30)
        await pilot.press("x")
        dialog = await screen_of(pilot, ExportDialog)
        dialog.formats.select("md")
        await still(pilot)
        await pilot.press("enter")
        await screen_of(pilot, CompareScreen)
    assert BEFORE in (saved.path / f"{BEFORE}-vs-{AFTER}.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("style", ["csv", "text"])
async def test_a_trend_is_shown_by_metric_and_operation_and_exported(app: Make, saved: Home, style: str) -> None:
    made = app()
    async with made.run_test() as pilot:
        await runs(pilot)
        made.push_screen(TrendScreen("shop"))
        trend = await screen_of(pilot, TrendScreen)
        await until(pilot, lambda: len(trend.table.keys) == 2)
        await pilot.press("m", "o")
        await until(pilot, lambda: trend._found is not None and trend._found.operation != "")
        assert trend._found is not None
        assert trend._found.metric == "response_time.p50"
        await pilot.press("x")
        dialog = await screen_of(pilot, ExportDialog)
        dialog.formats.select(style)
        await still(pilot)
        name = dialog.field.value
        await pilot.press("enter")
        await screen_of(pilot, TrendScreen)
        assert BEFORE in (saved.path / name).read_text() or "10:15" in (saved.path / name).read_text()
        await pilot.press("enter")
        await screen_of(pilot, ResultScreen)
