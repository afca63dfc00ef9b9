"""Help: every key of the screen below, generated from its bindings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from perftui.tui.describe import path_text
from perftui.tui.keymap import LIST_IDS, key_name
from perftui.tui.marks import paragraph, words
from perftui.tui.screens.base import PerftuiScreen

_KEYS_WIDTH = 10


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

    def __init__(self, about: str, sections: tuple[Section, ...], glossary: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._about = about
        self._sections = sections
        self._glossary = glossary

    @classmethod
    def of(cls, screen: Screen[Any]) -> HelpScreen:
        """The help of a screen as it is now, with the user's own keys."""
        about = getattr(screen, "heading", "") or "this screen"
        return cls(about, sections_of(screen), getattr(screen, "glossary", ()))

    def compose_body(self) -> Iterable[Widget]:
        """One block per section."""
        with VerticalScroll(id="keys", can_focus=True):
            what_width = max((len(key.what) for section in self._sections for key in section.keys), default=0)
            for section in self._sections:
                yield KeyTable(section, what_width)
            if self._glossary:
                yield Glossary(self._glossary)
            yield Static(
                paragraph(f'Other keys: by these names, in {_settings_path()}\n[keys]\n"home.probe" = "x"'),
                classes="quiet",
            )

    def on_mount(self) -> None:
        """Say whose keys these are."""
        super().on_mount()
        self.say(f"keys of {self._about}")


def sections_of(screen: Screen[Any]) -> tuple[Section, ...]:
    """Every key with a name of its own: of the screen, of its parts, of lists, and everywhere."""
    name = getattr(screen, "heading", "") or "This dialog"
    found: dict[str, list[Key]] = {name: []}
    lists: list[Key] = []
    seen: set[str] = set()
    for node in (screen, *(widget for widget in screen.query("*") if widget.display)):
        for key in _keys(node, seen):
            if key.id.startswith(LIST_IDS):
                lists.append(key)
            else:
                found.setdefault(_title(node) or name, []).append(key)
    found["Lists"] = lists
    found["Everywhere"] = list(_keys(screen.app, seen))
    return tuple(Section(title, tuple(keys)) for title, keys in found.items() if keys)


def _title(node: DOMNode) -> str:
    """What stands in the border of the part, or of the one around it."""
    for each in node.ancestors_with_self:
        if isinstance(each, Widget) and each.border_title and not isinstance(each, Screen):
            return str(each.border_title)
    return ""


def _settings_path() -> str:
    from perftui.presets.locations import config_directory
    from perftui.tui.settings import FILE_NAME

    return path_text(config_directory() / FILE_NAME)


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
    from perftui.tui.base_app import BaseApp

    app = node.app
    return app.session.settings.keys if isinstance(app, BaseApp) else {}


class Glossary(Static):
    """The words of a screen and what they mean."""

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        lines = [Content.styled(f"{word}  ", "bold") + words(meaning) for word, meaning in entries]
        super().__init__(Content("\n").join(lines), classes="panel", markup=False)
        self.border_title = "What the words mean"


class KeyTable(Widget):
    """The keys of one section: keys, what they do, and where there is room the names that settings use."""

    def __init__(self, section: Section, what_width: int) -> None:
        super().__init__(classes="panel")
        self.border_title = words(section.title)
        self._keys = section.keys
        self._what_width = what_width

    def render(self) -> Content:
        """One line per action; the same columns in every section."""
        id_width = max(len(key.id) for key in self._keys)
        with_ids = _KEYS_WIDTH + self._what_width + id_width + 4 <= self.size.width
        return Content("\n").join(
            Content.styled(key.keys.ljust(_KEYS_WIDTH), "bold $accent")
            + Content(f"  {key.what.ljust(self._what_width)}  ")
            + (Content.styled(key.id, "$quiet") if with_ids else Content(""))
            for key in self._keys
        )

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """One line per action, whatever the width."""
        return len(self._keys)
