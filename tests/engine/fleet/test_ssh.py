"""Machines reached over SSH: a real login to this one, with keys made for the test."""

from __future__ import annotations

import getpass
import shutil
import sys
from pathlib import Path

import pytest

from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import UnreachableError
from support.cluster_runs import WatchedRun, cluster_plan
from support.nginx import nginx
from support.ssh import Ssh, ssh_server
from support.waiting import free_port

pytestmark = pytest.mark.xdist_group("cluster")

_SSH = shutil.which("ssh")


def use_keys(server: Ssh, folder: Path, monkeypatch: pytest.MonkeyPatch, strict: str = "no") -> None:
    """The user's own ssh would know its key and the host from its configuration."""
    program = folder / "bin" / "ssh"
    program.parent.mkdir(exist_ok=True)
    options = f"-F none -i {server.directory}/user -o StrictHostKeyChecking={strict} -o UserKnownHostsFile=/dev/null"
    program.write_text(f'#!/bin/sh\nexec {_SSH} {options} "$@"\n', encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.mark.slow
def test_hosts_of_a_file_send_and_are_left_as_they_were(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ssh_server() as logins, nginx() as server:
        use_keys(logins, empty_home, monkeypatch)
        host = f"ssh://{getpass.getuser()}@127.0.0.1:{logins.port}"
        hosts = empty_home / "hosts.txt"
        hosts.write_text(f"# two logins\n\n{host} {sys.executable}\n{host} {sys.executable}\n", encoding="utf-8")

        run = WatchedRun(cluster_plan(server.url, f"ssh:{hosts}"))

        assert server.requests() == run.record.whole_run.ok == 200
        assert len(run.record.cluster) == 2


def test_each_host_that_cannot_be_used_is_told_with_what_to_do(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = shutil.which("python3", path="/usr/bin")
    if system is None:
        pytest.skip("this machine has no Python without perftui")
    with ssh_server() as logins:
        use_keys(logins, empty_home, monkeypatch)
        host = f"{getpass.getuser()}@127.0.0.1:{logins.port}"
        refused = f"127.0.0.1:{free_port()}"
        lines = (f"{host} /nowhere/python", f"{host} {system}", refused, "no.such.host.invalid")

        problems = _problems(empty_home, lines)
        use_keys(logins, empty_home, monkeypatch, strict="yes")
        strange = _problems(empty_home, (host,))

    assert problems[0].endswith("name the Python that has perftui after the host: HOST /path/to/venv/bin/python")
    assert problems[1].startswith(f"{host}: perftui is not installed for its Python")
    assert problems[2].startswith(f"{refused}: ssh cannot log in: ")
    assert problems[2].endswith("check that sshd runs there, and its port: write user@host:port")
    assert problems[3].endswith("check the name, or give it an address in ~/.ssh/config")
    assert [problem.partition("; ")[2] for problem in strange] == [
        "its host key is not known here: log in once by hand and accept it"
    ]


def _problems(folder: Path, lines: tuple[str, ...]) -> tuple[str, ...]:
    hosts = folder / "hosts.txt"
    hosts.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UnreachableError) as told:
        run_plan(RunRequest(plan=cluster_plan("http://127.0.0.1:9", f"ssh:{hosts}")))
    return told.value.problems
