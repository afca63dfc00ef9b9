"""Where presets are looked for."""

from __future__ import annotations

import os
from functools import cache
from importlib.resources import files
from pathlib import Path

from platformdirs import user_config_path

_NOWHERE = Path(os.devnull) / "perftui"
"""Nothing is found there, and nothing can be put there."""


def config_directory() -> Path:
    """The folder of the user's settings and presets; not created. PERFTUI_CONFIG_DIR replaces it."""
    chosen = os.environ.get("PERFTUI_CONFIG_DIR", "")
    if chosen:
        return Path(chosen).absolute()
    try:
        return user_config_path("perftui", appauthor=False)
    except RuntimeError:  # no HOME, and no home among the system's users: a container
        return _NOWHERE


def user_presets() -> Path:
    """The user's own presets."""
    return config_directory() / "presets"


def directory_presets() -> Path:
    """Presets of the working directory."""
    return Path("presets")


@cache
def built_in_presets() -> Path:
    """The presets that perftui brings: inside the package, or at the top of a checkout."""
    package = Path(str(files("perftui")))
    shipped = package / "_presets"
    return shipped if shipped.is_dir() else package.parent.parent / "presets"
