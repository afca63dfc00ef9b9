"""Help: every key of the screen below, generated from its bindings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from perftui.tui.keymap import key_name
from perftui.tui.screens.base import PerftuiScreen


class Key(Struct, frozen=True):
    """One action and its keys."""

    keys: str
    what: str
    id: str


class Section(Struct, frozen=True):
    """The keys of one part of a screen."""

    title: str
    keys: tuple[Key, ...]


class HelpScreen(PerftuiScreen[None]):
    """A list of keys in sections."""

    CSS_PATH = "help.tcss"
    heading: ClassVar[str] = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1", "app.pop_screen", "back", id="help.back", tooltip="Back"),
    ]

    def __init__(self, about: str, sections: tuple[Section, ...]) -> None:
        super().__init__()
        self._about = about
        self._sections = sections

    @classmethod
    def of(cls, screen: Screen[object]) -> HelpScreen:
        """The help of a screen as it is now, with the user's own keys."""
        about = getattr(screen, "heading", "") or "this screen"
        return cls(about, sections_of(screen))

    def compose_body(self) -> Iterable[Widget]:
        """One block per section."""
        with VerticalScroll(id="keys", can_focus=True):
            for section in self._sections:
                block = Static(_table(section), classes="panel", markup=False)
                block.border_title = Content(section.title)
                yield block
            yield Static(
                "A key can be given to another letter in settings.toml, by the name on the right:\n"
                '[keys]\n"home.probe" = "x"',
                classes="quiet",
                markup=False,
            )

    def on_mount(self) -> None:
        """Say whose keys these are."""
        super().on_mount()
        self.say(f"keys of {self._about}")


def sections_of(screen: Screen[object]) -> tuple[Section, ...]:
    """Every key with a name of its own: of the screen, of the parts that can have the focus, and everywhere."""
    found: list[Section] = []
    seen: set[str] = set()

    def add(title: str, node: DOMNode) -> None:
        keys = tuple(_keys(node, seen))
        if keys:
            found.append(Section(title, keys))

    add(getattr(screen, "heading", "") or "This dialog", screen)
    for widget in screen.query("*"):
        if widget.display:
            add(str(widget.border_title or "") or "Lists and fields", widget)
    add("Everywhere", screen.app)
    return tuple(found)


def _keys(node: DOMNode, seen: set[str]) -> Iterable[Key]:
    own = screen_keymap(node)
    by_id: dict[str, list[Binding]] = {}
    for _, binding in node._bindings:  # noqa: SLF001 - Textual has no public way to a node's bindings
        if binding.id and binding.tooltip and binding.id not in seen:
            by_id.setdefault(binding.id, []).append(binding)
    for name, bindings in by_id.items():
        seen.add(name)
        keys = own[name].split(",") if name in own else [binding.key for binding in bindings]
        yield Key(" ".join(key_name(key.strip()) for key in keys), bindings[0].tooltip, name)


def screen_keymap(node: DOMNode) -> dict[str, str]:
    """The user's own keys."""
    from perftui.tui.app import PerftuiApp

    app = node.app
    return app.session.settings.keys if isinstance(app, PerftuiApp) else {}


def _table(section: Section) -> Content:
    wide = max(len(key.keys) for key in section.keys)
    what = max(len(key.what) for key in section.keys)
    lines = (
        Content.styled(key.keys.ljust(max(wide, 12)), "bold $accent")
        + Content(f"  {key.what.ljust(what)}  ")
        + Content.styled(key.id, "$quiet")
        for key in section.keys
    )
    return Content("\n").join(lines)
