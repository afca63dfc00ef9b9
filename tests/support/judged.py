"""Exit codes of runs on a machine that may be busy with something else: exactly the one a run itself asks for."""

from __future__ import annotations

from perftui.model.errors import ExitCode
from perftui.model.record import Record
from perftui.store.records import read_record
from support.home import Home

_SAID = {
    "the run is invalid: ": ExitCode.INVALID,
    "not decided: ": ExitCode.INVALID,
    "not comparable: ": ExitCode.INVALID,
    "regression: ": ExitCode.REGRESSION,
    "objective failed: ": ExitCode.OBJECTIVE_FAILED,
    "no level was found": ExitCode.OBJECTIVE_FAILED,
    "efficiency at ": ExitCode.OBJECTIVE_FAILED,
}
"""What is said on stderr before a code that is no mistake, in the order in which it decides."""


def newest(home: Home) -> Record:
    """The record of the run that started last."""
    return read_record(max(home.runs.iterdir(), key=lambda folder: folder.name if folder.is_dir() else ""))


def expected(home: Home, code: int) -> int:
    """The code, unless the newest run is invalid, as this machine did not keep up: that comes first, and is right."""
    return int(ExitCode.INVALID) if newest(home).trust.verdict == "invalid" else code


def deserved(record: Record) -> int:
    """The code of a run that ended by itself: its trust decides before its objectives."""
    if record.trust.verdict == "invalid":
        return int(ExitCode.INVALID)
    return int(ExitCode.OBJECTIVE_FAILED if record.verdict == "fail" else ExitCode.OK)


def told(stderr: str) -> int:
    """The code whose reason was given, or 0 where there is none."""
    said = [line.removeprefix("perftui: ") for line in stderr.splitlines() if line.startswith("perftui: ")]
    codes = [code for reason, code in _SAID.items() if any(line.startswith(reason) for line in said)]
    return int(codes[0] if codes else ExitCode.OK)
