"""The plugin in sessions of pytest of its own, with real functions and the demo service."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest

from perftui.demo.server import Demo
from perftui.pytest_plugin import performance, plugin
from perftui.pytest_plugin.table import timing_text
from perftui.pytest_plugin.timing import timing_of

TIMINGS = """
import asyncio, time, pytest

def test_quick(perftui):
    timing = perftui.benchmark(sum, [1, 2, 3], objectives=["mean < 1s"])
    assert timing.value == 6
    assert timing.rounds >= 5 and timing.iterations > 1
    assert 0 < timing.min <= timing.median <= timing.max
    assert timing.ops == pytest.approx(1 / timing.mean)

@pytest.mark.perftui(rounds=7, warmup=2)
def test_rounds(perftui):
    calls = []
    timing = perftui.benchmark(lambda: calls.append(time.sleep(0.001)))
    assert (timing.rounds, timing.iterations, len(calls)) == (7, 1, 9)
    assert timing.min >= 0.001

@pytest.mark.perftui(rounds=5)
def test_asynchronous(perftui):
    async def work(seconds):
        await asyncio.sleep(seconds)
        return "done"
    assert perftui.benchmark(work, seconds=0.002).value == "done"

@pytest.mark.perftui(rounds=5)
def test_slow(perftui):
    perftui.benchmark(time.sleep, 0.005, objectives=["median < 1ms", "max < 10s"])
"""


LOADED = performance
"""Before a session within this process takes stock of the modules: numpy cannot be loaded twice."""
OTHERS = tuple(option for name in ("syrupy", "textual-snapshot", "hypothesispytest") for option in ("-p", f"no:{name}"))
"""Plugins that keep to themselves what there is once per process."""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    """A project whose runs are kept beside it; its session must not load this suite's options."""
    for name in ("DATA", "CONFIG", "RUNTIME"):
        monkeypatch.setenv(f"PERFTUI_{name}_DIR", str(tmp_path / name.lower()))
    return pytester


def _run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_inprocess("-q", *OTHERS, *arguments)


def test_functions_are_timed_and_judged(project: pytest.Pytester) -> None:
    project.makepyfile(TIMINGS)
    result = _run(project, "--perftui-json", "out.json", "--perftui-junit", "out.xml")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*p50 is * ms, limit < 1.00 ms", "*written: out.json", "*written: out.xml"])
    result.stdout.fnmatch_lines(["*perftui*", "*test *min*max*mean*stddev*median*iqr*outliers*ops/s*rounds*"])
    tests = json.loads((project.path / "out.json").read_text())["tests"]
    assert [test["verdict"] for test in tests] == ["pass", "none", "none", "fail"]
    assert tests[1]["timing"]["rounds"] == 7
    cases = ElementTree.parse(project.path / "out.xml").getroot()
    assert (cases.get("tests"), cases.get("failures")) == ("4", "1")


def test_a_run_is_a_test_whose_failure_is_the_summary(project: pytest.Pytester, demo: Demo) -> None:
    project.makepyfile(f"""
        def test_holds(perftui):
            record = perftui.run("health", "{demo.url}", rate=20, duration=1, warmup=0, objectives=["error_rate < 1%"])
            assert record.summary.total.counts.ok == 20

        def test_fails(perftui):
            perftui.run("health", "{demo.url}/fail?rate=1", rate=20, duration=1, warmup=0,
                        objectives=["error_rate < 1%"])

        def test_mistake(perftui):
            perftui.run("health", "{demo.url}", objectives=["error_rat < 1%"])
    """)
    result = _run(project)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["error_rate is 100 %, limit < 1.0 %*", "*20 scheduled in 1s: 20 errors*", "*'error_rat' is not a metric*"]
    )
    result.stdout.fnmatch_lines(["*test*ok/s*p50 ms*p95 ms*errors*trust*"])


@pytest.mark.parametrize("mark", ["rounds='x'", "max_time=float('nan')", "warmup=-3", "threshold=None"])
def test_a_mark_that_says_nothing_is_told_in_a_line(project: pytest.Pytester, mark: str) -> None:
    project.makepyfile(f"""
        import pytest

        @pytest.mark.perftui({mark})
        def test_sum(perftui):
            perftui.benchmark(sum, [1])
    """)
    result = _run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*the mark perftui: {mark.partition('=')[0]} is *, not a number from 0*"])


def test_of_several_measurements_each_has_its_name(project: pytest.Pytester, demo: Demo) -> None:
    project.makepyfile(f"""
        def test_both(perftui):
            perftui.run("health", "{demo.url}", duration=1, warmup=0, check=False)
            perftui.benchmark(sum, [1])
    """)
    _run(project, "--perftui-json", "out.json").assert_outcomes(passed=1)
    told = json.loads((project.path / "out.json").read_text())
    assert [each["test"].partition("::")[2] for each in told["tests"]] == ["test_both", "test_both #2"]


