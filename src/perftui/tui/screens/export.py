"""Writing a run, a comparison or a trend to a file: a format, and where to."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from perftui.model.errors import PerftuiError
from perftui.report.formats import FORMATS
from perftui.tui.describe import path_text
from perftui.tui.exports import Subject
from perftui.tui.marks import quiet, words
from perftui.tui.screens.base import Dialog
from perftui.tui.table import Column, Row, Table

_COLUMNS = (Column("name", "format", 7), Column("what", "", 20, grow=1))


class FormatTable(Table):
    """The formats."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.write", "write", id="export.write", tooltip="Write the file"),
    ]


class ExportDialog(Dialog[None]):
    """Formats above, the file's path below."""

    CSS_PATH = "export.tcss"
    AUTO_FOCUS = "#formats"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "cancel", id="export.cancel", tooltip="Write nothing"),
    ]
    formats = getters.query_one("#formats", FormatTable)
    field = getters.query_one("#path", Input)

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject
        self._writing = False
        self._proposed = ""
        """The name that was put into the field last."""

    def compose(self) -> ComposeResult:
        """Formats, path, what will happen."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"Export {self._subject.title}"
            yield FormatTable(_COLUMNS, id="formats")
            yield Static("Write to", classes="quiet", markup=False)
            yield Input(id="path", compact=True, select_on_focus=False)
            yield Static("", id="note", markup=False)

    def on_mount(self) -> None:
        """Show the formats; the first sets the path."""
        self.formats.show(Row(name, (name, quiet(FORMATS[name].about))) for name in self._subject.styles)

    @property
    def _chosen(self) -> str:
        return self.formats.cursor_key or self._subject.styles[0]

    @property
    def _target(self) -> Path:
        # ~ of a user who is not known stays as it is
        return Path.cwd() / os.path.expanduser(self.field.value)  # noqa: PTH111 - Path.expanduser raises

    @on(Table.Highlighted, "#formats")
    def propose(self) -> None:
        """A name for the file, in the directory one came from; what was typed by hand stays."""
        if self.field.value != self._proposed:
            return
        series = "-series" if self._chosen == "series" else ""
        self._proposed = f"{self._subject.name}{series}.{FORMATS[self._chosen].ending}"
        self.field.value = self._proposed

    @on(Input.Changed, "#path")
    def check(self) -> None:
        """Say what the name would do."""
        path = self._target
        note = self.query_one("#note", Static)
        if not path.parent.is_dir():
            note.update(Content.styled(f"✗ there is no directory {path_text(path.parent)}", "$error"))
        elif path.is_dir():
            note.update(Content.styled("✗ that is a directory", "$error"))
        else:
            where = f"Enter writes {path_text(path)}"
            replaced = Content.styled("! exists and will be replaced: ", "$warning") if path.exists() else Content("")
            note.update(replaced + quiet(where))

    @on(Table.Chosen, "#formats")
    @on(Input.Submitted, "#path")
    def action_write(self) -> None:
        """Write the file, say where it is."""
        self.propose()  # the key may be quicker than the news of another format
        path = self._target
        if path.parent.is_dir() and not path.is_dir() and not self._writing:
            self._writing = True
            self.query_one("#note", Static).update(quiet("writing…"))
            self._write(self._chosen, path)

    @work(group="export", exclusive=True)
    async def _write(self, style: str, path: Path) -> None:
        try:
            size = await asyncio.to_thread(write_file, self._subject, style, path)
        except (PerftuiError, OSError) as error:
            self._writing = False
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self.query_one("#note", Static).update(words(f"✗ not written: {reason}", "$error"))
            return
        from perftui.model.units import format_bytes

        self.notify(f"{path_text(path)} ({format_bytes(size)})", title="Exported", markup=False)
        self.dismiss(None)


def write_file(subject: Subject, style: str, path: Path) -> int:
    """Write the subject; how many bytes. Blocks: call it in a thread.

    Raises:
        PerftuiError: the subject cannot be written in this format.
        OSError: the file cannot be written.
    """
    data = subject.text(style).encode()
    path.write_bytes(data)
    return len(data)
