"""Waiting for something to become true, with a bound."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from support.home import Home

_POLL_S = 0.02


def wait_until(condition: Callable[[], bool], timeout_s: float = 30.0, what: str = "the condition") -> None:
    """Return as soon as the condition holds.

    Raises:
        AssertionError: it did not within the time.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s:g} s")
        time.sleep(_POLL_S)


def wait_for_journal(home: Home, text: str) -> Path:
    """Return as soon as the journal of a run holds the text, such as `"interval"`; the run's folder."""
    found: list[Path] = []

    def is_there() -> bool:
        found.extend(path for path in home.run_folders() if text in (path / "journal.jsonl").read_text("utf-8"))
        return bool(found)

    wait_until(is_there, what=f"{text} in a journal")
    return found[0]


def wait_for_port(port: int, timeout_s: float = 30.0) -> None:
    """Return as soon as something listens on the loopback port."""
    wait_until(lambda: is_listening(port), timeout_s, f"a listener on port {port}")


def is_listening(port: int) -> bool:
    """Whether a connection to the loopback port is accepted."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A loopback port that nothing listens on, and that neither an outgoing connection nor another test will take."""
    while True:
        port = next(_ports)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _ports_of_this_process() -> Iterator[int]:
    """Below those that the kernel gives to connections; each process of a test run has a range of its own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 12_000 + number % 16 * 1000
    start = os.getpid() % 1000  # where two test runs go on at once
    return itertools.cycle([first + (start + place) % 1000 for place in range(1000)])


_ports = _ports_of_this_process()
