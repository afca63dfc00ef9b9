"""One module per screen; styles beside them."""

from __future__ import annotations

from importlib import import_module
from inspect import getmembers, isclass

from textual.dom import DOMNode

_MODULES = (
    "home", "home_form", "confirm", "runs", "compare", "trend", "probe", "preset_editor", "export", "quit", "question",
    "help", "live", "result", "errors", "trust", "replay",
)  # fmt: skip


def keyed_classes() -> tuple[type[DOMNode], ...]:
    """Every class with keys of its own, for the help screen and the settings. Imports all screens."""
    found: dict[str, type[DOMNode]] = {}
    for name in _MODULES:
        module = import_module(f"perftui.tui.screens.{name}")
        for _, member in getmembers(module, isclass):
            if issubclass(member, DOMNode) and member.__dict__.get("BINDINGS"):
                found[member.__name__] = member
    return tuple(found.values())
