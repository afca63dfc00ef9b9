"""Imports go one way: through the layers, through the rooms of the engine, and between files without a circle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.imports import circles, graph

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src" / "perftui"

pytestmark = pytest.mark.xdist_group("house")

ROUND_TRIPS = {
    "engine.clients": "captures client journey lane operation pool users",
    "engine.clients.http": "connection pool secure tunnel",
    "engine.clients.redis": "connection pool",
    "presets": "catalog loading",
}
"""Groups of files that reach each other through imports made later: inside a function, or for the type checker only.

Python does not mind; a reader has to know all of them to know one. Not one more: whoever unties one takes it off here.
"""


@pytest.mark.slow
def test_layers_and_rooms_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(graph(SOURCES)) == set()


def test_round_trips_are_known_and_become_fewer() -> None:
    known = {frozenset(f"perftui.{room}.{name}" for name in names.split()) for room, names in ROUND_TRIPS.items()}

    assert circles(graph(SOURCES, later=True)) == known


def test_a_circle_is_found(tmp_path: Path) -> None:
    """Over three files, one in a package, one relative; what a function or a type checker imports makes none."""
    house = tmp_path / "house"
    (house / "inner").mkdir(parents=True)
    (house / "__init__.py").touch()
    (house / "inner" / "__init__.py").touch()
    (house / "a.py").write_text("from house.inner import b\n")
    (house / "inner" / "b.py").write_text("try:\n    from ..c import thing\nexcept ImportError:\n    thing = 1\n")
    (house / "c.py").write_text("import house.a\n")
    (house / "d.py").write_text("import house.e\n")
    (house / "e.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.d\ndef f():\n    import house.d\n"
    )

    assert circles(graph(house)) == {frozenset({"house.a", "house.inner.b", "house.c"})}
    assert circles(graph(house, later=True)) == {
        frozenset({"house.a", "house.inner.b", "house.c"}),
        frozenset({"house.d", "house.e"}),
    }
