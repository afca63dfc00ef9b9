"""One module per screen; styles beside them."""

from __future__ import annotations

from textual.dom import DOMNode


def SCREENS() -> tuple[type[DOMNode], ...]:  # noqa: N802 - a constant that is read late
    """Every class with keys of its own, for the help screen and the settings. Imports all screens."""
    from perftui.tui.screens.home import HomeScreen, NewestTable, PresetTable
    from perftui.tui.screens.home_form import HomeForm

    return (HomeScreen, PresetTable, NewestTable, HomeForm)
