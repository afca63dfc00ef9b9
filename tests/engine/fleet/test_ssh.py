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

pytestmark = pytest.mark.xdist_group("cluster")


def use_keys(server: Ssh, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own ssh would know its key and the host from its configuration."""
    program = folder / "bin" / "ssh"
    program.parent.mkdir()
    options = f"-F none -i {server.directory}/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -q"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} {options} "$@"\n', encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def test_hosts_of_a_file_send_and_are_left_as_they_were(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ssh_server() as logins, nginx() as server:
        use_keys(logins, empty_home, monkeypatch)
        host = f"ssh://{getpass.getuser()}@127.0.0.1:{logins.port}"
        hosts = empty_home / "hosts.txt"
        hosts.write_text(f"# two logins\n\n{host} {sys.executable}\n{host} {sys.executable}\n", encoding="utf-8")

        run = WatchedRun(cluster_plan(server.url, f"ssh:{hosts}"))

        assert server.requests() == run.record.whole_run.ok == 200
        assert len(run.record.cluster) == 2

        hosts.write_text(f"{host} /nowhere/python\n", encoding="utf-8")
        with pytest.raises(UnreachableError, match="/nowhere/python"):
            run_plan(RunRequest(plan=cluster_plan(server.url, f"ssh:{hosts}")))
