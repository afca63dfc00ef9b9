"""Which browser is installed."""

from __future__ import annotations

import shutil

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
"""Names of the browser; the first that is found is taken, and none is ever downloaded."""


def find_browser() -> str | None:
    """Where it is."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)
