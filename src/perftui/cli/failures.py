"""How a command ends: every error as one line per problem on stderr with its exit code, never a traceback."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from perftui.cli.streams import leave_stdout
from perftui.model.errors import ExitCode, PerftuiError
from perftui.model.text import safe_text

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Without the name of a file it is stdout: what else is written says where."""
_KEPT_REPORTS = 20
_LONGEST_PROBLEM = 2_000


def guarded(arguments: Sequence[str]) -> int:
    """Run the command line and turn whatever happens into an exit code."""
    from perftui.cli.commands import command_line, perftui
    from perftui.cli.lazy import ReaderGoneError

    try:
        result = perftui.main(command_line(arguments), prog_name="perftui", standalone_mode=False)
        sys.stdout.flush()
    except ReaderGoneError:
        leave_stdout()
        return ExitCode.OK
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        return _usage(error)
    except Exception as error:  # noqa: BLE001 - the outermost frame: what nobody expected is kept in a file and told
        return failed(_innermost(error))
    return result if isinstance(result, int) else ExitCode.OK


def failed(error: BaseException) -> int:
    """Tell an error on stderr; returns its exit code."""
    if isinstance(error, PerftuiError):
        for problem in error.problems:
            tell(problem)
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        leave_stdout()
        return ExitCode.OK
    if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
        leave_stdout()
        tell(f"stdout: cannot be written: {(error.strerror or str(error)).lower()}")
        return ExitCode.INTERNAL
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        tell("the working directory is gone: change to another")
        return ExitCode.USAGE
    if isinstance(error, OSError) and error.filename is not None:
        tell(f"{safe_text(str(error.filename))}: {(error.strerror or str(error)).lower()}")
        return ExitCode.USAGE
    tell(f"internal error: {type(error).__name__}: {safe_text(str(error))}")
    report = _save_report(error)
    tell(f"details: {report}" if report else "details could not be saved")
    return ExitCode.INTERNAL


def tell(line: str) -> None:
    """One line on stderr, marked as perftui's."""
    # a closed terminal or a reader that left must not hide how a command ended
    with suppress(OSError):
        print(f"perftui: {safe_text(line, _LONGEST_PROBLEM)}", file=sys.stderr, flush=True)


def _usage(error: click.ClickException) -> int:
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "perftui"
    message = " ".join(error.format_message().split())
    tell(message[:1].lower() + message[1:].rstrip("."))
    tell(f"try: {command} --help")
    return ExitCode.USAGE


def _is_nowhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd() is the same call
    except FileNotFoundError:
        return True
    return False


def _innermost(error: BaseException) -> BaseException:
    """What a task group wrapped, where it holds one error only."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _save_report(error: BaseException) -> Path | None:
    """The traceback as a private file (no values of variables); None where the disk refuses."""
    from perftui.store.paths import runs_directory

    try:
        folder = runs_directory().parent / "crashes"
        file = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.txt"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(folder.glob("*.txt"))[: -_KEPT_REPORTS + 1]:
            old.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except (OSError, PerftuiError):
        return None
    return file
