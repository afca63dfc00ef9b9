"""Where the demo service of all tests listens, and a preset that it fails."""

from __future__ import annotations

import pytest

from perftui.demo.server import Demo

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
