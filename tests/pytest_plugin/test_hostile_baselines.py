"""Baselines that somebody else wrote: what cannot be counted with is refused in words, whatever the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perftui.model.errors import UsageError
from perftui.pytest_plugin.baselines import Baselines
from perftui.pytest_plugin.timing import timing_of

pytestmark = pytest.mark.quick

TEST = "tests/test_x.py::test_it[a/../b\x1b]"


def kept_in(folder: Path) -> Path:
    """The file of a baseline that was kept properly."""
    Baselines(folder).keep_timing(TEST, timing_of([0.1, 0.2, 0.3]))
    (file,) = folder.iterdir()
    return file


def test_a_name_stays_in_its_folder(tmp_path: Path) -> None:
    file = kept_in(tmp_path / "kept")
    assert file.parent == tmp_path / "kept"
    assert "/" not in file.name
    assert "\x1b" not in file.name
    found = Baselines(tmp_path / "kept").timing(TEST)
    assert found is not None
    assert found.rounds == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rounds", 0),
        ("rounds", -3),
        ("rounds", 10**30),
        ("stddev", 1e300),
        ("mean", -1.0),
        ("mean", 1e308),
        ("mean", "x"),
    ],
)
def test_numbers_that_cannot_be_are_refused(tmp_path: Path, name: str, value: Any) -> None:
    file = kept_in(tmp_path)
    document = json.loads(file.read_bytes())
    document["timing"][name] = value
    file.write_text(json.dumps(document))

    with pytest.raises(UsageError, match="is no baseline"):
        Baselines(tmp_path).timing(TEST)


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"\xff\xfe", b'{"test":"\xc2\x9b","timing":null}'])
def test_files_that_are_none_are_refused(tmp_path: Path, data: bytes) -> None:
    kept_in(tmp_path).write_bytes(data)

    with pytest.raises(UsageError, match="is no baseline") as raised:
        Baselines(tmp_path).timing(TEST)
    assert "\x9b" not in str(raised.value)
