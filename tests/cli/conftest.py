"""Where the demo service of all tests listens."""

from __future__ import annotations

import pytest

from perftui.demo.server import Demo


@pytest.fixture
def demo_url(demo: Demo) -> str:
    return demo.url
