"""Text of others on every screen of this room: shown as text, never obeyed as markup, keys or escape sequences."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from perftui.engine.around import probe as probing
from perftui.engine.around.probe import ProbedOperation, ProbeResult
from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.store.library import RunLibrary
from perftui.store.records import read_record, write_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.compare import CompareScreen
from perftui.tui.screens.confirm import ConfirmScreen
from perftui.tui.screens.export import ExportDialog
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.preset_editor import PresetEditor
from perftui.tui.screens.probe import ProbeScreen
from perftui.tui.screens.question import Question
from perftui.tui.screens.runs import RunsScreen
from perftui.tui.screens.trend import TrendScreen
from support.home import Home
from support.pilot import screen_of, until

pytestmark = pytest.mark.anyio
Make = Callable[..., PerftuiApp]
TEXTS = [
    "[red]x[/red]",
    "[@click=app.quit]x[/]",
    "[/",
    "[[[x",
    "\x1b[2J\x1b]52;c;eA==\x07x",
    "\x9b31mx",
    "\u202ex",
    "x" + "\u0301" * 40,
    "$x ${env:HOME}",
    "x" * 5000,
]


def shown(app: PerftuiApp) -> str:
    """All that stands on the screen; no character in it may move a cursor or hide."""
    strips = app.screen._compositor.render_strips()
    text = "\n".join("".join(segment.text for segment in strip) for strip in strips)
    wild = {f"{ord(c):#x}" for c in text if (c != "\n" and unicodedata.category(c) in {"Cc", "Cs"}) or c == "\u202e"}
    assert not wild, wild
    assert app._exception is None
    return text


@pytest.fixture(params=TEXTS, ids=range(len(TEXTS)))
def text(request: pytest.FixtureRequest) -> str:
    """One hostile text after the other."""
    return str(request.param)


@pytest.fixture
def hostile(saved: Home, text: str) -> Home:
    """The recorded runs with such a text wherever a user's or a server's words stand, and a preset made of it."""
    for path in sorted(saved.runs.iterdir()):
        if path.is_dir():
            record = read_record(path)
            operations = tuple(replace(each, name=text, path=f"/{text}") for each in record.plan.operations[:1])
            plan = replace(
                record.plan, name=text, title=text, description=text, operations=operations,
                target=replace(record.plan.target, url=f"http://127.0.0.1/{text}"),
            )  # fmt: skip
            total = record.summary.total
            summary = replace(record.summary, operations={text: total})
            write_record(path, replace(record, label=text, plan=plan, status_detail=text, summary=summary))
    folder = saved.path / "presets"
    folder.mkdir()
    (folder / "evil.toml").write_bytes(b"schema = 1\n" + text.encode("utf-8", "surrogatepass") + b"\n[load\n")
    return saved


@pytest.mark.slow
async def test_home_runs_compare_trend(app: Make, hostile: Home, text: str) -> None:
    made = app()
    async with made.run_test(size=(120, 36)) as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None and len(home.newest.keys) == 2)
        shown(made)
        evil = next(key for key in home.presets.keys if "evil" in key)
        home.presets.select(evil)
        await pilot.pause()
        assert "mistakes" in shown(made)
        await pilot.press("r")
        runs = await screen_of(pilot, RunsScreen)
        await until(pilot, lambda: len(runs.table.keys) == 2)
        shown(made)
        await pilot.press("d")
        await screen_of(pilot, Question)
        shown(made)
        await pilot.press("escape", "x")
        await screen_of(pilot, ExportDialog)
        shown(made)
        await pilot.press("escape", "space", "space", "c")
        compare = await screen_of(pilot, CompareScreen)
        await until(pilot, lambda: bool(compare._comparison) or "cannot" in compare.title_bar.detail.plain, 30)
        await pilot.press("end")
        shown(made)
        made.push_screen(TrendScreen(text))
        trend = await screen_of(pilot, TrendScreen)
        await until(pilot, lambda: bool(trend.table.keys) or "No finished" in trend.table._empty or not trend._records)
        shown(made)


async def test_confirm_probe_editor_and_notices(
    app: Make, hostile: Home, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = read_record(next(path for path in sorted(hostile.runs.iterdir()) if path.is_dir())).plan

    async def probe(_plan: Plan) -> ProbeResult:
        return ProbeResult(operations=(ProbedOperation(name="x", problem="y"),), problems=())

    monkeypatch.setattr(probing, "probe", probe)
    made = app()
    async with made.run_test(size=(80, 24), notifications=True) as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        made.confirm(plan, text)
        confirm = await screen_of(pilot, ConfirmScreen)
        await until(pilot, lambda: confirm._report is not None)
        shown(made)
        await pilot.press("escape")
        made.push_screen(ProbeScreen(plan))
        await screen_of(pilot, ProbeScreen)
        shown(made)
        await leave(pilot)
        home.presets.select(next(key for key in home.presets.keys if "evil" in key))
        await pilot.press("e")
        editor = await screen_of(pilot, PresetEditor)
        await until(pilot, lambda: bool(editor._mistakes))
        shown(made)
        made.complain(UsageError(text), "x")
        await pilot.pause(0.1)
        shown(made)


async def leave(pilot: Pilot[Any]) -> None:
    """Back to home."""
    await pilot.press("escape")
    await screen_of(pilot, HomeScreen)


async def test_a_preset_file_named_like_markup(app: Make, place: Home) -> None:
    folder = place.path / "presets"
    folder.mkdir()
    source = Path(__file__).parent / "data" / "presets" / "read.toml"
    for name in ("[red]", "[@click=app.quit]x[", "\x1b[2J"):
        (folder / f"{name}.toml").write_text(source.read_text())
    made = app()
    async with made.run_test() as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: len(home.presets.keys) == 7)
        for key in home.presets.keys:
            home.presets.select(key)
            await pilot.pause()
            shown(made)
    assert RunLibrary().list() == []
