"""A minute of use as an animated picture: the app runs, keys are pressed, and what is seen becomes a frame.

    PYTHONPATH=tests python screenshots/tour.py

One SVG without a script: what several frames share is stored once, and a style sheet shows each part in its time.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from make import quiet_environment
from svg import redraw
from textual.pilot import Pilot

from perftui.store.baselines import set_baseline
from perftui.store.paths import runs_directory
from perftui.store.records import read_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.confirm import ConfirmScreen
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.start import Exit, Start
from support.pilot import screen_of, still, until
from support.recorded_runs import install_all, known_at, lines_after, running

HERE = Path(__file__).parent
SIZE = (80, 24)
_RUN = "modes"
_MOMENTS_S = (8.0, 14.0, 20.0, 26.0, 32.0, 38.0, 40.5, 42.0, 46.0, 52.0, 58.0)
"""Seconds of the run that are frames; between 38 and 41 the service stands still."""
Frame = tuple[str, float]
"""A screen as SVG, and how many seconds it is shown."""
_BODY = re.compile(r'(.*<g transform="translate[^>]*>\n)(.*)(\n</g>.*)', re.DOTALL)


async def frames(runs: dict[str, Path], stack: ExitStack) -> list[Frame]:
    """From the choice of a preset to the comparison with the release before."""
    found: list[Frame] = []
    plan = read_record(runs[_RUN]).plan
    shutil.rmtree(runs[_RUN])
    app = PerftuiApp(Start())
    async with app.run_test(size=SIZE) as pilot:

        async def take(seconds: float) -> None:
            await still(pilot)
            found.append((redraw(app.export_screenshot(title="perftui"), "perftui"), seconds))

        await take(3.0)
        await pilot.press("down")
        await take(2.0)
        await app.push_screen(ConfirmScreen(plan, "2.0"))
        await take(5.0)
        await pilot.press("escape")
        path, writer = stack.enter_context(running(_RUN, _MOMENTS_S[0], runs_directory()))
        await app.push_screen(LiveScreen(path))
        live = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: live.picture is not None)
        rest = lines_after(_RUN, _MOMENTS_S[0])
        for moment in _MOMENTS_S:
            while rest and known_at(rest[0]) <= moment:
                writer.append(rest.pop(0))
            await until(pilot, lambda: live.follower.timeline.at_s >= moment - 1.0)  # noqa: B023 - waited for at once
            await take(1.6)
        await keys(pilot, "h")
        await take(2.5)
        await keys(pilot, "h", "w", "comma", "comma", "a", "full_stop", "left", "b")
        await take(5.0)
        await keys(pilot, "escape")
        for line in rest:
            writer.append(line)
        writer.close()
        await screen_of(pilot, ResultScreen)
        await take(4.0)
        await keys(pilot, "pagedown")
        await take(4.0)
        app.compare(runs["report-before"], runs["report"])
        await take(6.0)
        await keys(pilot, "v")
        await take(4.0)
        app.exit(Exit())
    return found


async def keys(pilot: Pilot[Any], *names: str) -> None:
    """Press keys one after the other."""
    for name in names:
        await pilot.press(name)
        await pilot.pause()


def animated(shots: Sequence[Frame]) -> str:
    """All frames as one picture that repeats."""
    bodies: list[list[str]] = []
    head = tail = ""
    for svg, _ in shots:
        found = _BODY.fullmatch(svg)
        assert found is not None
        head, tail = found[1], found[3]
        bodies.append(found[2].split("\n"))
    # backgrounds go below words, whatever frame they are of
    layers: tuple[Callable[[str], bool], ...] = (_is_background, lambda _part: True)
    drawn: set[tuple[int, str]] = set()
    spans: dict[tuple[int, int], str] = {}
    groups = []
    for belongs in layers:
        for span, parts in _spans(bodies, belongs, drawn).items():
            name = spans.setdefault(span, f"s{len(spans)}")
            groups.append(f'<g class="{name}">' + "\n".join(parts) + "</g>")
    style = _style(spans, [seconds for _, seconds in shots])
    return head.replace("<rect", f"<style>{style}</style>\n<rect", 1) + "\n".join(groups) + tail


def _is_background(part: str) -> bool:
    return part.startswith("<rect") and 'height="21"' in part


def _spans(
    bodies: Sequence[Sequence[str]], belongs: Callable[[str], bool], drawn: set[tuple[int, str]]
) -> dict[tuple[int, int], list[str]]:
    """Parts by the first and the last frame that they are seen in without a break."""
    spans: dict[tuple[int, int], list[str]] = {}
    for number, body in enumerate(bodies):
        for part in body:
            if (number, part) in drawn or not belongs(part):
                continue
            last = number
            while last < len(bodies) and part in bodies[last]:
                drawn.add((last, part))
                last += 1
            spans.setdefault((number, last), []).append(part)
    return spans


def _style(spans: dict[tuple[int, int], str], seconds: Iterable[float]) -> str:
    starts = [0.0]
    for length in seconds:
        starts.append(starts[-1] + length)
    whole = starts[-1]
    rules = []
    for (first, end), name in spans.items():
        begin, stop = (100 * starts[place] / whole for place in (first, end))
        before = "0%{visibility:hidden}" if first else ""
        after = f"{stop:.3f}%{{visibility:hidden}}" if stop < 99.99 else ""
        rules.append(f"@keyframes {name}{{{before}{begin:.3f}%{{visibility:visible}}{after}100%{{}}}}")
        rules.append(f".{name}{{animation:{name} {whole:g}s step-end infinite}}")
    return "".join(rules)


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory(prefix="pt-") as folder, ExitStack() as stack:
        quiet_environment(Path(folder))
        runs = install_all(runs_directory())
        set_baseline(runs["report-before"].name)
        shots = asyncio.run(frames(runs, stack))
    (HERE / "tour.svg").write_text(animated(shots))


if __name__ == "__main__":
    main()
