"""This process as perftui on a machine that is the same everywhere: its home, its terminal, its time zone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.home import Home, directories

_DROPPED = ("SSH_CONNECTION", "SSH_TTY", "NO_COLOR", "TEXTUAL_THEME", "EDITOR", "VISUAL", "COLORTERM")


@contextmanager
def at_home(home: Home, monkeypatch: pytest.MonkeyPatch, **extra: str) -> Iterator[Home]:
    """At home in a directory of its own, in UTC, until the context is left.

    Args:
        home: the directory.
        monkeypatch: of the test.
        extra: further environment variables.
    """
    for name in _DROPPED:
        monkeypatch.delenv(name, raising=False)
    environment = {"HOME": str(home.path), "TERM": "xterm-256color", "TZ": "UTC"}
    for name, value in (directories(home.path) | environment | extra).items():
        monkeypatch.setenv(name, value)
    time.tzset()
    monkeypatch.chdir(home.path)
    try:
        yield home
    finally:
        monkeypatch.undo()
        time.tzset()
