"""Pictures of every screen of this room, from recorded runs, at the two sizes people have and a few odd ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from perftui.analysis import saved_runs
from perftui.engine.around import probe as probing
from perftui.engine.around.probe import ProbedCheck, ProbedOperation, ProbeResult
from perftui.model.comparison import Comparison
from perftui.model.plan import Plan
from perftui.store.baselines import set_baseline
from perftui.store.library import RunLibrary
from perftui.store.records import read_record, write_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.compare import CompareScreen
from perftui.tui.screens.confirm import ConfirmScreen
from perftui.tui.screens.export import ExportDialog
from perftui.tui.screens.help import HelpScreen
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.preset_editor import PresetEditor
from perftui.tui.screens.probe import ProbeScreen
from perftui.tui.screens.question import Question
from perftui.tui.screens.quit import QuitDialog
from perftui.tui.screens.runs import RunsScreen
from perftui.tui.screens.trend import TrendScreen
from support.home import Home
from support.pilot import screen_of, until

Make = Callable[..., PerftuiApp]
Snap = Callable[..., bool]
Steps = Callable[[Pilot[Any]], Awaitable[None]]
DATA = Path(__file__).parent / "data"
SIZES = [(80, 24), (120, 36)]
AFTER = "20261120-103000-shop-288a"

pytestmark = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(autouse=True)
def _recorded_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the comparison of the recorded runs said once: pictures do not change with the statistics."""
    said = msgspec.json.decode((DATA / "comparison.json").read_bytes(), type=Comparison)
    monkeypatch.setattr(saved_runs, "compare", lambda *_, **__: said)


async def home(pilot: Pilot[Any]) -> HomeScreen:
    """Home with everything read."""
    screen = await screen_of(pilot, HomeScreen)
    await until(pilot, lambda: screen.form.entry is not None and "Reading" not in screen.newest._empty)
    return screen


async def runs(pilot: Pilot[Any]) -> RunsScreen:
    """The list of runs."""
    await home(pilot)
    await pilot.press("r")
    screen = await screen_of(pilot, RunsScreen)
    await until(pilot, lambda: bool(screen.table.keys))
    return screen


async def compare(pilot: Pilot[Any]) -> CompareScreen:
    """The recorded runs side by side."""
    await runs(pilot)
    await pilot.press("down", "space", "up", "c")
    screen = await screen_of(pilot, CompareScreen)
    await until(pilot, lambda: screen._comparison is not None, 30)
    return screen


def test_home_at_the_first_start(snap_compare: Snap, app: Make, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_home_with_runs_a_baseline_and_mistakes_in_the_form(
    snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]
) -> None:
    library = RunLibrary()
    interrupted = replace(
        read_record(saved.runs / AFTER), id="20261121-084500-shop-0001", verdict="none", label="nightly"
    )
    interrupted = replace(interrupted, status="running", started_at="2026-11-21T08:45:00+00:00")
    write_record(library.create("shop", interrupted.id).path, interrupted)

    async def steps(pilot: Pilot[Any]) -> None:
        screen = await home(pilot)
        await pilot.press("down", "right", "end", "x")
        await pilot.press("down", *("backspace",) * 3, "0", "down", *("backspace",) * 3, "5")
        await until(pilot, lambda: len(screen.form.problems) == 3)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_home_with_a_very_long_url(snap_compare: Snap, app: Make, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)

    url = f"http://{'a-very-long-name.' * 12}example.test:8080/with/a/path?and=more"
    assert snap_compare(app(url=url), terminal_size=size, run_before=steps)


def test_confirm(snap_compare: Snap, app: Make, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)
        await pilot.press("enter")
        screen = await screen_of(pilot, ConfirmScreen)
        await until(pilot, lambda: screen._report is not None)

    assert snap_compare(app(preset="read"), terminal_size=size, run_before=steps)


def test_confirm_of_a_stress_test_on_a_public_host(snap_compare: Snap, app: Make, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)
        await pilot.press("enter")
        screen = await screen_of(pilot, ConfirmScreen)
        await until(pilot, lambda: screen._report is not None)

    made = app(preset="stress", url="http://93.184.216.34")
    assert snap_compare(made, terminal_size=size, run_before=steps)


