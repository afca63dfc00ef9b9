"""Real databases and caches on loopback, empty, each in a folder of its own, run by a user without rights."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.certificates import Certificate
from support.programs import need_program
from support.waiting import free_port

_WITHOUT_RIGHTS = "nobody"
_START_S = 120
_END_S = 20


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs."""

    url: str
    port: int
    ask: Callable[[str], str]
    """Sends a command by the server's own client program, and gives what that printed."""


@contextmanager
def _running(
    command: list[str], folder: Path, ready: Callable[[], bool], end: signal.Signals = signal.SIGKILL
) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, user=_user())
    try:
        latest = time.monotonic() + _START_S
        while not ready():
            if process.poll() is not None or time.monotonic() > latest:
                raise AssertionError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(end)
        try:
            process.wait(_END_S)
        finally:
            process.kill()
            process.wait()


def _user() -> str | None:
    return _WITHOUT_RIGHTS if os.geteuid() == 0 else None


def _own_copies(certificate: Certificate, folder: Path) -> tuple[Path, Path]:
    """Key and certificate as a server wants them: its user's own, and nobody else's to read."""
    key, chain = folder / "key.pem", folder / "certificate.pem"
    for source, copy in ((certificate.key, key), (certificate.certificate, chain)):
        shutil.copyfile(source, copy)
        copy.chmod(0o600)
        if user := _user():
            shutil.chown(copy, user)
    return key, chain


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"pt-{name}-"))
    if os.geteuid() == 0:
        shutil.chown(folder, _WITHOUT_RIGHTS)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _output(*command: str, text: str = "") -> str:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=_START_S, check=False, user=_user(), cwd="/"
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr or done.stdout}"
    return done.stdout


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def redis_server(*options: str, certificate: Certificate | None = None) -> Iterator[Server]:
    """Redis without files. With a certificate it speaks TLS only, at rediss://localhost."""
    program, client = need_program("redis-server"), need_program("redis-cli")
    with _folder("redis") as folder:
        port = free_port()
        command = [program, "--port", "0" if certificate else str(port), "--save", "", "--bind", "127.0.0.1"]
        command += ["--unixsocket", str(folder / "socket"), *options]
        if certificate:
            key, chain = _own_copies(certificate, folder)
            command += ["--tls-port", str(port), "--tls-cert-file", str(chain), "--tls-key-file", str(key)]
            command += ["--tls-auth-clients", "no"]
        with _running(command, folder, lambda: _listens(port)):
            url = f"rediss://localhost:{port}" if certificate else f"redis://127.0.0.1:{port}"
            yield Server(url, port, lambda line: _output(client, "-s", str(folder / "socket"), *line.split()))


def redis_calls(server: Server, command: str) -> int:
    """How often Redis says it was asked this command."""
    for line in server.ask("INFO commandstats").splitlines():
        name, _, rest = line.partition(":calls=")
        if name == f"cmdstat_{command}":
            return int(rest.partition(",")[0])
    return 0


@contextmanager
def memcached() -> Iterator[Server]:
    """Memcached."""
    program = need_program("memcached")

    def ask(line: str) -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(line.encode() + b"\r\n")
            answer = b""
            while not answer.endswith(b"END\r\n"):
                answer += connection.recv(65536)
            return answer.decode()

    with _folder("memcached") as folder:
        port = free_port()
        with _running([program, "-l", "127.0.0.1", "-p", str(port), "-U", "0"], folder, lambda: _listens(port)):
            yield Server(f"memcached://127.0.0.1:{port}", port, ask)


def postgresql_program(name: str) -> str:
    """The path of a program of PostgreSQL, which Debian keeps apart."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else need_program(name)


@contextmanager
def postgresql(certificate: Certificate | None = None) -> Iterator[Server]:
    """PostgreSQL; asks nobody for a password, and forgets all when the machine stops. With a certificate: also TLS."""
    initdb, postgres, psql = map(postgresql_program, ("initdb", "postgres", "psql"))
    with _folder("postgresql") as folder:
        port, data = free_port(), str(folder / "data")
        _output(initdb, "-D", data, "-A", "trust", "-U", "app", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        command = [postgres, "-D", data, "-p", str(port), "-k", str(folder), "-h", "127.0.0.1"]
        for setting in ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200"):
            command += ["-c", setting]
        command += ["-c", "shared_preload_libraries=pg_stat_statements"]
        if certificate:
            key, chain = _own_copies(certificate, folder)
            command += ["-c", "ssl=on", "-c", f"ssl_cert_file={chain}", "-c", f"ssl_key_file={key}"]

        def ask(statement: str) -> str:
            to = ("-h", str(folder), "-p", str(port), "-U", "app", "-d", "postgres")
            return _output(psql, *to, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", text=statement).strip()

        def ready() -> bool:
            try:
                return ask("select 1") == "1"
            except AssertionError:
                return False

        # told to end at once it takes its shared memory along, which a killed one leaves to the machine
        with _running(command, folder, ready, signal.SIGINT):
            yield Server(f"postgresql://app@127.0.0.1:{port}/postgres", port, ask)


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB; the user app has no password."""
    program, install, client = map(need_program, ("mariadbd", "mariadb-install-db", "mariadb"))
    with _folder("mariadb") as folder:
        port, data, at = free_port(), folder / "data", folder / "socket"
        _output(
            install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
            "--skip-test-db", f"--tmpdir={folder}",
        )  # fmt: skip
        command = [program, "--no-defaults", f"--datadir={data}", f"--port={port}", f"--socket={at}"]
        command += ["--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"]
        command += ["--character-set-server=utf8mb4"]
        command += [f"--tmpdir={folder}", f"--pid-file={folder / 'pid'}", "--max-connections=200"]

        def ask(statement: str) -> str:
            command = (client, "--no-defaults", f"--socket={at}", "-u", "root", "-N", "-B")
            return _output(*command, text=statement).strip()

        def ready() -> bool:
            try:
                return ask("select 1") == "1"
            except AssertionError:
                return False

        with _running(command, folder, ready):
            ask("create database shop; create user app@'%'; grant all on *.* to app@'%'")
            yield Server(f"mysql://app@127.0.0.1:{port}/shop", port, ask)
