"""Where a load is sent from when one machine is not enough: `local:4`, `tls://host:8786`, `ssh:hosts.txt`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.model.units import whole_number
from perftui.presets.text_files import read_text

MOST_LOCAL = 64
_MOST_HOSTS_BYTES = 1 << 20
_MOST_NAMED = 6
FORMS = "local:N, tcp://HOST:PORT, tls://HOST:PORT or ssh:HOSTS-FILE"
_SSH_HOST = re.compile(r"[A-Za-z0-9_.@:%/\[\]-]+")
"""What ssh takes as a destination, and a shell leaves alone."""
_PYTHON = re.compile(r"[A-Za-z0-9_~/.][A-Za-z0-9_~/.+-]*")
"""A path, in which no shell over there finds anything to do."""
_WITH_PORT = re.compile(r"(?:[^@]+@)?(?:[^:\[\]]+|\[[^\[\]]+\]):[0-9]+")


class ClusterPlace(Struct, frozen=True, kw_only=True):
    """Where the machines are found."""

    kind: Literal["local", "scheduler", "ssh"]
    """local: processes of this machine. scheduler: a Dask scheduler that somebody started. ssh: hosts to log in to."""
    count: int = 0
    """Of local ones."""
    address: str = ""
    """Of the scheduler, with its scheme."""
    file: str = ""
    """Names the hosts."""

    @property
    def host(self) -> str:
        """Of the scheduler."""
        return urlsplit(self.address).hostname or ""


def parse_cluster(text: str) -> ClusterPlace:
    """Read where the machines are.

    Raises:
        ValueError: it is none of the forms, in words.
    """
    kind, _, rest = text.partition(":")
    if kind == "local":
        count = whole_number(rest) if rest.isascii() else None
        if count is None or not 1 <= count <= MOST_LOCAL:
            raise ValueError(f"local:N is a number of processes from 1 to {MOST_LOCAL}, such as local:2")
        return ClusterPlace(kind="local", count=count)
    if kind == "ssh" and rest and not rest.startswith("//"):
        return ClusterPlace(kind="ssh", file=rest)
    if kind in {"tcp", "tls"} and rest.startswith("//"):
        try:
            parts = urlsplit(text)
            complete = bool(parts.hostname) and parts.port is not None
        except ValueError:
            complete = False
        if not complete or parts.path or parts.query or parts.username:
            raise ValueError(f"a scheduler is {kind}://HOST:PORT, such as {kind}://127.0.0.1:8786")
        return ClusterPlace(kind="scheduler", address=text)
    raise ValueError(f"is no cluster; write {FORMS}")


def cluster_problem(text: str) -> str:
    """What is wrong with it, in words; empty: nothing."""
    try:
        parse_cluster(text)
    except ValueError as error:
        return str(error)
    return ""


def machines_text(where: str) -> str:
    """Which machines those are, as far as can be known without asking them."""
    place = parse_cluster(where)
    if place.kind == "local":
        return f"{place.count} process{'es' if place.count > 1 else ''} of this machine"
    if place.kind == "scheduler":
        return f"every Dask worker of {safe_text(place.address)}"
    try:
        hosts = [host.removeprefix("ssh://").rpartition("@")[2] for host, _ in hosts_of(place.file)]
    except UsageError as error:
        return str(error)
    more = f" and {len(hosts) - _MOST_NAMED} more" if len(hosts) > _MOST_NAMED else ""
    return f"{', '.join(hosts[:_MOST_NAMED])}{more}, over SSH"


def hosts_of(file: str) -> list[tuple[str, str]]:
    """The hosts that a file names, each with its Python.

    Raises:
        UsageError: the file cannot be read, or is wrong.
    """
    shown = safe_text(file)
    text = read_text(Path(file), _MOST_HOSTS_BYTES)
    hosts, problems = read_hosts(text)
    if problems:
        raise UsageError(*(f"{shown}: {problem}" for problem in problems))
    if not hosts:
        raise UsageError(f"{shown}: names no hosts")
    return hosts


def read_hosts(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The hosts of a file, each with its Python, and what is wrong.

    A line is `[user@]host[:port]` or `[user@]host[:port] PYTHON`; empty lines and those that begin with # are left out.

    Args:
        text: of the file.
    """
    hosts: list[tuple[str, str]] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        python = words[1] if len(words) == 2 else "python3"
        is_host = _SSH_HOST.fullmatch(words[0]) and not words[0].startswith("-")
        if len(words) > 2 or not is_host or not _PYTHON.fullmatch(python):
            problems.append(f"line {number}: write [user@]host[:port], and after it the Python that has perftui")
            continue
        hosts.append((_destination(words[0]), python))
    return hosts, problems


def _destination(host: str) -> str:
    """As ssh takes it: a port stands in a URL only."""
    has_port = _WITH_PORT.fullmatch(host) and not host.startswith("ssh://")
    return f"ssh://{host}" if has_port else host
