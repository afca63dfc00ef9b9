"""What the app is started with and what it leaves. Free of Textual: a command decides before that is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from perftui.model.plan import Plan


class Start(Struct, frozen=True, kw_only=True):
    """Which screen the app opens with."""

    screen: Literal["home", "live", "watch", "confirm"] = "home"
    """`live`: a run this command started. `watch`: any run, live or finished. `confirm`: a plan to ask about."""
    run: str | Path = ""
    """Folder or id of the run for `live` and `watch`."""
    readonly: bool = False
    plan: Plan | None = None
    """For `confirm`."""
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
