"""A preset as text: mistakes are marked while one types, and it is saved as a file of one's own."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import getters, on, work
from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TextArea

from perftui.model.errors import PerftuiError
from perftui.tui.describe import path_text
from perftui.tui.marks import words
from perftui.tui.preset_copy import Mistake, PresetCopy, mistakes_in, save_preset
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.question import Question

_PAUSE_S = 0.25
_CONTROLS = dict.fromkeys(
    (*range(0x09), *range(0x0A, 0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)), "\ufffd"
)
"""A file may hold anything; the terminal must not obey it."""


class PresetText(TextArea):
    """The text; lines with mistakes are underlined."""

    def __init__(self) -> None:
        super().__init__(id="text", show_line_numbers=True, soft_wrap=False, tab_behavior="indent")
        self._wrong: frozenset[int] = frozenset()

    def mark(self, lines: Iterable[int]) -> None:
        """Underline these lines, counted from 1."""
        wrong = frozenset(lines)
        if wrong != self._wrong:
            self._wrong = wrong
            self._line_cache.clear()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        """A line of text, underlined when something is wrong with it."""
        line = super().get_line(line_index)
        line.plain = line.plain.translate(_CONTROLS)
        if line_index + 1 in self._wrong:
            line.stylize(Style(underline=True, bold=True))
        return line


class PresetEditor(PerftuiScreen[str | None]):
    """Answers the name of the preset that was saved, or None."""

    CSS_PATH = "preset_editor.tcss"
    heading: ClassVar[str] = "Preset"
    AUTO_FOCUS = "#text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "save", "save", id="preset.save", priority=True, tooltip="Save the preset and go back"),
        Binding("f5", "next_mistake", "next mistake", id="preset.next", tooltip="To the next line with a mistake"),
        Binding("f8", "external", "$EDITOR", id="preset.external", tooltip="Go on in the editor named by $EDITOR"),
        Binding(
            "escape", "leave", "leave", id="preset.leave", priority=True, tooltip="Leave; asks when text would be lost"
        ),
    ]
    text_area = getters.query_one("#text", PresetText)

    def __init__(self, begin: Callable[[], PresetCopy]) -> None:
        """Edit a preset.

        Args:
            begin: what is edited; it blocks, and may raise an error for the user.
        """
        super().__init__()
        self._begin = begin
        self._copy: PresetCopy | None = None
        self._mistakes: tuple[Mistake, ...] = ()

    def compose_body(self) -> Iterable[Widget]:
        """Text, mistakes below."""
        area = PresetText()
        area.add_class("panel")
        yield area
        with VerticalScroll(id="mistakes", classes="panel", can_focus=False):
            yield Static(id="mistake-list", markup=False)

    def on_mount(self) -> None:
        """Read the preset."""
        super().on_mount()
        self._read()

    @work(group="read", exclusive=True)
    async def _read(self) -> None:
        try:
            copy = await asyncio.to_thread(self._begin)
        except PerftuiError as error:
            self.app.complain(error)
            self.dismiss(None)
            return
        self._copy = copy
        self.say(f"a copy, saved as {path_text(copy.path)}" if copy.is_new else path_text(copy.path))
        self.text_area.border_title = words(copy.name)
        self.text_area.text = copy.text

    @on(TextArea.Changed, "#text")
    @work(group="check", exclusive=True)
    async def check(self) -> None:
        """Look for mistakes once the typing pauses."""
        await asyncio.sleep(_PAUSE_S)
        if self._was_left():
            return
        self._mistakes = await asyncio.to_thread(mistakes_in, self.text_area.text)
        if self._was_left():
            return
        self.text_area.mark(mistake.line for mistake in self._mistakes)
        panel = self.query_one("#mistakes")
        count = len(self._mistakes)
        panel.border_title = f"{count} mistake{'s' * (count != 1)}" if count else "No mistakes"
        panel.set_class(bool(count), "-wrong")
        self.query_one("#mistake-list", Static).update(_mistake_lines(self._mistakes))

    def _was_left(self) -> bool:
        """Whether the screen is being taken down: its parts go before it does, and before what it had begun."""
        return not self.query("#mistake-list")

    def action_next_mistake(self) -> None:
        """Go to the next line with a mistake, from the top again after the last."""
        lines = sorted({mistake.line for mistake in self._mistakes if mistake.line})
        if lines:
            row = self.text_area.cursor_location[0] + 1
            line = next((line for line in lines if line > row), lines[0])
            self.text_area.move_cursor((line - 1, 0), center=True)

    @work(group="save", exclusive=True)
    async def action_save(self) -> None:
        """Save; with mistakes only after a question."""
        copy = self._copy
        if copy is None:
            return
        text = self.text_area.text
        mistakes = await asyncio.to_thread(mistakes_in, text)
        if mistakes:
            question = Question(
                "Save it with mistakes?", "It cannot be run until they are mended.", "save", "go on editing"
            )
            if not await self.app.push_screen_wait(question):
                return
        try:
            path = await asyncio.to_thread(save_preset, copy, text)
        except OSError as error:
            self.notify(f"{copy.path}: {error.strerror}", title="Not saved", severity="error", markup=False)
            return
        self.notify(path_text(path), title="Saved", markup=False)
        self.dismiss(copy.name)

    @work(group="leave", exclusive=True)
    async def action_leave(self) -> None:
        """Go back; ask when something was typed."""
        changed = self._copy is not None and self.text_area.text != self._copy.text
        if changed:
            question = Question("Leave without saving?", "What was typed is lost.", "leave", "go on editing")
            if not await self.app.push_screen_wait(question):
                return
        self.dismiss(None)

    def action_external(self) -> None:
        """Hand the text to $EDITOR and take back what it made of it."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
        if not editor:
            self.notify("Set EDITOR to the editor of your choice, such as EDITOR=vim", severity="warning", markup=False)
            return
        try:
            with self.app.suspend():
                text = _edited(editor, self.text_area.text)
        except SuspendNotSupported:
            self.notify("This terminal cannot be handed over to an editor", severity="warning", markup=False)
        except OSError as error:
            self.notify(f"{editor}: {error.strerror}", title="Editor not started", severity="error", markup=False)
        else:
            self.text_area.text = text


def _edited(editor: str, text: str) -> str:
    """The text after the editor was left.

    Raises:
        OSError: the editor cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="perftui-") as folder:
        path = Path(folder) / "preset.toml"
        path.write_text(text, encoding="utf-8")
        subprocess.run([*shlex.split(editor), str(path)], check=False)
        return path.read_text(encoding="utf-8", errors="replace")


def _mistake_lines(mistakes: Iterable[Mistake]) -> Content:
    lines = [
        Content.styled(f"{f'line {mistake.line}' if mistake.line else '':<9}", "$error") + words(mistake.text)
        for mistake in mistakes
    ]
    return Content("\n").join(lines) if lines else Content.styled("It can be run. F4 saves it.", "$quiet")
