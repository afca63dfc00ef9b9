"""Leaving while a run goes on: keep it running, stop it, or stay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from perftui.model.errors import UsageError
from perftui.tui.screens.base import BUTTON_KEYS, Dialog
from perftui.tui.widgets.letter_button import LetterButton

_LOOK_S = 0.2
_MOST_LOOKS = 100
Answer = Literal["keep", "stop", "stay"]


class QuitDialog(Dialog[Answer]):
    """Answers what becomes of the runs."""

    AUTO_FOCUS = "#keep"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "keep", "keep running", id="quit.keep", tooltip="Leave; the runs go on and are saved"),
        Binding("s", "stop", "stop", id="quit.stop", tooltip="Stop the runs gracefully, save them, leave"),
        Binding("escape,c", "cancel", "cancel", id="quit.cancel", tooltip="Stay"),
    ]

    def __init__(self, live: Sequence[Path]) -> None:
        super().__init__()
        self._live = tuple(live)

    def compose(self) -> ComposeResult:
        """The question and its three answers."""
        count = len(self._live)
        names = "\n".join(path.name for path in self._live[:4])
        more = f"\nand {count - 4} more" if count > 4 else ""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "A run is live" if count == 1 else f"{count} runs are live"
            dialog.border_subtitle = BUTTON_KEYS
            yield Static(f"{names}{more}", classes="quiet", markup=False)
            what = "It needs" if count == 1 else "They need"
            yield Static(f"\n{what} no screen: kept running, perftui watch picks it up again.", markup=False)
            if self.app.session.demo_url:
                yield Static("\nThe demo service ends with the app: runs against it will see errors.", markup=False)
            with Horizontal(classes="buttons"):
                yield LetterButton("keep running", id="keep")
                yield LetterButton("stop and save", id="stop")
                yield LetterButton("cancel", id="cancel")

    @on(Button.Pressed, "#keep")
    def action_keep(self) -> None:
        """Detach."""
        self.dismiss("keep")

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss("stay")

    @on(Button.Pressed, "#stop")
    def action_stop(self) -> None:
        """Stop every run, leave when all are saved."""
        self.dismiss("stop")


async def stop_runs(runs: Sequence[Path]) -> None:
    """Stop runs gracefully and wait until they are saved, or until their time for it is up."""
    from perftui.engine.control.client import ControlClient
    from perftui.tui.sources import is_live

    for path in runs:
        with suppress(UsageError):  # it ended in between
            await ControlClient(path.name).send("stop", origin="tui")
    for _ in range(_MOST_LOOKS):
        if not any([await asyncio.to_thread(is_live, path) for path in runs]):
            return
        await asyncio.sleep(_LOOK_S)
