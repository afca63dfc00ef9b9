"""All that was measured in a session of pytest, and its artifacts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from perftui.model.errors import UsageError
from perftui.model.record import Verdict
from perftui.pytest_plugin.baselines import Baselines
from perftui.pytest_plugin.timing import Timing
from perftui.report.junit import Case, Suite, run_suite, suites_xml
from perftui.store.loading import LoadedRun, load_folder

_FOLDER = ".perftui"


class Measured(Struct, frozen=True, kw_only=True):
    """One run or one timing of a test."""

    test: str
    name: str
    """Of the preset or the function."""
    verdict: Verdict
    why: str = ""
    timing: Timing | None = None
    run: LoadedRun | None = None
    compared: str = ""
    """Against the baseline, in words; empty without one."""


class _Packed(Struct, frozen=True, kw_only=True):
    """One of them as it goes to another process: its run by the folder."""

    test: str
    name: str
    verdict: Verdict
    why: str
    timing: Timing | None
    folder: str
    compared: str


class PerformanceSession:
    """Collects results, in the order of the tests."""

    def __init__(self, config: pytest.Config) -> None:
        chosen = config.getoption("--perftui-baselines")
        self.baselines = Baselines(Path(chosen) if chosen else config.rootpath / _FOLDER)
        self.saves = bool(config.getoption("--perftui-save"))
        self.warn_only = bool(config.getoption("--perftui-warn-only"))
        self.threshold = _share(config.getoption("--perftui-threshold"))
        self.results: list[Measured] = []
        self.notes: list[str] = []
        self._json, self._junit = config.getoption("--perftui-json"), config.getoption("--perftui-junit")

    def packed(self) -> bytes:
        """All that was measured, for the session that this process belongs to: runs by the folders they are in."""
        return msgspec.json.encode([_packed(measured) for measured in self.results])

    def take(self, packed: bytes) -> None:
        """Add what another process measured."""
        for each in msgspec.json.decode(packed, type=list[_Packed]):
            try:
                run = load_folder(Path(each.folder)) if each.folder else None
            except UsageError as error:
                self.notes += error.problems
            else:
                self.results.append(
                    Measured(
                        test=each.test, name=each.name, verdict=each.verdict, why=each.why, timing=each.timing, run=run,
                        compared=each.compared,
                    )
                )  # fmt: skip

    def write(self) -> None:
        """Write the files that were asked for, and note where they are."""
        for path, text in ((self._json, self._document), (self._junit, self._xml)):
            if not path:
                continue
            try:
                Path(path).write_text(text(), encoding="utf-8")
            except OSError as error:
                self.notes.append(f"{path}: cannot be written: {error.strerror}")
            else:
                self.notes.append(f"written: {path}")

    def _document(self) -> str:
        tests = [_document(measured) for measured in self.results]
        data = {"schema": 1, "kind": "pytest", "tests": tests}
        return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"

    def _xml(self) -> str:
        suites = [
            run_suite(measured.run)
            if measured.run is not None
            else Suite(
                name=f"perftui.{measured.test}",
                cases=(
                    Case(
                        name=measured.name,
                        detail="; ".join(part for part in (measured.why, measured.compared) if part),
                        failed=measured.verdict == "fail",
                    ),
                ),
                seconds=(measured.timing.mean * measured.timing.rounds) if measured.timing else 0.0,
            )
            for measured in self.results
        ]
        return suites_xml(suites)


def _packed(measured: Measured) -> _Packed:
    timing, run = measured.timing, measured.run
    return _Packed(
        test=measured.test, name=measured.name, verdict=measured.verdict, why=measured.why, compared=measured.compared,
        timing=timing and msgspec.structs.replace(timing, value=None), folder=str(run.path) if run else "",
    )  # fmt: skip


def _document(measured: Measured) -> dict[str, object]:
    common = {"test": measured.test, "name": measured.name, "verdict": measured.verdict, "why": measured.why}
    common["compared"] = measured.compared
    if measured.timing is not None:
        stats = msgspec.to_builtins(msgspec.structs.replace(measured.timing, value=None))
        return common | {"timing": {name: value for name, value in stats.items() if name != "value"}}
    assert measured.run is not None
    record = measured.run.record
    return common | {"run": {"id": record.id, "summary": msgspec.to_builtins(record.summary)}}


def session_of(config: pytest.Config, key: pytest.StashKey[PerformanceSession]) -> PerformanceSession:
    """The session's collection, made when the first test asks."""
    if key not in config.stash:
        try:
            config.stash[key] = PerformanceSession(config)
        except UsageError as error:
            raise pytest.UsageError("\n".join(error.problems)) from error
    return config.stash[key]


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 10:
        raise UsageError(f"--perftui-threshold {text!r} is not a share; write per cent, such as 20%")
    return share
