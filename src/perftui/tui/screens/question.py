"""A question with two answers; the harmless one has the focus."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from perftui.tui.marks import paragraph
from perftui.tui.screens.base import BUTTON_KEYS, Dialog
from perftui.tui.widgets.letter_button import LetterButton


class Question(Dialog[bool]):
    """Answers True for yes."""

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "yes", id="question.yes", tooltip="Do it"),
        Binding("n,escape", "no", "no", id="question.no", tooltip="Leave all as it is"),
    ]

    def __init__(self, title: str, text: str, yes: str, no: str = "cancel") -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The text, then the answers."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = BUTTON_KEYS
            yield Static(paragraph(self._text))
            with Horizontal(classes="buttons"):
                yield LetterButton(self._yes, id="yes")
                yield LetterButton(self._no, id="no")

    @on(Button.Pressed, "#yes")
    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(result=True)

    @on(Button.Pressed, "#no")
    def action_no(self) -> None:
        """Leave all as it is."""
        self.dismiss(result=False)
