"""The driver that is not looked up is the one that a look-up would find."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from perftui.presets.drivers import GROUP, HTTP, driver_named

pytestmark = pytest.mark.quick


def test_http_is_what_its_entry_point_says() -> None:
    (entry,) = [entry for entry in entry_points(group=GROUP) if entry.name == HTTP[0]]
    assert entry.value == f"{HTTP[1]}:DRIVER"
    assert entry.load() is driver_named("http")


def test_a_plan_of_http_asks_no_package_for_its_entry_points() -> None:
    code = (
        "import sys; from perftui.presets.loading import load_plan; load_plan('health', 'http://127.0.0.1:9'); "
        "sys.exit('importlib.metadata' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
