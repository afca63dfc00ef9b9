"""Where the demo service of all tests listens, a preset that it fails, and commands without a process of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perftui.cli.main import main
from perftui.demo.server import Demo
from support.cli import Result
from support.home import Home

_STRICT = """
schema = 1
name = "strict"
kind = "read"
[target]
url = "http://127.0.0.1:8000"
[load]
rate = 50
duration = "2s"
[[operations]]
name = "list"
path = "/api/items"
[[operations]]
name = "broken"
path = "/fail?rate=1&status=503"
[[objectives]]
metric = "error_rate"
target = "< 0.1%"
critical = "< 1%"
"""


@pytest.fixture
def demo_url(demo: Demo) -> str:
    return demo.url


@pytest.fixture
def strict() -> str:
    """A preset whose second operation always fails, and an objective that forbids it."""
    return _STRICT


@pytest.fixture
def call(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """A command in this process, in the test's home: quicker than a process of its own where none is needed."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.path)

    def run(*arguments: str) -> Result:
        for name, value in home.extra.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return run
