"""A runner that is killed leaves what it made on the target: said at once, removed by `runs recover --clean`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from perftui.demo.server import Demo
from perftui.engine.fleet import node_facts
from perftui.model.errors import UsageError
from perftui.store.leftovers import LEFTOVERS_NAME, Leftovers, read_leftovers
from support.cli import run_cli, start_cli
from support.home import Home
from support.waiting import wait_until

WRITE = ("run", "write", "--rate", "30", "--warmup", "0s", "--headless")


def items(demo: Demo) -> int:
    return int(httpx.get(f"{demo.url}/api/items?page=1&size=1", timeout=5).json()["total"])


def killed(home: Home, demo: Demo) -> int:
    """Items that a run left whose runner was killed after it had told of some."""
    before = items(demo)
    with start_cli(home, *WRITE, demo.url, "--duration", "30s") as process:
        wait_until(lambda: bool(home.run_folders()), 60, "a run folder")
        file = home.run_folders()[0] / LEFTOVERS_NAME
        wait_until(lambda: file.exists() and file.read_bytes().count(b"\n") > 20, 60, "what is left to clean up")
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_until(lambda: run_cli(home, "runs", "list", "--format", "json").json[0]["status"] == "interrupted", 10, "end")
    return items(demo) - before


def test_what_a_killed_run_made_is_told_and_removed(home: Home, demo: Demo) -> None:
    before = items(demo)
    left = killed(home, demo)
    assert left > 20
    folder = home.run_folders()[0]
    assert (folder / LEFTOVERS_NAME).stat().st_mode & 0o777 == 0o600
    told = run_cli(home, "runs", "recover")
    assert told.code == 0
    assert f"`perftui runs recover --clean {folder.name}` removes it" in told.stderr
    assert "what the run made is still on the target" in " ".join(run_cli(home, "runs", "show").stdout.split())
    cleaned = run_cli(home, "runs", "recover", "--clean", "-y")
    assert cleaned.code == 0, cleaned.stderr
    # what the workers had not told of when their runner died is known to nobody: at most a second of it
    assert items(demo) - before <= 45
    assert items(demo) - before < left
    assert not (folder / LEFTOVERS_NAME).exists()
    assert "still on the target" not in run_cli(home, "runs", "show").stdout


@pytest.mark.slow
def test_a_run_that_cleaned_up_leaves_no_list(home: Home, demo: Demo) -> None:
    before = items(demo)
    result = run_cli(home, *WRITE, demo.url, "--duration", "1s", "--warn-only")
    assert result.code == 0, result.stderr
    assert items(demo) == before
    assert not (home.run_folders()[0] / LEFTOVERS_NAME).exists()
    nothing = run_cli(home, "runs", "recover", "--clean", "latest")
    assert (nothing.code, "nothing is left to clean up" in nothing.stderr) == (2, True)


def test_a_damaged_list_is_refused_and_an_unfinished_line_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / LEFTOVERS_NAME
    file.write_bytes(b'{"values":{"a":"1"}}\n{"values":{"id":"7"},"by_load":true}\n{"values":{"id":')
    assert read_leftovers(tmp_path) == ({"a": "1"}, [{"id": "7"}])
    for damage in (b"no json\n", b'{"values":[]}\n', b"[" * 5000 + b"\n"):
        file.write_bytes(damage)
        with pytest.raises(UsageError, match="is damaged: nothing was sent"):
            read_leftovers(tmp_path)


def test_secrets_are_not_on_the_list(tmp_path: Path) -> None:
    leftovers = Leftovers(tmp_path, {"id", "token"}, ["canary"])
    leftovers.keep([{"id": "1", "token": "t", "other": "x"}, {"id": "canary"}])
    leftovers.close()
    assert (tmp_path / LEFTOVERS_NAME).read_text() == '{"values":{"id":"1"},"by_load":true}\n'


def test_files_of_a_killed_machine_are_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And by itself when it ends without having been told to."""
    monkeypatch.setattr(node_facts, "_IN_MEMORY", tmp_path)
    program = (
        "import sys\nfrom pathlib import Path\nfrom perftui.engine.fleet import node_facts\n"
        f"node_facts._IN_MEMORY = Path({str(tmp_path)!r})\n"
        "print(node_facts.unpack_files({'/a/b.pem': b'secret'})[0], flush=True)\nsys.stdin.read()\n"
    )
    for is_killed in (True, False):
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as machine:
            assert machine.stdout is not None
            folder = Path(machine.stdout.readline().decode().strip())
            assert [file.read_bytes() for file in folder.rglob("*.pem")] == [b"secret"]
            if is_killed:
                machine.kill()
        assert folder.exists() == is_killed
    own, _ = node_facts.unpack_files({"/c/d.pem": b"of another run"})

    assert list(tmp_path.iterdir()) == [Path(own)]
    node_facts.unpack_files({}, own)
    assert not list(tmp_path.iterdir())
