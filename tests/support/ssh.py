"""A real SSH login to this machine: an sshd of its own on a high loopback port, with keys made for the test."""

from __future__ import annotations

import getpass
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.programs import need_program
from support.waiting import free_port, wait_for_port

_CONFIGURATION = """
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host
AuthorizedKeysFile {directory}/user.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
"""


@dataclass(frozen=True, slots=True)
class Ssh:
    """An SSH server that runs."""

    directory: Path
    port: int

    def command(self, arguments: Sequence[str], environment: dict[str, str]) -> list[str]:
        """The command line that runs a program on a terminal at the far end."""
        variables = [f"{name}={value}" for name, value in environment.items()]
        return [
            need_program("ssh"), "-tt", "-F", "none", "-p", str(self.port), "-i", str(self.directory / "user"),
            "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", f"{getpass.getuser()}@127.0.0.1",
            shlex.join(["exec", "env", *variables, *arguments]),
        ]  # fmt: skip


@contextmanager
def ssh_server() -> Iterator[Ssh]:
    """Run an SSH server until the block is left."""
    program, keygen = need_program("sshd"), need_program("ssh-keygen")
    if os.geteuid() == 0:
        # where sshd gives up its rights; its service would make it
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pt-ssh-") as name:
        directory = Path(name)
        for key in ("host", "user"):
            subprocess.run(
                [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(directory / key)], check=True, timeout=30
            )
        port = free_port()
        configuration = directory / "sshd_config"
        configuration.write_text(_CONFIGURATION.format(port=port, directory=directory), encoding="utf-8")
        process = subprocess.Popen(
            [program, "-D", "-e", "-f", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for_port(port)
            yield Ssh(directory, port)
        finally:
            process.terminate()
            process.wait(timeout=10)