def test_runs_with_marks_and_a_baseline(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]) -> None:
    set_baseline(saved.runs.joinpath(AFTER).name, force=True)

    async def steps(pilot: Pilot[Any]) -> None:
        await runs(pilot)
        await pilot.press("down", "space", "up", "space")

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_runs_that_no_word_finds(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        screen = await runs(pilot)
        await pilot.press("slash", *"nowhere")
        await until(pilot, lambda: not screen.table.keys)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_deleting_asks(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await runs(pilot)
        await pilot.press("d")
        await screen_of(pilot, Question)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_compare(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await compare(pilot)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


@pytest.mark.slow
def test_compare_percentiles_of_an_operation(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await compare(pilot)
        await pilot.press("end", "v")

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_export(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await runs(pilot)
        await pilot.press("x", "down")
        await screen_of(pilot, ExportDialog)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_trend(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int]) -> None:
    recorded = read_record(saved.runs / AFTER)
    total = recorded.summary.total
    for number in range(12):
        p95 = total.response_time_ms.p95 * (1.6 if number > 8 else 1 + 0.02 * (number % 3))
        changed = replace(total, response_time_ms=replace(total.response_time_ms, p95=p95))
        day = f"2026-11-{number + 1:02d}"
        record = replace(
            recorded,
            id=f"{day.replace('-', '')}-060000-shop-{number:04x}",
            started_at=f"{day}T06:00:00+00:00",
            label="nightly",
            summary=replace(recorded.summary, total=changed),
        )
        write_record(RunLibrary().create("shop", record.id).path, record)

    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)
        pilot.app.push_screen(TrendScreen("shop"))
        screen = await screen_of(pilot, TrendScreen)
        await until(pilot, lambda: bool(screen.table.keys))

    assert snap_compare(app(), terminal_size=size, run_before=steps)


@pytest.mark.slow
def test_preset_editor_with_a_mistake(snap_compare: Snap, app: Make, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)
        await pilot.press("e")
        screen = await screen_of(pilot, PresetEditor)
        await until(pilot, lambda: bool(screen.text_area.text))
        await pilot.press("down", "down", *"titel=1", "enter")
        await until(pilot, lambda: bool(screen._mistakes))

    assert snap_compare(app(preset="read"), terminal_size=size, run_before=steps)


def test_probe(snap_compare: Snap, app: Make, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    async def answers(plan: Plan) -> ProbeResult:
        head = f"GET /api/items?page=1 HTTP/1.1\nHost: {plan.target.url[7:]}\nAuthorization: REDACTED"
        good = ProbedOperation(
            name="list items",
            request_head=head,
            response_head="HTTP/1.1 200 OK\ncontent-type: application/json",
            body_start='{"items":[]}',
            body_bytes=12,
            times_ms={"connect": 0.2, "first_byte": 3.4, "transfer": 0.1, "total": 3.7},
            checks=(ProbedCheck(name="status 200", holds=True),),
        )
        bad = ProbedOperation(name="show item", request_head=head, problem="status is 503, expected 200")
        return ProbeResult(operations=(good, bad))

    monkeypatch.setattr(probing, "probe", answers)

    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)
        await pilot.press("p")
        screen = await screen_of(pilot, ProbeScreen)
        await until(pilot, lambda: bool(screen.table.keys))

    assert snap_compare(app(preset="read"), terminal_size=size, run_before=steps)


def test_help_of_home(snap_compare: Snap, app: Make, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)
        await pilot.press("question_mark")
        await screen_of(pilot, HelpScreen)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_quit_while_two_runs_are_live(snap_compare: Snap, app: Make, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await home(pilot)
        pilot.app.push_screen(QuitDialog([Path("20261121-084500-read-7f3a"), Path("20261121-084510-write-01ff")]))
        await screen_of(pilot, QuitDialog)

    assert snap_compare(app(), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("theme", ["perftui-light", "perftui-contrast"])
def test_themes(snap_compare: Snap, app: Make, saved: Home, size: tuple[int, int], theme: str) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        pilot.app.theme = theme
        await runs(pilot)
        await pilot.press("space")

    assert snap_compare(app(), terminal_size=size, run_before=steps)


def test_without_colour(
    snap_compare: Snap, app: Make, saved: Home, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(pilot: Pilot[Any]) -> None:
        await compare(pilot)

    assert snap_compare(app(), terminal_size=size, run_before=steps)
