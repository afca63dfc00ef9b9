"""Exit codes of runs on a machine that may be busy with something else."""

from __future__ import annotations

from perftui.model.errors import ExitCode
from perftui.store.records import read_record
from support.home import Home


def expected(home: Home, code: int) -> int:
    """The code, unless the newest run is invalid, as this machine did not keep up: that comes first, and is right."""
    newest = max(home.runs.iterdir(), key=lambda folder: folder.name if folder.is_dir() else "")
    return int(ExitCode.INVALID) if read_record(newest).trust.verdict == "invalid" else code
