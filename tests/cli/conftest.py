"""A home of its own for each test, and one demo service for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perftui.demo.server import start_demo
from support.home import Home, new_home


@pytest.fixture
def home() -> Iterator[Home]:
    with new_home() as made:
        yield made


@pytest.fixture(scope="session")
def demo_url() -> Iterator[str]:
    with start_demo() as demo:
        yield demo.url
