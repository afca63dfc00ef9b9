"""perftui as a user runs it: the installed program, in a process of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from perftui.model.record import Record
from perftui.store.records import to_record
from support.home import Home

PERFTUI = str(Path(sys.executable).with_name("perftui"))


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished command left."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return msgspec.json.decode(self.stdout)

    @property
    def record(self) -> Record:
        """The record of the run that standard output holds as JSON."""
        return to_record(self.json, "stdout")


def run_cli(home: Home, *arguments: str, timeout_s: float = 100.0, stdin: str = "", cwd: Path | None = None) -> Result:
    """Run perftui to its end, without a terminal."""
    done = subprocess.run(
        [PERFTUI, *arguments],
        input=stdin.encode(),
        capture_output=True,
        timeout=timeout_s,
        env=home.environment,
        cwd=cwd or home.path,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextlib.contextmanager
def start_cli(home: Home, *arguments: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run perftui without a terminal while the block lasts; ended by SIGKILL when it still runs then."""
    process = subprocess.Popen(
        [PERFTUI, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=home.environment,
        cwd=cwd or home.path,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process: subprocess.Popen[bytes], timeout_s: float = 100.0) -> Result:
    """Wait for the end of a started command."""
    stdout, stderr = process.communicate(timeout=timeout_s)
    return Result(process.returncode, stdout.decode(), stderr.decode())


def write_preset(home: Home, text: str, name: str = "test.toml") -> str:
    """Save a preset in the home and say its path."""
    path = home.path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def problems(result: Result) -> Sequence[str]:
    """The lines on standard error."""
    return result.stderr.strip().splitlines()
