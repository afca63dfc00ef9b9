from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.detached_run import Starter


@pytest.fixture
def start() -> Iterator[Starter]:
    starter = Starter()
    yield starter
    starter.end_all()