@pytest.mark.alone
def test_baselines_are_kept_by_test(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import os, time, pytest

        @pytest.mark.perftui(rounds=20)
        @pytest.mark.parametrize("name", ["a/b", "c"])
        def test_sleep(perftui, name):
            slow = 0.026 if name == "c" and os.environ.get("SLOW") else 0
            perftui.benchmark(time.sleep, 0.004 + slow)
    """)
    _run(project, "--perftui-save").assert_outcomes(passed=2)
    assert len(list((project.path / ".perftui").glob("*.timing.json"))) == 2
    limit = "--perftui-threshold", "200%"  # a busy machine takes half as long again
    _run(project, *limit).assert_outcomes(passed=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLOW", "1")
        result = _run(project, *limit)
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.re_match_lines([r"mean \+\d+ %, beyond 200 % and beyond doubt"])
        _run(project, *limit, "--perftui-warn-only").assert_outcomes(passed=2)
        _run(project, "--perftui-threshold", "900%").assert_outcomes(passed=2)


def test_results_of_pytest_benchmark_are_a_baseline(project: pytest.Pytester) -> None:
    test = project.makepyfile("""
        import time, pytest

        @pytest.mark.perftui(rounds=10)
        def test_sleep(perftui):
            perftui.benchmark(time.sleep, 0.005)
    """)
    stats = {"min": 0.0009, "max": 0.0012, "mean": 0.001, "stddev": 0.0001, "rounds": 50, "median": 0.001, "iqr": 0.0}
    benchmark = {"name": "test_sleep", "fullname": f"{test.name}::test_sleep", "stats": stats}
    (project.path / "old.json").write_text(json.dumps({"benchmarks": [benchmark], "version": "5.1.0"}))
    result = _run(project, "--perftui-baselines", "old.json")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([r"mean \+\d{3,} %, beyond 20 % and beyond doubt"])


def test_tests_that_measure_can_be_skipped(project: pytest.Pytester) -> None:
    project.makepyfile(TIMINGS)
    _run(project, "--perftui-skip").assert_outcomes(skipped=4)


def test_tests_that_measure_can_be_chosen_by_a_mark(project: pytest.Pytester) -> None:
    project.makepyfile("def test_measures(perftui):\n    perftui.benchmark(sum, [1])\n\ndef test_other():\n    pass\n")
    chosen = _run(project, "--strict-markers", "-m", "performance")
    chosen.assert_outcomes(passed=1, deselected=1)
    chosen.stdout.fnmatch_lines(["*= perftui =*"])
    others = _run(project, "--strict-markers", "-m", "not performance")
    others.assert_outcomes(passed=1, deselected=1)
    others.stdout.no_fnmatch_line("*= perftui =*")


def test_nothing_is_imported_that_no_test_uses(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import sys

        def test_nothing():
            loaded = [name for name in sys.modules if name.startswith("perftui.")]
            assert loaded == ["perftui.pytest_plugin", "perftui.pytest_plugin.plugin"]
            assert not {"numpy", "httpx", "textual", "msgspec"} & set(sys.modules)
    """)
    project.runpytest_subprocess("-q", *OTHERS, timeout=100).assert_outcomes(passed=1)


def test_times_have_the_unit_that_suits_them() -> None:
    told = timing_text("work", timing_of([0.000_000_5, 0.000_002, 0.003, 4.0]))
    assert "500 ns" in told
    assert "4.00 s" in told


def test_mistakes_are_said(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        @pytest.mark.perftui(round=3)
        def test_mark(perftui):
            pass

        def test_objective(perftui):
            perftui.benchmark(len, "", objectives=["speed < 3"])
    """)
    result = _run(project)
    result.stdout.fnmatch_lines(["*the mark perftui has no round; it has rounds, warmup, max_time and threshold"])
    result.stdout.fnmatch_lines(["*'service_time.speed' is not a metric*"])
    threshold = _run(project, "--perftui-threshold", "much")
    threshold.stdout.fnmatch_lines(["*--perftui-threshold 'much' is not a share; write per cent, such as 20%"])


def test_statistics_are_those_that_benchmarks_have() -> None:
    timing = timing_of([5.0, 1.0, 2.0, 3.0, 4.0, 100.0])
    assert (timing.min, timing.max, timing.rounds) == (1, 100, 6)
    assert timing.median == 3.5
    assert timing.iqr == pytest.approx(timing.q3 - timing.q1)
    assert (timing.q1, timing.q3) == (2.25, 4.75)
    assert timing.outliers == "1;1"
    assert (timing.p95, timing.p99) == (100, 100)
    alone = timing_of([2.0])
    assert (alone.stddev, alone.iqr, alone.outliers) == (0, 0, "0;0")


def test_the_plugin_is_found_by_its_entry_point() -> None:
    [entry] = [each for each in entry_points(group="pytest11") if each.name == "perftui"]
    assert entry.value == plugin.__name__
