"""The detached runner: a request on stdin, one line of answer on stdout, then only the run."""

from __future__ import annotations

import os
import select
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import msgspec

from perftui.engine.runner.launch import Answer
from perftui.engine.runner.request import RunRequest
from perftui.model.errors import ExitCode, PerftuiError
from perftui.store.files import write_atomic

LOG_NAME = "runner.log"
_AHEAD = ("hooks", "prepare", "session")
"""What a run needs, in this order: loaded while whoever started us still finds out what to do."""
MOST_REQUEST_BYTES = 64 * 1024 * 1024


class _Speaker:
    """Answers once."""

    def __init__(self) -> None:
        self.folder: Path | None = None

    def started(self, run_id: str, folder: Path) -> None:
        """The run is there: nobody waits for us any more."""
        self.folder = folder
        self._say(Answer(run_id=run_id, path=str(folder)))

    def failed(self, problems: tuple[str, ...], exit_code: int) -> None:
        """The run ended with an error, before or after its start."""
        if self.folder is None:
            self._say(Answer(problems=problems, exit_code=exit_code))
            return
        try:
            write_atomic(self.folder / LOG_NAME, "\n".join(problems).encode())
        except OSError:
            return  # a full disk: the journal without an end says that the runner failed

    @staticmethod
    def _say(answer: Answer) -> None:
        with suppress(BrokenPipeError):  # who asked is gone; the run goes on
            os.write(1, msgspec.json.encode(answer) + b"\n")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.close(null)


def main() -> int:
    """Run what stdin asks for."""
    from perftui.engine.runner.run import run_plan

    for module in _AHEAD:
        if _is_asked():  # a worker gets its job first, and sets up while the rest is loaded
            break
        import_module(f"perftui.engine.runner.{module}")
    speaker = _Speaker()
    try:
        asked = sys.stdin.buffer.read(MOST_REQUEST_BYTES)
        if not asked:
            return ExitCode.OK  # it came to nothing
        request = msgspec.msgpack.decode(asked, type=RunRequest)
        run_plan(request, on_started=lambda folder: speaker.started(folder.id, folder.path))
    except PerftuiError as error:
        speaker.failed(error.problems, error.exit_code)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last place that can tell anybody
        place = traceback.extract_tb(error.__traceback__)[-1]
        # neither values nor messages, which may hold secrets: where and what kind of error
        where = f"{Path(place.filename).name}:{place.lineno}"
        speaker.failed((f"internal error: {type(error).__name__} in {where}",), ExitCode.INTERNAL)
        return ExitCode.INTERNAL
    return ExitCode.OK


def _is_asked() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable)
