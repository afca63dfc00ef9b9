"""What the app is started with and what it leaves. Free of Textual: a command decides before that is loaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from perftui.model.plan import Plan
from perftui.model.scaling import Of

if TYPE_CHECKING:
    from perftui.engine.series.messages import Message


class Beginning(Protocol):
    """A run on its way: engine.runner.launch.PendingRun."""

    async def begun(self) -> Begun:
        """Wait until the run has begun."""


class Begun(Protocol):
    """A run that has begun."""

    @property
    def path(self) -> Path:
        """Its folder."""


class Series(Protocol):
    """A search or a scaling test on its way: engine.series.pending.PendingSeries."""

    def messages(self) -> AsyncIterator[Message]:
        """What it says, up to its end."""

    def stop(self) -> None:
        """End it."""


class Start(Struct, frozen=True, kw_only=True):
    """Which screen the app opens with."""

    screen: Literal["home", "live", "watch", "confirm", "search", "scaling"] = "home"
    """`live`: a run this command starts. `watch`: any run, live or finished. `confirm`: a plan to ask about.
    `search` and `scaling`: a series that this command makes."""
    run: str | Path = ""
    """Folder or id of the run for `watch`."""
    pending: Beginning | None = None
    """The run for `live`."""
    series: Series | None = None
    """The one for `search` and `scaling`."""
    scaling_of: Of = "users"
    """For `scaling`: what is raised."""
    readonly: bool = False
    """The run of `watch` is only looked at."""
    is_read_only: bool = False
    """Nothing is started, steered, saved or deleted, on any screen."""
    plan: Plan | None = None
    """For `confirm`, `live`, `search` and `scaling`."""
    label: str = ""
    url: str = ""
    """Fills the URL field of the home screen."""
    preset: str = ""
    """Chosen on the home screen."""
    mouse: bool = True


class Exit(Struct, frozen=True, kw_only=True):
    """What the app leaves: an exit code and the text for the scrollback."""

    code: int = 0
    text: str = ""


def opening_lines(start: Start) -> list[str]:
    """What the first paint says: where one is, and what is being waited for."""
    if start.screen == "live" and start.plan is not None:
        return ["perftui › Live", *starting_lines(start.plan)]
    if start.screen in {"search", "scaling"} and start.plan is not None:
        heading = "Find" if start.screen == "search" else "Scaling"
        return [f"perftui › {heading}", "", f"  {start.plan.name}  {start.plan.where}", "", "  asking the target"]
    if start.screen == "home":
        from perftui.presets.catalog import preset_names

        return ["perftui › Home", "", *(f"  {name}" for name in preset_names())]
    return [f"perftui › {start.screen.capitalize()}"]


def starting_lines(plan: Plan) -> list[str]:
    """A run that has not begun yet, in words."""
    from perftui.report.words import load_text

    return [
        "",
        f"  {plan.name}  {plan.address}",
        f"  {load_text(plan.load)}",
        "",
        f"  starting workers{' on the cluster' if plan.load.cluster else ''} · asking the target",
    ]
