"""The line at the top: what runs, its state as a word, how far it is, whether its numbers can be trusted. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.units import format_clock
from perftui.tui.describe import host_text
from perftui.tui.widgets.cells import Drawing, join, paint, spread
from perftui.tui.widgets.picture import LivePicture

STATES: dict[str, tuple[str, str]] = {
    "starting": ("STARTING", "bold $quiet"),
    "warm-up": ("WARM-UP", "bold $series-3"),
    "running": ("RUNNING", "bold $accent"),
    "paused": ("LOAD PAUSED", "bold $warning"),
    "draining": ("DRAINING", "bold $series-3"),
    "finished": ("FINISHED", "bold $success"),
    "stopped": ("STOPPED", "bold $warning"),
    "aborted": ("ABORTED", "bold $warning"),
    "interrupted": ("INTERRUPTED", "bold $warning"),
    "failed": ("FAILED", "bold $error"),
    "lost": ("ENGINE LOST", "bold $error"),
    "replay": ("REPLAY", "bold $accent"),
    "replay paused": ("REPLAY PAUSED", "bold $accent"),
}
"""Word and colour of each state."""
_TRUST = {"valid": "$success", "degraded": "bold $warning", "invalid": "bold $error"}


def state_word(state: str) -> Content:
    """The state as it stands on the screen."""
    word, style = STATES.get(state, (state.upper(), "bold"))
    return paint(word, style)


def draw_progress(picture: LivePicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """State, clock, how far the run is, trust; the name of the run where there is no title line for it."""
    clock = f"{format_clock(picture.elapsed_s)} / {format_clock(picture.planned_s)}"
    left = join((state_word(picture.ended_as or picture.state), clock), "  ")
    if picture.cursor_s is not None:
        left += paint(f"  VIEW HELD at {format_clock(picture.cursor_s)}", "bold $warning")
    if picture.ended_as:
        left += paint("  f: its result", "$quiet")
    if picture.state.startswith("replay"):
        left += paint("  of a run that has ended", "$quiet")
    if picture.state == "lost":
        left += paint("  its process is gone: q saves the run", "$error")
    if picture.problem:
        left += paint("  journal damaged", "bold $error")
    trust = paint("trust ", "$quiet") + paint(picture.trust.verdict, _TRUST[picture.trust.verdict])
    room = width - left.cell_length - trust.cell_length - 6
    if room < 3:
        return Drawing([spread(left, trust, width)])
    return Drawing([Content(" ") + join((left, progress_bar(picture, room), trust), "  ")])


def headline(picture: LivePicture) -> Content:
    """What runs, against what: the detail of the title line."""
    label = paint(f" · {picture.label}", "$quiet") if picture.label else Content("")
    insecure = paint("TLS NOT VERIFIED · ", "bold $warning") if picture.plan.target.tls.insecure else Content("")
    watching = paint("watching only · ", "$warning") if picture.readonly else Content("")
    return Content.assemble(
        insecure,
        watching,
        (picture.plan.name, "bold $foreground"),
        (" · ", "$quiet"),
        (host_text(picture.plan.where), "$quiet"),
        label,
    )


def progress_bar(picture: LivePicture, width: int) -> Content:
    """A line as long as the plan, filled as far as the run is."""
    if width < 3:
        return Content("")
    share = min(1.0, picture.elapsed_s / picture.planned_s) if picture.planned_s else 0.0
    filled = round(share * width)
    style = STATES.get(picture.state, ("", "bold $accent"))[1].removeprefix("bold ")
    if filled >= width:
        return paint("━" * width, style)
    return Content.assemble(("━" * filled, style), ("╺" + "━" * (width - filled - 1), "$panel-border"))
