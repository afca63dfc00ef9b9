"""Where results go: a file of its own, never in the place of something that is no file."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Result
from support.home import Home

Call = Callable[..., Result]
SCHEMA = ("presets", "schema", "--output")


def test_a_new_file_is_as_readable_as_any_other(call: Call, home: Home) -> None:
    before = os.umask(0o027)
    try:
        assert call(*SCHEMA, "new.json").code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((home.path / "new.json").stat().st_mode) == 0o640
    assert (home.path / "new.json").read_text().endswith("}")


def test_an_existing_file_keeps_its_mode_and_its_link(call: Call, home: Home) -> None:
    file, link = home.path / "kept.json", home.path / "link.json"
    file.write_text("old")
    file.chmod(0o604)
    link.symlink_to(file)
    assert call(*SCHEMA, str(link)).code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o604
    assert file.read_text().startswith("{")


def test_a_pipe_is_written_to_and_not_replaced(call: Call, home: Home) -> None:
    """As /dev/null and /dev/stdout, which root could replace."""
    pipe = home.path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert call(*SCHEMA, str(pipe)).code == 0
    reader.join(10)
    assert received[0].startswith(b"{")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_dash_is_stdout(call: Call, home: Home) -> None:
    result = call(*SCHEMA, "-")
    assert (result.code, result.stdout[0]) == (0, "{")
    assert not (home.path / "-").exists()


@pytest.mark.parametrize("output", ["nothere/result.json", "file/result.json"])
def test_where_nothing_can_be_written_is_told_before_the_run(call: Call, home: Home, output: str) -> None:
    (home.path / "file").write_text("")
    result = call("run", "read", "http://127.0.0.1:9", "--headless", "--output", output)
    assert result.code == 2
    assert f"{output}: the folder {Path(home.path / output).parent} does not exist" in result.stderr
