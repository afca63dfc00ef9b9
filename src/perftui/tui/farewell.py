"""What stands in the scrollback after the app was left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perftui.model.errors import PerftuiError
from perftui.model.text import safe_path
from perftui.tui.sources import is_live


def farewell_text(runs: Sequence[Path]) -> str:
    """The summary of the newest finished run, one line per other run, and how to get back to those that go on."""
    kept = [path for path in runs if path.is_dir()]
    finished = [path for path in kept if not is_live(path)]
    blocks = [f"Saved: {safe_path(path)}" for path in finished[:-1]]
    if finished:
        blocks.append(f"{_summary(finished[-1])}\n\nSaved: {safe_path(finished[-1])}")
    blocks += [
        f"Run {path.name} goes on without this screen.\n"
        f"  watch it   perftui watch {path.name}\n"
        f"  stop it    perftui ctl {path.name} stop"
        for path in kept
        if path not in finished
    ]
    return "\n".join(blocks)


def _summary(path: Path) -> str:
    from perftui.analysis.recovery import recover_if_unfinished
    from perftui.report.text import summary_text
    from perftui.store.loading import load_folder

    try:
        recover_if_unfinished(path)
        run = load_folder(path, in_full=False)
        return summary_text(run.record, run.error_samples).rstrip()
    except PerftuiError as error:
        return f"The run could not be read: {error}"
