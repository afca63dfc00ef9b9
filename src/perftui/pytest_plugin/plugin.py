"""What pytest loads: options, the fixture, the table at the end. Nothing else is imported until a test uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from perftui.pytest_plugin.performance import Performance
    from perftui.pytest_plugin.session import PerformanceSession

_SESSION: pytest.StashKey[PerformanceSession] = pytest.StashKey()
_OUTPUT = "perftui"
"""Under which name processes of pytest-xdist hand over what they measured."""
_FIXTURE = "perftui"
_MEASURES = "performance"
"""The mark by which teams start such tests: `pytest -m performance`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all beginning with --perftui."""
    group = parser.getgroup("perftui", "load tests and timings")
    group.addoption("--perftui-json", metavar="FILE", help="Write what was measured as JSON.")
    group.addoption("--perftui-junit", metavar="FILE", help="Write objectives and comparisons as JUnit XML.")
    group.addoption("--perftui-save", action="store_true", help="Make what is measured the baseline of each test.")
    group.addoption(
        "--perftui-baselines", metavar="PATH", default="",
        help="Folder of the baselines (.perftui in the root directory), or a JSON file of pytest-benchmark.",
    )  # fmt: skip
    group.addoption(
        "--perftui-threshold", metavar="SHARE", default="20%", help="Change that counts as a regression.  [20%%]"
    )
    group.addoption("--perftui-warn-only", action="store_true", help="No objective and no regression fails a test.")
    group.addoption("--perftui-skip", action="store_true", help="Skip the tests that measure.")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    config.addinivalue_line(
        "markers", f"{_MEASURES}: measures with the fixture perftui, which marks a test so by itself"
    )
    config.addinivalue_line(
        "markers",
        "perftui(rounds=…, warmup=…, max_time=…, threshold=…): how the perftui fixture of this test measures",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what measures, before `-m` chooses, and skip it when it is not wanted now."""
    skipped = config.getoption("--perftui-skip")
    for item in items:
        if _FIXTURE not in getattr(item, "fixturenames", ()):
            continue
        item.add_marker(_MEASURES)
        if skipped:
            item.add_marker(pytest.mark.skip(reason="--perftui-skip"))


@pytest.fixture
def perftui(request: pytest.FixtureRequest) -> Performance:
    """Runs presets (`perftui.run`) and times functions (`perftui.benchmark`)."""
    from perftui.pytest_plugin.performance import Performance
    from perftui.pytest_plugin.session import session_of

    session = session_of(request.config, _SESSION)
    mark = request.node.get_closest_marker("perftui")
    if mark and mark.args:
        pytest.fail(f"the mark perftui takes names: not {mark.args[0]!r}, but such as rounds=20", pytrace=False)
    return Performance(session, request.node.nodeid, dict(mark.kwargs) if mark else {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table of all that was measured, and where it was written."""
    session = config.stash.get(_SESSION, None)
    if session is None:
        return
    from perftui.pytest_plugin.table import summary_lines

    terminalreporter.section("perftui")
    for line in [*summary_lines(session.results), *session.notes]:
        terminalreporter.line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """A process of pytest-xdist has ended: what it measured belongs to the session."""
    packed = getattr(node, "workeroutput", {}).get(_OUTPUT)
    if packed:
        from perftui.pytest_plugin.session import session_of

        session_of(node.config, _SESSION).take(packed)  # type: ignore[attr-defined]  # of pytest-xdist, which may be missing


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the artifacts, also of nothing: what an earlier session wrote is not what this one measured."""
    config = session.config
    measured = config.stash.get(_SESSION, None)
    if hasattr(config, "workeroutput"):
        if measured is not None:
            config.workeroutput[_OUTPUT] = measured.packed()
        return
    if measured is None and (config.getoption("--perftui-json") or config.getoption("--perftui-junit")):
        from perftui.pytest_plugin.session import session_of

        measured = session_of(config, _SESSION)
    if measured is not None:
        measured.write()
