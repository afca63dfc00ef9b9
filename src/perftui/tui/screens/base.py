"""What every screen has: a line that says where one is, and a footer with its keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual import events, getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from perftui.tui.base_app import BaseApp
from perftui.tui.key_line import KeyLine
from perftui.tui.marks import words
from perftui.tui.widgets.letter_button import LetterButton

Result = TypeVar("Result")
BUTTON_KEYS = "← → choose · Enter · Esc leaves"
"""Keys of every dialog with buttons."""


class TitleBar(Widget):
    """One line: the program and the screen on the left, a detail on the right."""

    DEFAULT_CSS = """
    TitleBar {
        dock: top;
        height: 1;
        background: $surface;
        color: $quiet;
        text-wrap: nowrap;
    }
    """

    app = getters.app(BaseApp)
    title: reactive[str] = reactive("")
    """Name of the screen."""
    detail: reactive[Content] = reactive(Content(""))
    """What is worth knowing at a glance, on the right."""

    def render(self) -> Content:
        """The line, the detail flush right; cut before the title is."""
        left = Content.assemble((" perftui ", "bold $primary"), ("› ", "$quiet"), (self.title, "bold $foreground"))
        if self.app.is_read_only:
            left += Content.styled("  read-only", "$warning")
        room = self.size.width - left.cell_length - 3
        detail = self.detail.truncate(room, ellipsis=True) if self.detail.cell_length > room > 0 else self.detail
        if room <= 0:
            return left
        return left + Content(" " * (self.size.width - left.cell_length - detail.cell_length - 1)) + detail


class PerftuiScreen(Screen[Result], Generic[Result]):
    """A full screen with title line and footer; subclasses give `compose_body`."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - declared by Textual without ClassVar
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - declared by Textual without ClassVar
        (0, "-flat"),
        (16, "-low"),
        (30, "-tall"),
    ]
    heading: ClassVar[str] = ""
    """Name in the title line."""
    changes: ClassVar[frozenset[str]] = frozenset()
    """Actions that do more than look: a read-only app has no keys for them."""
    app = getters.app(BaseApp)
    title_bar = getters.query_one(TitleBar)

    def compose(self) -> ComposeResult:
        """Title, body, footer."""
        yield TitleBar()
        yield from self.compose_body()
        yield KeyLine()

    def compose_body(self) -> Iterable[Widget]:
        """What stands between title and footer."""
        return ()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Where nothing may move, no cursor blinks."""
        keep_still(self.app, event.widget)

    def on_mount(self) -> None:
        """Name the screen."""
        self.title_bar.title = self.heading

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        """Who only looks has no keys that change anything."""
        return not (self.app.is_read_only and action in self.changes)

    def say(self, detail: Content | str) -> None:
        """Put a detail on the right of the title line; a screen that is going away has none."""
        for bar in self.query(TitleBar):
            bar.detail = words(detail) if isinstance(detail, str) else detail


class Dialog(ModalScreen[Result], Generic[Result]):
    """A question over the screen below it. Arrows move between its buttons, letters press them."""

    app = getters.app(BaseApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down", "next_button(1)", "next", show=False, id="dialog.next", tooltip="To the next button"),
        Binding("left,up", "next_button(-1)", "previous", show=False, id="dialog.back", tooltip="To the one before"),
    ]

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Where nothing may move, no cursor blinks."""
        keep_still(self.app, event.widget)

    def on_key(self, event: events.Key) -> None:
        """A letter that stands on a button presses it; letters that are typed into a field do not come here."""
        for button in self.query(LetterButton):
            if event.character and event.character.casefold() == button.letter and not button.disabled:
                event.stop()
                event.prevent_default()
                button.press()
                return

    def action_next_button(self, step: int) -> None:
        """Move the focus among the buttons; from a field to the first of them."""
        buttons = [button for button in self.query(LetterButton) if not button.disabled]
        if buttons:
            focused = self.focused
            place = buttons.index(focused) + step if isinstance(focused, LetterButton) and focused in buttons else 0
            buttons[place % len(buttons)].focus()


def keep_still(app: BaseApp, widget: Widget) -> None:
    """Stop the blinking of a text field's cursor where nothing may move: it would be sent twice a second."""
    if app.animation_level == "none" and hasattr(widget, "cursor_blink"):
        widget.cursor_blink = False
