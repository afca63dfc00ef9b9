"""perftui in a container: a user that the system does not know, no home, one folder to write in, no terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.store import paths
from support.cli import PERFTUI, Result
from support.home import Home

UID = 54321
_READS = "-all,+dac_read_search"
_SETPRIV = shutil.which("setpriv")

needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or _SETPRIV is None,
    reason="only root becomes a user that the system does not know, with setpriv",
)
Contained = Callable[..., Result]


def _may_mount() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    script = "mount --make-rprivate / && mount -o remount,ro,bind / && ! touch /written 2>/dev/null"
    return subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, check=False).returncode == 0


@pytest.fixture
def contained(home: Home) -> Iterator[Contained]:
    """A command as such a user: it may read everything, as in an image, and write in one folder."""
    folder = home.path / "only"
    folder.mkdir()
    os.chown(folder, UID, UID)
    home.path.chmod(0o755)

    def run(*arguments: str, around: Sequence[str] = (), **environment: str) -> Result:
        done = subprocess.run(
            [
                *around,
                str(_SETPRIV), f"--reuid={UID}", f"--regid={UID}", "--clear-groups",
                *(f"--{kind}={_READS}" for kind in ("inh-caps", "ambient-caps", "bounding-set")),
                PERFTUI, *arguments,
            ],
            env={"PATH": "/usr/bin:/bin", "LANG": "C", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=60,
            start_new_session=True,
            check=False,
        )  # fmt: skip
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    yield run
    # nothing of it lies elsewhere: what is set is all that is used
    assert not list(Path("/tmp").glob(f"perftui-{UID}"))


@pytest.mark.slow
@needs_root
def test_a_run_in_a_container_works_with_what_is_set(contained: Contained, home: Home, demo_url: str) -> None:
    folder = home.path / "only"
    places = {"PERFTUI_DATA_DIR": str(folder), "TMPDIR": str(folder)}
    load = ("-z", "1s", "--warmup", "0s", "-c", "2")
    result = contained(f"{demo_url}/health", *load, "--format", "json", "-o", str(folder / "r.json"), **places)
    assert result.code in {0, 12}, result.stderr  # as busy as this machine is
    assert "Traceback" not in result.stderr
    for command in (("runs",), ("export", "--format", "html"), ("presets",), ("trend",), ("doctor",)):
        result = contained(*command, **places)
        assert (result.code, "Traceback" in result.stderr) == (0, False), (command, result.stderr)


@needs_root
@pytest.mark.skipif(not _may_mount(), reason="no mount namespace may be made here")
def test_a_run_where_all_but_one_folder_is_read_only(contained: Contained, home: Home, demo_url: str) -> None:
    folder = str(home.path / "only")
    script = f"""
    mount --make-rprivate / && mount --bind {folder} {folder} && mount -o remount,ro,bind /
    ! touch {home.path}/written 2>/dev/null && exec "$@"
    """
    load = ("--rate", "20", "-d", "1s", "--warmup", "0s")
    places = {"PERFTUI_DATA_DIR": folder, "TMPDIR": folder}
    around = ("unshare", "-m", "sh", "-c", script, "sh")
    result = contained("run", "health", demo_url, *load, around=around, **places)
    assert result.code in {0, 12, 13}, result.stderr
    assert "Traceback" not in result.stderr
    assert "Saved: " in result.stdout


@pytest.mark.slow
@needs_root
def test_without_a_folder_one_line_names_what_to_set(contained: Contained, demo_url: str) -> None:
    for command in (("run", "health", demo_url), ("runs",), (f"{demo_url}/health",), ("watch",)):
        result = contained(*command)
        assert result.code == 2
        assert result.stderr.count("\n") == 1
        assert "PERFTUI_DATA_DIR" in result.stderr
    assert contained("presets").code == 0


def test_where_nothing_temporary_can_be_sockets_lie_beside_the_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none() -> str:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("tempfile.gettempdir", none)
    monkeypatch.delenv("PERFTUI_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("PERFTUI_DATA_DIR", str(tmp_path))
    assert paths.runtime_directory() == tmp_path / "run"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PERFTUI_DATA_DIR", "PERFTUI_CONFIG_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as the system does for a user it does not know
    with pytest.raises(UsageError, match="PERFTUI_DATA_DIR"):
        paths.runs_directory()
