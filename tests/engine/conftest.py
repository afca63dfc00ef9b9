from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.detached_run import Starter


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a run in this process is the only one."""
    monkeypatch.setenv("PERFTUI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def start() -> Iterator[Starter]:
    starter = Starter()
    yield starter
    starter.end_all()
