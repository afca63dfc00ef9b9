"""What a worker imports of presets is light: nothing that only a start, an import or a probe needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("httpx", "mimesis", "yaml", "anyio", "textual", "rich", "click", "numpy", "tomli_w", "csv")


@pytest.mark.parametrize(
    ("module", "allowed"),
    [("placeholders", {"csv"}), ("json_path", set()), ("redaction", set()), ("loading", {"csv"}), ("catalog", {"csv"})],
)
@pytest.mark.slow
def test_heavy_modules_are_not_loaded(module: str, allowed: set[str]) -> None:
    code = f"import sys, perftui.presets.{module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= allowed
