"""Programs that a test needs beyond Python: skipped with a reason where they are missing, an error in CI."""

from __future__ import annotations

import os
import shutil

import pytest

_WHERE_ELSE = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/local/bin"


def need_program(name: str) -> str:
    """The path of a program; skips the test when the machine lacks it, fails it when CI does."""
    path = shutil.which(name) or shutil.which(name, path=_WHERE_ELSE)
    if path is None:
        reason = f"{name} is not installed on this machine"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; .ci/run installs it")
        pytest.skip(reason)
    return path
