"""A network for one command: its own loopback interface, range of ports and name server, as root of its own namespaces.

    result = run_in_own_network(home, ("run", preset, "--headless"), names={"moves.test": ["127.0.0.1", "1.1.1.1"]})

A service listens there on port 8080 and answers after a while. What needs such a test is Linux, `unshare`, and a kernel
that lets one have namespaces; elsewhere the test is skipped and says so.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from support.cli import PERFTUI, Result
from support.fault_server import answering, fault_server
from support.home import Home
from support.programs import need_program

PORT = 8080
_SIOCSIFFLAGS = 0x8914
_UP = 0x1
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_COUNTERS = Path("/proc/net/snmp")
_REFUSED = {"SERVFAIL": 2, "NXDOMAIN": 3}
_NAME_SERVERS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
_UNSHARE = ("--user", "--map-root-user", "--net", "--mount")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is to happen in the namespaces."""

    arguments: tuple[str, ...]
    names: dict[str, list[str]]
    delay_s: float
    ports: str
    public: str
    segments: str


def run_in_own_network(
    home: Home,
    arguments: Sequence[str],
    *,
    names: Mapping[str, Sequence[str]] | None = None,
    delay_s: float = 0.0,
    ports: str = "",
    public: str = "",
    timeout_s: float = 100.0,
) -> Result:
    """Run perftui in namespaces of its own.

    Args:
        home: where it keeps its data.
        arguments: of perftui.
        names: of hosts, and what the name server says the first time, the second, ...: an address, `SERVFAIL`,
            `NXDOMAIN`, or `silence`. The last is repeated.
        delay_s: until the service answers a request.
        ports: first and last port of connections, with a space between.
        public: an address that can be reached there, too, though nobody listens: what is sent to it is counted.
        timeout_s: of the command.
    """
    unshare = need_program("unshare")
    if subprocess.run([unshare, *_UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows nobody namespaces of their own")
    told = Told(
        arguments=tuple(arguments),
        names={name: list(answers) for name, answers in (names or {}).items()},
        delay_s=delay_s,
        ports=ports,
        public=public,
        segments=str(_segments_file(home)),
    )
    done = subprocess.run(
        [unshare, *_UNSHARE, sys.executable, "-m", "support.own_network", msgspec.json.encode(told).decode()],
        env=home.environment | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout_s,
        cwd=home.path,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def segments_sent(home: Home) -> int:
    """How many TCP segments left anybody in the network of the last command."""
    return int(_segments_file(home).read_text(encoding="ascii"))


def _segments_file(home: Home) -> Path:
    return home.path / "segments"


def _segments() -> int:
    names, values = (line.split() for line in _COUNTERS.read_text(encoding="ascii").splitlines() if line[:4] == "Tcp:")
    return int(values[names.index("OutSegs")])


class NameServer:
    """Answers questions for the address of a name, over UDP, as told."""

    def __init__(self, address: str, names: dict[str, list[str]]) -> None:
        self._answers = names
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(512)
            answer = self._answer(question)
            if answer:
                self._socket.sendto(answer, sender)

    def _answer(self, query: bytes) -> bytes:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question, kind = query[12 : at + 5], query[at + 1 : at + 3]
        answers = self._answers.get(".".join(labels), ["NXDOMAIN"])
        said = answers[0]
        if said == "silence":
            return b""
        if said in _REFUSED:
            return query[:2] + struct.pack(">HHHHH", 0x8180 | _REFUSED[said], 1, 0, 0, 0) + question
        if kind != b"\0\1":  # only IPv4 addresses are known here
            return query[:2] + struct.pack(">HHHHH", 0x8180, 1, 0, 0, 0) + question
        if len(answers) > 1:
            answers.pop(0)
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(said)
        return query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + question + record


def _inside(told: Told) -> int:
    """Make the network, run the command, and pass on its exit code."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _UP))
    if told.ports:
        _PORT_RANGE.write_text(told.ports, encoding="ascii")
    resolv = Path(os.environ["HOME"]) / "resolv.conf"
    resolv.write_text("".join(f"nameserver {address}\n" for address in _NAME_SERVERS), encoding="ascii")
    subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"], check=True)
    for address in _NAME_SERVERS:
        NameServer(address, told.names)
    if told.public:
        subprocess.run(["ip", "address", "add", f"{told.public}/32", "dev", "lo"], check=True)
    with fault_server(answering(delay_s=told.delay_s), port=PORT):
        before = _segments()
        code = subprocess.run([PERFTUI, *told.arguments], stdin=subprocess.DEVNULL, check=False).returncode
        Path(told.segments).write_text(str(_segments() - before), encoding="ascii")
    return code


if __name__ == "__main__":
    sys.exit(_inside(msgspec.json.decode(sys.argv[1], type=Told)))
