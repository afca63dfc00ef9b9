"""Pictures of every screen, as SVG and PNG, from the recorded runs.

    PYTHONPATH=tests python screenshots/make.py [NAME ...]

Nothing here is drawn by hand: the app runs without a terminal, keys are pressed, its screen is exported. PNGs need
rsvg-convert and DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from palette import with_palette
from svg import redraw
from textual.pilot import Pilot

from perftui.tui.app import PerftuiApp
from perftui.tui.start import Exit, Start
from support.pilot import still, until
from support.recorded_runs import install_all, running

HERE = Path(__file__).parent
WIDE = (120, 36)
SMALL = (80, 24)
_PATIENCE_S = 180.0
"""How long a screen may take to come to rest, on a machine that does something else as well."""
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
Runs = dict[str, Path]
"""Folder of each recorded run."""
Open = Callable[[PerftuiApp, Runs], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """One picture: how to get to the screen, and how large the terminal is."""

    name: str
    open: Open
    size: tuple[int, int] = WIDE
    keys: tuple[str, ...] = ()
    theme: str = "perftui-dark"
    live: tuple[str, float] | None = None
    """A recording that is shown as it was at a moment, as if it were running."""
    environment: dict[str, str] = field(default_factory=dict)


async def _home(_app: PerftuiApp, _runs: Runs) -> None:
    """The app opens with it."""


def _live(*, readonly: bool = False) -> Open:
    async def show(app: PerftuiApp, runs: Runs) -> None:
        from perftui.tui.screens.live import LiveScreen

        await app.push_screen(LiveScreen(runs["live"], readonly=readonly))

    return show


def _result(name: str) -> Open:
    async def show(app: PerftuiApp, runs: Runs) -> None:
        from perftui.tui.screens.result import ResultScreen

        await app.push_screen(ResultScreen(runs[name]))

    return show


def _errors(name: str) -> Open:
    async def show(app: PerftuiApp, runs: Runs) -> None:
        from perftui.tui.screens.errors import ErrorsScreen

        await app.push_screen(ErrorsScreen(runs[name]))

    return show


def _trust(name: str) -> Open:
    async def show(app: PerftuiApp, runs: Runs) -> None:
        from perftui.tui.screens.trust import TrustScreen

        await app.push_screen(TrustScreen(runs[name]))

    return show


def _replay(name: str) -> Open:
    async def show(app: PerftuiApp, runs: Runs) -> None:
        from perftui.tui.screens.replay import ReplayScreen

        screen = ReplayScreen(runs[name])
        await app.push_screen(screen)
        await until(Pilot(app), lambda: screen.clock)
        await Pilot(app).press("space")

    return show


async def _compare(app: PerftuiApp, runs: Runs) -> None:
    app.compare(runs["report-before"], runs["report"])


def _with_plan(kind: str) -> Open:
    async def show(app: PerftuiApp, runs: Runs) -> None:
        from perftui.store.records import read_record
        from perftui.tui.screens.confirm import ConfirmScreen

        plan = read_record(runs["read"]).plan
        if kind == "public":
            import msgspec

            target = msgspec.structs.replace(plan.target, url="https://93.184.216.34/v1", pid=0)
            plan = msgspec.structs.replace(plan, target=target)
        await app.push_screen(ConfirmScreen(plan, "1.5"))

    return show


PICTURES: tuple[Picture, ...] = (
    Picture("home", _home),
    Picture("home-80x24", _home, SMALL),
    Picture("home-light", _home, theme="perftui-light"),
    Picture("confirm", _with_plan("loopback")),
    Picture("confirm-public", _with_plan("public")),
    Picture("live", _live(), live=("modes", 55.0)),
    Picture("live-80x24", _live(), SMALL, live=("modes", 55.0)),
    Picture("live-200x50", _live(), (200, 50), live=("modes", 55.0)),
    Picture("live-40x10", _live(), (40, 10), live=("modes", 55.0)),
    Picture("live-light", _live(), theme="perftui-light", live=("modes", 55.0)),
    Picture("live-contrast", _live(), theme="perftui-contrast", live=("modes", 55.0)),
    Picture("live-no-color", _live(), live=("modes", 55.0), environment={"NO_COLOR": "1"}),
    Picture("live-lines", _live(), keys=("h",), live=("modes", 55.0)),
    Picture("live-heat-alone", _live(), SMALL, keys=("1",), live=("modes", 55.0)),
    Picture("live-a-and-b", _live(), keys=("w", "comma", "comma", "a", "full_stop", "b"), live=("modes", 55.0)),
    Picture("live-regression", _live(), live=("report", 50.0)),
    Picture("live-targets", _live(), live=("targets", 33.0)),
    Picture("live-knee", _live(), live=("knee", 50.0)),
    Picture("live-errors", _live(), live=("errors", 24.0)),
    Picture("live-invalid", _live(), live=("invalid", 15.0)),
    Picture("live-steered", _live(), live=("steered", 27.0)),
    Picture("live-held", _live(), keys=("f", "comma", "comma"), live=("errors", 30.0)),
    Picture("live-many", _live(), live=("many", 7.0)),
    Picture("live-users", _live(), live=("users", 15.0)),
    Picture("live-watching", _live(readonly=True), SMALL, live=("long-url", 7.0)),
    Picture("result", _result("modes")),
    Picture("result-below", _result("modes"), keys=("pagedown",)),
    Picture("result-end", _result("modes"), keys=("end",)),
    Picture("result-80x24", _result("modes"), SMALL),
    Picture("result-knee", _result("knee")),
    Picture("result-targets", _result("targets")),
    Picture("result-200x50", _result("modes"), (200, 50)),
    Picture("result-errors", _result("errors")),
    Picture("result-invalid", _result("invalid"), SMALL),
    Picture("errors", _errors("errors")),
    Picture("errors-80x24", _errors("errors"), SMALL),
    Picture("trust", _trust("invalid")),
    Picture("trust-valid", _trust("read"), SMALL),
    Picture("replay", _replay("steered"), keys=("home", "full_stop", "full_stop", *("right",) * 6)),
    Picture("replay-baseline", _replay("report"), keys=("end",)),
    Picture("runs", _home, keys=("r",)),
    Picture("runs-80x24", _home, SMALL, keys=("r",)),
    Picture("compare", _compare),
    Picture("compare-80x24", _compare, SMALL),
    Picture("help", _live(), keys=("question_mark",), live=("release", 30.0)),
    Picture("commands", _live(), keys=("f2",), live=("release", 30.0)),
    Picture("stop", _live(), keys=("s",), live=("release", 30.0)),
    Picture("export", _result("read"), keys=("x",)),
    Picture("trend", _home, keys=("down", "t")),
    Picture("edit", _home, keys=("down", "e")),
)


async def export(picture: Picture, runs: Runs) -> str:
    """Run the app until its screen stands still; the screen as SVG."""
    app = PerftuiApp(Start())
    async with app.run_test(size=picture.size) as pilot:
        app.theme = picture.theme
        await still(pilot, _PATIENCE_S)
        await picture.open(app, runs)
        await still(pilot, _PATIENCE_S)
        for key in picture.keys:
            await pilot.press(key)
            await still(pilot, _PATIENCE_S)
        svg = app.export_screenshot(title="perftui")
        app.exit(Exit())
    return redraw(svg, "perftui")


def make(picture: Picture, home: Path) -> None:
    """Write one picture."""
    from perftui.store.baselines import set_baseline
    from perftui.store.paths import runs_directory

    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    runs_folder = runs_directory()
    with ExitStack() as stack:
        runs = install_all(runs_folder)
        for name in ("read-before", "release-before", "report-before"):
            set_baseline(runs[name].name)
        if picture.live is not None:
            name, until_s = picture.live
            shutil.rmtree(runs[name])
            runs["live"], _ = stack.enter_context(running(name, until_s, runs_folder))
        os.environ.update(picture.environment)
        try:
            drawn = asyncio.run(export(picture, runs))
        finally:
            for name in picture.environment:
                del os.environ[name]
    path = HERE / f"{picture.name}.svg"
    path.write_text(drawn)
    drawn_png = subprocess.run(["rsvg-convert", str(path)], check=True, capture_output=True).stdout
    path.with_suffix(".png").write_bytes(with_palette(drawn_png, set(_COLOUR.findall(drawn))))


def quiet_environment(home: Path) -> None:
    """The same terminal, home and time zone everywhere, and nothing that moves."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "SSH_CONNECTION", "SSH_TTY", "NO_COLOR"):
        os.environ.pop(name, None)
    os.environ.update(HOME=str(home), TEXTUAL_ANIMATIONS="none", COLORTERM="truecolor", TZ="UTC")


def main(names: list[str]) -> None:
    """Make the named pictures, or all."""
    with tempfile.TemporaryDirectory(prefix="pt-") as folder:
        home = Path(folder) / "home"
        quiet_environment(home)
        reports = Path(tempfile.gettempdir()) / "reports"
        reports.mkdir(exist_ok=True)
        os.chdir(reports)
        for picture in PICTURES:
            if not names or picture.name in names:
                make(picture, home)
                sys.stdout.write(f"{picture.name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
