"""What functions of the user's leave behind: mistakes of their tasks and callbacks are told, their programs end."""

from __future__ import annotations

import os
import subprocess
import traceback
from contextlib import suppress
from pathlib import Path

import perftui
from perftui.engine.clients.failures import words_of
from perftui.engine.fleet.messages import MOST_NOTES
from perftui.engine.worker.warden import set_warden
from perftui.model.plan import Plan

_OURS = str(Path(perftui.__file__).parent)


class LeftBehind:
    """What was heard of them."""

    def __init__(self) -> None:
        self._calls = False
        self._heard: list[str] = []
        self._told = 0
        self._warden: subprocess.Popen[bytes] | None = None

    def begin(self, plan: Plan) -> None:
        """Execute a plan: without functions there is nothing that they could leave behind."""
        self._calls = any(operation.driver == "call" for operation in plan.all_operations)
        if self._calls and os.getpgrp() == os.getpid():
            with suppress(OSError):  # without it, programs stay only where the runner is killed
                self._warden = set_warden()

    def takes(self, error: BaseException | None) -> bool:
        """Whether an error on the loop is none of ours: it came through none of our code."""
        if not self._calls or error is None:
            return False
        files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
        if any(file.startswith(_OURS) for file in files) or not any(file.endswith(".py") for file in files):
            return False
        said = f"what a function left behind on the loop failed: {words_of(error)}"
        if said not in self._heard and len(self._heard) < MOST_NOTES:
            self._heard.append(said)
        return True

    def take_notes(self) -> list[str]:
        """What has not been told."""
        fresh, self._told = self._heard[self._told :], len(self._heard)
        return fresh
