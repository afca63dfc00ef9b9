"""What every test gets: directories of its own, no proxies, and a look at what is left behind."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from textual.pilot import Pilot

from perftui.cli.main import main
from perftui.demo.server import Demo, start_demo
from perftui.model.one_thread import ONE_THREAD
from support.cli import Result
from support.home import (
    MARK,
    Home,
    assert_ended,
    command_of,
    directories,
    new_home,
    orphans_of_this_process,
    processes_in,
)
from support.pilot import still

_LONGEST_ID = 100
_QUICK = ("model", "metrics", "presets", "store", "analysis", "report", "foreign", "engine/load", "test_")
"""Folders of what is computed, and the rules of the house; a test there that starts nothing is quick."""
_STARTED = frozenset({"home", "demo", "start"})
"""Fixtures under which processes run."""
_CRASH_HANDLER = "crashpad"
"""Chromium's has no parent by design, and goes when its browser does."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_TESTS = Path(__file__).parent
_TEMPORARY = "PERFTUI_TESTS_IN"
"""Holds the folder for temporary files of whoever began the test run."""
_GIVEN = tempfile.gettempdir()
"""For a worker that of whoever began the test run: its own folder lies in it, and goes with it however it ends."""
tempfile.tempdir = os.environ.setdefault(_TEMPORARY, _GIVEN)
_ROOT = Path(tempfile.mkdtemp(prefix="pt-all-", dir=_GIVEN))


# How long an example takes to be made or run says how busy the machine is, not whether the code is right.
# Half as many examples as is usual: tests/benchmarks/fuzz.py tries thousands of what comes from outside.
hypothesis.settings.register_profile(
    "perftui", deadline=None, max_examples=50, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("perftui")


# For the processes of pytest-xdist and what they start, as perftui does it for its own.
os.environ.update(ONE_THREAD)
# A thousand processes are started, and several collect: bytecode is kept, whatever this machine's habit is, or each of
# them compiles all modules again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure() -> None:
    """Nothing in this process may touch the user's runs, or ask a proxy."""
    for name in _PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
    # what is started and killed cannot clear away what it has in a temporary folder: it has it below ours
    os.environ.update(directories(_ROOT), **{MARK: str(os.getpid()), "TMPDIR": str(_ROOT)})
    gc.disable()  # until all is imported: see pytest_collection_finish
    # what the tests start would ignore it, too: under nohup, and in the background of a script
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whoever asks for what runs alone need not import files without any: four seconds of each process."""
    if collection_path.is_dir() or not config.option.markexpr.startswith("alone"):
        return None
    return "mark.alone" not in collection_path.read_text() or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as quick what its folder says; what is quick comes last, so that no worker ends long after the others.

    Of those that are alone, what takes the whole machine comes last: nobody has to wait for it. Of a test that is not
    quick and has many cases the first is always run; the others are marked as thorough, and so is what is slow.
    """
    for item in items:
        place = item.path.relative_to(_TESTS).as_posix()
        started = _STARTED.intersection(getattr(item, "fixturenames", ()))
        said = {mark.name for mark in item.iter_markers()}
        if place.startswith(_QUICK) and not started and not said & {"alone", "slow"}:
            item.add_marker("quick")
        elif "quick" not in said and ("slow" in said or _is_further_case(item)):
            item.add_marker("thorough")
    items.sort(key=_place)


def _is_further_case(item: pytest.Item) -> bool:
    """Whether another case of the same test comes before it."""
    case = getattr(item, "callspec", None)
    return case is not None and any(case.indices.values())


def pytest_collection_finish() -> None:
    """Whatever was imported stays: the garbage collector need not look at it again and again."""
    gc.freeze()
    gc.enable()


def _place(item: pytest.Item) -> tuple[bool, bool]:
    names = {mark.name for mark in item.iter_markers()}
    return "quick" in names, "machine" in names and "xdist_group" not in names


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Nothing runs beside what takes the whole machine, in whichever process of the test run."""
    if item.get_closest_marker("alone") is None:
        return (yield)
    whole = item.get_closest_marker("machine") is not None
    with Path(__file__).open("rb") as file:  # its lock goes with it
        fcntl.flock(file, fcntl.LOCK_EX if whole else fcntl.LOCK_SH)
        return (yield)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long values are named by their beginning and length: ids travel between processes and are read by people."""
    text = val if isinstance(val, str) else ascii(val)[2:-1] if isinstance(val, bytes) else ""
    return f"{text[:30]}~{len(text)}" if len(text) > _LONGEST_ID else None


def pytest_unconfigure() -> None:
    """Remove what tests without a home of their own have saved."""
    shutil.rmtree(_ROOT, ignore_errors=True)


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """The demo service, one for all tests."""
    with start_demo() as service:
        yield service


@pytest.fixture
def home() -> Iterator[Home]:
    """Directories for a perftui started by the test; no process of it may be left at the end."""
    with new_home() as made:
        yield made


@pytest.fixture
def call(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """A command in this process, in the test's home: quicker than a process of its own where none is needed."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.path)

    def run(*arguments: str) -> Result:
        for name, value in home.extra.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return run


@pytest.fixture(scope="module", autouse=True)
def _nothing_left() -> Iterator[None]:
    """No runner or worker outlives the module that started it, and nothing at all outlives whoever started it."""
    yield
    engine = [process for process in processes_in(_ROOT) if "perftui.engine" in " ".join(command_of(process))]
    orphans = [each for each in orphans_of_this_process() if _CRASH_HANDLER not in " ".join(command_of(each))]
    assert_ended([*{*engine, *orphans}])


@pytest.fixture
def snap_compare(snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """Compares a picture of the app with the one kept, once the app is at rest after the steps of the test."""

    def compare(app: object, *, run_before: Callable[[Pilot[Any]], Awaitable[None]], **options: object) -> bool:
        async def steps(pilot: Pilot[Any]) -> None:
            await run_before(pilot)
            await still(pilot)

        return snap_compare(app, run_before=steps, **options)

    return compare
