"""Keys by the names a person knows them by, and the ids that settings may give other keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from textual.binding import Binding
from textual.keys import format_key

from perftui.model.text import safe_text

LIST_IDS = "table."
"""How the ids of keys begin that move in lists."""
_NAMES = {
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "backspace": "Backspace",
    "delete": "Del",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
}


def key_name(key: str) -> str:
    """A key as it stands on a keyboard: `Enter`, `Esc`, `?`, `F3`, `Ctrl+P`."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key_name(key[5:]).upper()}"
    return key.upper() if key[:1] == "f" and key[1:].isdecimal() else format_key(key)


def all_bindings() -> tuple[Binding, ...]:
    """Every binding with an id, of every screen and list. Imports all of them."""
    from perftui.tui.base_app import BaseApp
    from perftui.tui.screens import keyed_classes
    from perftui.tui.table import Table

    found: dict[str, Binding] = {}
    for owner in (BaseApp, Table, *keyed_classes()):
        for binding in getattr(owner, "BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found.setdefault(binding.id, binding)
    return tuple(found.values())


def unknown_ids(keys: Iterable[str] | Mapping[str, str]) -> list[str]:
    """What is wrong with the user's keys: ids that no action has, with the nearest one."""
    known = [binding.id or "" for binding in all_bindings()]
    problems = []
    for key in keys:
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "; the help screen (?) lists the ids"
            problems.append(f"settings.toml: no action {safe_text(key)!r}{hint}")
    return problems
