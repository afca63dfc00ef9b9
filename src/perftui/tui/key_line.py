"""The last line of a screen: at most eight keys, none of them cut in half, and always the way to all the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

MOST_KEYS = 8
_GAP = 2


class KeyHint(Struct, frozen=True):
    """A key and what it does."""

    key: str
    shown: str
    what: str
    enabled: bool = True

    @property
    def width(self) -> int:
        """Cells."""
        return Content(self.shown).cell_length + 1 + Content(self.what).cell_length


def fitting(own: Sequence[KeyHint], everywhere: Sequence[KeyHint], width: int) -> list[KeyHint]:
    """The keys that are shown: those of the screen first, of those that work everywhere at least the first (help)."""
    chosen = [*own, *everywhere]
    while len(chosen) > MOST_KEYS or sum(hint.width + _GAP for hint in chosen) - _GAP > width:
        if not chosen:
            break
        last_is_needed = len(everywhere) > 0 and chosen[-1] is everywhere[0] and len(chosen) > 1
        chosen.pop(-2 if last_is_needed else -1)
    return chosen


class KeyLine(Widget):
    """Drawn from the bindings that are active; a click does what the key does."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--off"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $footer-background;
        color: $footer-description-foreground;
        text-wrap: nowrap;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._hints: tuple[KeyHint, ...] = ()

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def on_resize(self) -> None:
        """Another width has room for other keys."""
        self._bindings_changed(self.screen)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        own: dict[str, KeyHint] = {}
        everywhere: dict[str, KeyHint] = {}
        for node, binding, enabled, _ in screen.active_bindings.values():
            if binding.show and binding.description:
                hint = KeyHint(binding.key, self.app.get_key_display(binding), binding.description, enabled)
                (everywhere if node is self.app else own).setdefault(binding.action, hint)
        hints = tuple(fitting(tuple(own.values()), tuple(everywhere.values()), self.size.width))
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    def render(self) -> Content:
        """Key and word, two cells between them."""
        return Content(" " * _GAP).join(
            Content.assemble(
                (hint.shown, "bold $footer-key-foreground" if hint.enabled else "$quiet"),
                (f" {hint.what}", "" if hint.enabled else "$quiet"),
            )
            for hint in self._hints
        )

    def on_click(self, event: events.Click) -> None:
        """Press the key that is under the pointer."""
        offset = event.get_content_offset(self)
        start = 0
        for hint in self._hints:
            if offset is not None and start <= offset.x < start + hint.width:
                self.app.simulate_key(hint.key)
            start += hint.width + _GAP
