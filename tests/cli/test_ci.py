"""What a GitHub workflow is told: annotations, the job's summary, and the steps of our action, run by bash."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from perftui.demo.server import Demo
from perftui.store.loading import load_file
from perftui.store.records import write_record
from support.cli import Result, run_cli, write_preset
from support.home import Home
from support.judged import expected
from support.presets import preset_text

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "perftui" / "action.yml"
OBJECTIVES = [
    {"metric": "error_rate", "target": "< 0.1%", "critical": "< 1%"},
    {"metric": "response_time.p50", "target": "< 1us", "critical": "< 1h"},
    {"metric": "throughput", "target": "> 1/s"},
]


def _preset(home: Home, demo: Demo, path: str) -> str:
    return write_preset(home, preset_text(demo.url, {"one": path}, objectives=OBJECTIVES))


def test_a_line_per_objective_and_a_summary(home: Home, demo: Demo) -> None:
    summary = home.path / "summary.md"
    summary.write_text("before\n")
    home.extra.update(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    result = run_cli(home, "run", _preset(home, demo, "/fail?rate=0.6"), "--headless")
    assert result.code == expected(home, 13)
    commands = [line for line in result.stderr.splitlines() if line.startswith("::")]
    failed = next(line for line in commands if line.startswith("::error title=perftui test::"))
    assert re.fullmatch(r".*::fail: error_rate \d\d.\d %25 \(target < 0.1\d* %25, critical < 1.0 %25\)", failed)
    assert any(line.startswith("::warning title=perftui test::warn: response_time.p50 ") for line in commands)
    assert any(line.startswith("::notice title=perftui test::pass: throughput ") for line in commands)
    text = summary.read_text()
    assert text.startswith("before\n### test")
    assert "| ✗ fail | error\\_rate | " in text
    assert not result.stdout.startswith("::")


@pytest.mark.slow
def test_what_does_not_block_is_no_error(home: Home, demo: Demo) -> None:
    home.extra.update(GITHUB_ACTIONS="true")
    result = run_cli(home, "run", _preset(home, demo, "/fail?rate=0.6"), "--headless", "--warn-only")
    assert result.code == 0
    assert "::error" not in result.stderr
    assert "::warning title=perftui test::fail: error_rate" in result.stderr


@pytest.mark.slow
def test_elsewhere_nothing_is_said(home: Home, demo: Demo) -> None:
    assert "::" not in run_cli(home, "run", _preset(home, demo, "/health"), "--headless").stderr.replace("::1", "")


def _step(name: str, inputs: dict[str, str], home: Home, output: Path) -> subprocess.CompletedProcess[str]:
    """A step of the action, as the runner of a workflow would run it."""
    action: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    values = {key: str(one.get("default", "")) for key, one in action["inputs"].items()} | inputs
    step = next(step for step in action["runs"]["steps"] if step["name"] == name)
    assert step["shell"] == "bash"
    given = {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: values[match[1]], text)
        for key, text in step.get("env", {}).items()
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = home.environment | given | {"PATH": path, "GITHUB_OUTPUT": str(output), "GITHUB_ACTIONS": "true"}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env=environment, cwd=home.path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "verdict"),
    [(("/health", "false"), 0, "warn"), (("/fail?rate=1", "false"), 13, "fail"), (("/fail?rate=1", "true"), 0, "fail")],
)
def test_the_steps_of_the_action(home: Home, demo: Demo, given: tuple[str, str], code: int, verdict: str) -> None:
    path, warn_only = given
    output = home.path / "output"
    inputs = {
        "preset": _preset(home, demo, path), "arguments": "--label ci --rate 20", "warn-only": warn_only,
        "baseline": "none.json", "package": "no-such-package",
    }  # fmt: skip
    installed = _step("Install perftui", inputs, home, output)
    assert installed.returncode == 0, installed.stderr
    assert installed.stdout.startswith("perftui ")
    done = _step("Run", inputs, home, output)
    assert done.returncode == (0 if warn_only == "true" else expected(home, code)), done.stderr
    said = dict(line.split("=") for line in output.read_text().splitlines())
    assert said == {"exit-code": str(done.returncode), "verdict": verdict}
    assert sorted(file.name for file in (home.path / "perftui-reports").iterdir()) == [
        "run.html",
        "run.json",
        "run.xml",
    ]


def test_a_mistake_ends_the_action(home: Home) -> None:
    output = home.path / "output"
    done = _step("Run", {"preset": "no-such-preset"}, home, output)
    assert done.returncode == 2
    assert output.read_text() == "exit-code=2\nverdict=none\n"


def test_a_trend_that_gets_worse_fails(home: Home, call: Callable[..., Result]) -> None:
    recorded = load_file(Path(__file__).parents[1] / "report" / "data" / "shop.json").record
    for day in range(1, 11):
        times = replace(recorded.summary.total.response_time_ms, p95=90.0 if day == 10 else 44.0 + day % 3)
        summary = replace(recorded.summary, total=replace(recorded.summary.total, response_time_ms=times))
        folder = home.runs / f"run-{day:02}"
        folder.mkdir(parents=True, mode=0o700)
        started_at = f"2026-11-{day:02}T09:00:00.000+00:00"
        changed = replace(recorded, id=folder.name, started_at=started_at, steered=False, summary=summary)
        write_record(folder, changed)
    result = call("trend", "shop", "--fail-on-regression")
    assert result.code == 10, result.stderr
    assert "regression: response_time.p95 of run-10 is 90.0 ms, 45.0 ms before" in result.stderr
    assert call("trend", "shop", "--fail-on-regression", "--warn-only").code == 0
    assert call("trend", "shop").code == 0
