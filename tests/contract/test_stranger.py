"""The command line in the environment that has the stranger's package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.echo_server import echo_server

pytestmark = pytest.mark.xdist_group("the stranger's environment")

PRESET = """schema = 1
name = "lines"
[load]
users = 2
duration = "1s"
max_requests = 50
[[operations]]
say = "hello ${fake:word}"
checks = [{ contains = "hello" }]
"""


def perftui(environment: Path, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program of that environment, which does not get the path that other tests give their workers."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [
            environment / "bin" / "python",
            "-c",
            "import sys; from perftui.cli.main import main; sys.exit(main())",
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**inherited, "PERFTUI_DATA_DIR": str(tmp_path / "data")},
    )


def test_a_preset_of_the_strangers_protocol_runs(strange_environment: Path, tmp_path: Path) -> None:
    preset = tmp_path / "lines.toml"
    preset.write_text(PRESET)
    with echo_server() as server:
        url = f"echo://127.0.0.1:{server.port}"
        done = perftui(strange_environment, tmp_path, "run", str(preset), url, "--headless", "--format", "json")
        assert done.returncode == 0, done.stderr
        counts = json.loads(done.stdout)["whole_run"]
        assert counts["ok"] == counts["scheduled"] == server.lines == 50

        probed = perftui(strange_environment, tmp_path, "probe", str(preset), url)
        assert probed.returncode == 0, probed.stderr
        assert "> say hello" in probed.stdout


def test_a_misspelt_key_is_found_by_the_strangers_own_keys(strange_environment: Path, tmp_path: Path) -> None:
    preset = tmp_path / "lines.toml"
    preset.write_text(PRESET.replace("checks =", "cheks ="))
    done = perftui(strange_environment, tmp_path, "presets", "check", str(preset))
    assert done.returncode == 2
    assert "operations[0].cheks: unknown key; did you mean 'checks'?" in done.stderr


def test_without_the_package_the_scheme_is_not_spoken(tmp_path: Path) -> None:
    preset = tmp_path / "lines.toml"
    preset.write_text(PRESET.replace('[[operations]]\nsay = "hello ${fake:word}"', '[[operations]]\npath = "/"'))
    done = perftui(Path(sys.prefix), tmp_path, "run", str(preset), "echo://127.0.0.1:7")
    assert done.returncode == 2
    assert "echo:// is not spoken; known: " in done.stderr
    assert "http://" in done.stderr
