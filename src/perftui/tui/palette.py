"""How many colours the terminal has, for pictures that are made of them."""

from __future__ import annotations

from typing import Any

from textual.app import App

from perftui.tui.widgets.picture import Palette


def palette_of(app: App[Any]) -> Palette:
    """Shades where there are 256 colours or more, else sixteen, or none."""
    if app.no_color:
        return "none"
    return "16" if app.console.color_system in {"standard", "windows"} else "full"
