"""Leaving while a run goes on: keep it running, stop it, or stay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from perftui.model.errors import PerftuiError
from perftui.tui.screens.base import Dialog

_PATIENCE_S = 15.0


class QuitDialog(Dialog[bool]):
    """Answers True when the app may end."""

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
            yield Static(f"{names}{more}", classes="quiet", markup=False)
            what = "It needs" if count == 1 else "They need"
            yield Static(f"\n{what} no screen: kept running, perftui watch picks it up again.", markup=False)
            if self.app.session.demo_url:
                yield Static("\nThe demo service ends with the app: runs against it will see errors.", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("keep running", id="keep")
                yield Button("stop and save", id="stop")
                yield Button("cancel", id="cancel")
            yield Static("", id="progress", classes="quiet", markup=False)

    @on(Button.Pressed, "#keep")
    def action_keep(self) -> None:
        """Detach."""
        self.dismiss(result=True)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(result=False)

    @on(Button.Pressed, "#stop")
    @work(group="stop", exclusive=True)
    async def action_stop(self) -> None:
        """Stop every run, wait until all are saved, leave."""
        from perftui.engine.control import ControlClient

        progress = self.query_one("#progress", Static)
        progress.update("\nwaiting for the last answers…")
        for path in self._live:
            try:
                await ControlClient(path.name).send("stop", origin="tui")
            except PerftuiError as error:
                self.app.log(f"{path.name} had ended already: {error}")
        for _ in range(int(_PATIENCE_S / 0.2)):
            if not await asyncio.to_thread(self.app.session.live_runs):
                break
            await asyncio.sleep(0.2)
        self.dismiss(result=True)
