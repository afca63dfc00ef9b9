"""What a test measured before: kept by its id, in the project, where a repository or a CI cache can hold it."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from perftui.analysis.student import t_quantile
from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.pytest_plugin.timing import Timing
from perftui.report.json_export import run_json
from perftui.store.files import read_limited, write_atomic
from perftui.store.loading import LoadedRun, load_file

_MOST_BYTES = 64 * 1024**2
_CONFIDENCE = 0.99
_Kind = TypeVar("_Kind", bound=Struct)
_LEAST_DF = 2.0
# whoever can write the file decides what is in it: only what can be counted with is taken
_Count = Annotated[int, Meta(ge=1, le=10**12)]
_Seconds = Annotated[float, Meta(ge=0, le=1e9)]


class Spread(Struct, kw_only=True):
    """The part of a timing that a comparison needs; names as pytest-benchmark has them, seconds."""

    rounds: _Count
    mean: _Seconds
    stddev: _Seconds
    median: _Seconds = 0.0
    min: _Seconds = 0.0
    max: _Seconds = 0.0


class _Benchmark(Struct):
    fullname: str
    stats: Spread


class _Benchmarks(Struct):
    """A file of pytest-benchmark."""

    benchmarks: list[_Benchmark]


class _Kept(Struct, kw_only=True):
    schema: int = 1
    test: str
    timing: Spread


class Baselines:
    """A folder with a file per test, or one file of pytest-benchmark, which is only read."""

    def __init__(self, path: Path) -> None:
        """Use a folder or a file.

        Raises:
            UsageError: the file is none of pytest-benchmark.
        """
        self._path = path
        self._foreign = _read(path, _Benchmarks).benchmarks if path.is_file() else []

    def timing(self, test: str) -> Spread | None:
        """The earlier timing of a test."""
        for benchmark in self._foreign:
            if benchmark.fullname == test:
                return benchmark.stats
        file = self._file(test, "timing")
        return _read(file, _Kept).timing if file.is_file() else None

    def run(self, test: str) -> LoadedRun | None:
        """The earlier run of a test."""
        file = self._file(test, "run")
        return load_file(file) if file.is_file() else None

    def keep_timing(self, test: str, timing: Timing) -> None:
        """Make this the baseline of a test.

        Raises:
            UsageError: it cannot be written.
        """
        spread = msgspec.convert(timing, Spread, from_attributes=True)
        self._write(
            self._file(test, "timing"), msgspec.json.format(msgspec.json.encode(_Kept(test=test, timing=spread)))
        )

    def keep_run(self, test: str, run: LoadedRun) -> None:
        """The same with a run.

        Raises:
            UsageError: it cannot be written.
        """
        self._write(self._file(test, "run"), run_json(run).encode())

    def _file(self, test: str, kind: str) -> Path:
        # ids hold slashes, brackets and parameters of any kind
        name = "".join(letter if letter.isalnum() else "-" for letter in test.rpartition("::")[2])[:60]
        return self._path / f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}.{kind}.json"

    def _write(self, file: Path, data: bytes) -> None:
        if self._path.is_file():
            raise UsageError(f"{self._path}: is a file of pytest-benchmark, which is not written; name a folder")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(file, data)
        except OSError as error:
            raise UsageError(f"{file}: cannot be written: {error.strerror}") from error


def _read(file: Path, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(read_limited(file, _MOST_BYTES), type=kind)
    except (OSError, ValueError) as error:
        raise UsageError(f"{safe_text(str(file))}: is no baseline: {safe_text(str(error))}") from error


def regression(before: Spread, now: Timing, threshold: float) -> str:
    """How much slower than before, in words; empty unless it is so beyond the threshold and beyond doubt (99 %)."""
    if before.mean <= 0 or now.mean <= before.mean * (1 + threshold):
        return ""
    parts = [before.stddev**2 / before.rounds, now.stddev**2 / now.rounds]
    error = math.sqrt(sum(parts))
    rounds = (before.rounds, now.rounds)
    degrees = [part**2 / max(1, count - 1) for part, count in zip(parts, rounds, strict=True)]
    df = max(_LEAST_DF, sum(parts) ** 2 / sum(degrees)) if sum(degrees) else math.inf
    distance = t_quantile(1 - (1 - _CONFIDENCE) / 2, min(df, 1e6)) * error
    if now.mean - before.mean <= distance:
        return ""
    change = now.mean / before.mean - 1
    return f"mean {change * 100:+.0f} %, beyond {threshold * 100:.0f} % and beyond doubt"
