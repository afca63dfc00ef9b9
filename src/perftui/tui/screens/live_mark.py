"""Asks for the text of a mark."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from perftui.model.text import safe_text
from perftui.tui.screens.base import Dialog

_MOST_CHARACTERS = 80


class MarkDialog(Dialog[str | None]):
    """One field; answers None when no mark is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "no mark", id="mark.cancel", tooltip="Set no mark"),
    ]

    def compose(self) -> ComposeResult:
        """The field and what Enter does."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Mark this moment"
            yield Input(placeholder="such as: deployed 1.4", max_length=_MOST_CHARACTERS, compact=True)
            yield Static("Enter sets the mark · Esc does not", classes="quiet", markup=False)

    @on(Input.Submitted)
    def set_mark(self, event: Input.Submitted) -> None:
        """The text, or a plain mark without one."""
        self.dismiss(safe_text(event.value.strip(), _MOST_CHARACTERS) or "mark")

    def action_leave(self) -> None:
        """No mark."""
        self.dismiss(None)
