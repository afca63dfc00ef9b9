"""A button that says which letter presses it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Button


class LetterButton(Button):
    """Its first letter is underlined, and works wherever nobody is typing."""

    def __init__(self, label: str, *, id: str, disabled: bool = False) -> None:  # noqa: A002 - Textual's name
        super().__init__(lettered(label), id=id, disabled=disabled)
        self._words = label

    @property
    def letter(self) -> str:
        """The key that presses it."""
        return self._words[:1].casefold()

    def say(self, label: str) -> None:
        """Another label."""
        self._words = label
        self.label = lettered(label)


def lettered(label: str) -> Content:
    """The words with their first letter underlined."""
    return Content.assemble((label[:1], "underline"), label[1:])
