"""Pipes, devices and huge files where a file is expected: refused at once, never waited for, never read without end."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Result, write_preset
from support.home import Home
from support.presets import preset_text
from support.recorded_runs import RECORDED, install

pytestmark = pytest.mark.timeout(40)
"""On a busy machine; whoever waits for a pipe waits for ever."""
Call = Callable[..., Result]
URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("name", ["journal.jsonl", "run.toml", "overview.jsonl"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_one_broken_run_hides_no_other(home: Home, call: Call, name: str, make: Callable[[Path], None]) -> None:
    good = install("read", home.runs).name
    broken = home.runs / "20261120-000000-broken-0000"
    shutil.copytree(RECORDED / "report", broken)
    (broken / name).unlink(missing_ok=True)
    make(broken / name)
    if name == "journal.jsonl":
        (broken / "run.toml").unlink()

    listed = call("runs")
    assert listed.code == 0, listed.stderr
    assert good in listed.stdout
    said = "is not a file" in listed.stdout or "holds neither a record nor a journal" in listed.stdout
    assert said or name == "overview.jsonl"
    assert call("runs", "show", "latest").code == 0
    assert "internal" not in call("export", broken.name).stderr
    assert "internal" not in call("runs", "recover", broken.name).stderr
    assert call("runs", "prune", "--keep", "2", "-y").code == 0
    assert call("runs", "delete", "-y", broken.name).code == 0
    assert [path.name for path in home.runs.iterdir() if path.is_dir()] == [good]


@pytest.mark.parametrize("name", [".index.json", "../baselines.json"])
def test_a_list_that_is_a_pipe_is_not_waited_for(home: Home, call: Call, name: str) -> None:
    good = install("read", home.runs).name
    os.mkfifo(home.runs / name)

    assert good in call("runs").stdout
    assert "internal" not in call("baseline", "show").stderr


@pytest.mark.parametrize("kind", ["pipe", "endless", "huge"])
@pytest.mark.parametrize("place", ["body_file", "multipart", "ca_file", "data", "${file:}"])
def test_what_a_preset_names_is_a_file_of_bounded_size(home: Home, call: Call, place: str, kind: str) -> None:
    file = home.path / "thing"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "endless":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as sparse:
            sparse.truncate(300 * 1024 * 1024)
    operation: dict[str, object] = {"name": "send", "method": "POST", "path": "/"}
    target: dict[str, object] = {}
    extra = ""
    if place == "body_file":
        operation["body_file"] = "thing"
    elif place == "multipart":
        operation["multipart"] = [{"name": "file", "file": "thing"}]
    elif place == "ca_file":
        target["tls"] = {"ca_file": "thing"}
    elif place == "data":
        extra = '\n[[data]]\nname = "users"\nfile = "thing"\n'
        operation["path"] = "/${data:users.name}"
    else:
        operation["headers"] = {"X-Key": "${file:thing}"}
    text = preset_text(URL, [operation], target=target) + extra

    result = call("run", write_preset(home, text), "--headless")

    assert result.code == 2, result.stderr
    assert ("larger than" if kind == "huge" else "is not a file") in result.stderr
    assert "thing" in result.stderr


def test_a_pipe_among_the_presets_is_listed_as_broken(home: Home, call: Call) -> None:
    (home.path / "presets").mkdir()
    os.mkfifo(home.path / "presets" / "pipe.toml")

    listed = call("presets", "list")
    assert "health" in listed.stdout
    assert "pipe" in listed.stdout
    for command in (("presets", "check", "pipe"), ("run", "pipe", URL), ("run", "presets/pipe.toml", URL)):
        assert "is not a file" in call(*command).stderr


def test_what_is_given_on_the_command_line_may_be_a_pipe(home: Home, call: Call) -> None:
    """As `<(...)` of a shell is."""
    for name, text in (("headers", "X-Key: a\n"), ("commands", "curl http://127.0.0.1:9/x\n")):
        os.mkfifo(home.path / name)
        threading.Thread(target=(home.path / name).write_text, args=(text,), daemon=True).start()

    assert call("run", "health", URL, "--header", f"@{home.path / 'headers'}", "--headless").code == 14
    assert 'path = "/x"' in call("presets", "import", str(home.path / "commands")).stdout
    assert "is not a file" in call("runs", "show", "./headers").stderr


@pytest.mark.parametrize("place", ["hosts", "module"])
def test_what_goes_to_a_cluster_is_a_file(home: Home, call: Call, place: str) -> None:
    text = preset_text("", [{"name": "count", "call": "shop:count"}]).replace('[target]\nurl = ""\n', "")
    (home.path / "shop.py").write_text("def count(ctx):\n    pass\n", encoding="utf-8")
    os.mkfifo(home.path / ("hosts" if place == "hosts" else "pipe.py"))
    cluster = "ssh:hosts" if place == "hosts" else "local:1"

    result = call("run", write_preset(home, text), "--headless", "--cluster", cluster)

    assert result.code == 2, result.stderr
    assert "is not a file" in result.stderr
