"""A series in a process of its own: a request on stdin, messages on stdout until its end.

Who asked may be a screen, which must not load anything itself. Once nobody reads any more, the series is ended.
"""

from __future__ import annotations

import os
import signal
import sys

import msgspec

from perftui.engine.series.find import FindRequest, find
from perftui.engine.series.messages import Ended, Message, Raised, Scaled, Second, Tried, Trying
from perftui.engine.series.scaling import ScalingRequest, scale
from perftui.engine.series.step import FEWEST_S, SeriesEndedError
from perftui.metrics.failures import failures
from perftui.model.errors import ExitCode, PerftuiError
from perftui.model.interval import Interval
from perftui.model.journal import JournalLine
from perftui.model.search import StepKind
from perftui.store.library import RunLibrary

MOST_REQUEST_BYTES = 64 * 1024 * 1024


def _say(message: Message) -> None:
    try:
        os.write(1, msgspec.json.encode(message) + b"\n")
    except OSError:  # nobody reads: as if somebody had ended the run
        os.kill(os.getpid(), signal.SIGINT)


def _on_line(line: JournalLine) -> None:
    if isinstance(line, Interval) and line.duration_s > FEWEST_S:
        cells = [cell for operations in line.cells.values() for cell in operations.values()]
        _say(
            Second(
                at_s=line.at_s + line.duration_s,
                ok_per_s=sum(cell.counts.ok for cell in cells) / line.duration_s,
                failed_per_s=sum(failures(cell.counts, cell.error_classes) for cell in cells) / line.duration_s,
            )
        )


def _on_level(level: float, kind: StepKind, seconds: float) -> None:
    _say(Trying(level=level, kind=kind, seconds=seconds))


def _made(request: FindRequest | ScalingRequest) -> Ended:
    if isinstance(request, ScalingRequest):
        scaled = scale(
            request,
            on_level=lambda level, seconds, since_s: _say(Raised(level=level, seconds=seconds, since_s=since_s)),
            on_scaling=lambda scaling: _say(Scaled(scaling=scaling)),
            on_line=_on_line,
        )
        return Ended(path=str(scaled.runs[-1].path), answered=True)
    found = find(request, on_step=lambda step: _say(Tried(step=step)), on_level=_on_level, on_line=_on_line)
    return Ended(path=str(found.made.run.path), answered=bool(found.search.answer))


def main() -> int:
    """Do what stdin asks for."""
    asked = sys.stdin.buffer.read(MOST_REQUEST_BYTES)
    if not asked:
        return ExitCode.OK
    try:
        ended = _made(msgspec.msgpack.decode(asked, type=FindRequest | ScalingRequest))
    except SeriesEndedError as error:
        path = RunLibrary().root / error.record.id
        _say(Ended(path=str(path), by_hand=True, problems=error.problems))
    except PerftuiError as error:
        _say(Ended(problems=error.problems, exit_code=error.exit_code))
    except KeyboardInterrupt:
        _say(Ended(problems=("it was ended between two levels",), exit_code=ExitCode.INTERRUPTED))
    else:
        _say(ended)
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
