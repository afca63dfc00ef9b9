"""The user's settings: theme, keys, retention; `settings.toml` of the configuration directory. Free of Textual."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import msgspec
import tomli_w
from msgspec import Struct

from perftui.model.text import safe_text

MOST_BYTES = 1024 * 1024
FILE_NAME = "settings.toml"
THEME_NAMES = ("perftui-dark", "perftui-light", "perftui-contrast")


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which runs are kept when old ones are pruned at the start of the app. Baselines are always kept."""

    keep: int = 0
    """Newest runs that are kept; 0: all."""
    older_than_days: float = 0.0
    """Days after which a run may go; 0: never."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the user may choose about the app."""

    theme: str = THEME_NAMES[0]
    """One of THEME_NAMES."""
    keys: dict[str, str] = {}
    """Binding id to keys, such as `"home.probe" = "x"`; the ids are listed on the help screen."""
    retention: Retention = Retention()


def load_settings(folder: Path) -> tuple[Settings, tuple[str, ...]]:
    """The settings in the folder, and what is wrong with them: what cannot be used falls back to its default."""
    path = folder / FILE_NAME
    if path.exists() and not path.is_file():
        return Settings(), (f"{path} is not a file; settings are left at their defaults",)
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return Settings(), ()
    except OSError as error:
        return Settings(), (f"cannot read {path}: {error.strerror}",)
    if len(raw) > MOST_BYTES:
        return Settings(), (f"{path} is larger than 1 MiB; settings are left at their defaults",)
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return Settings(), (f"{path} is not valid TOML: {safe_text(str(error))}; fix it or delete it",)
    return _read(data, path)


def _read(data: Mapping[str, object], path: Path) -> tuple[Settings, tuple[str, ...]]:
    problems: list[str] = []
    known: dict[str, object] = {}
    for key, value in data.items():
        if key not in Settings.__struct_fields__:
            near = get_close_matches(key, Settings.__struct_fields__, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(Settings.__struct_fields__)}"
            problems.append(f"{path}: unknown setting {safe_text(key)!r}{hint}")
            continue
        try:
            msgspec.convert({key: value}, Settings)
        except msgspec.ValidationError as error:
            problems.append(f"{path}: {safe_text(str(error))}")
            continue
        known[key] = value
    settings = msgspec.convert(known, Settings)
    if settings.theme not in THEME_NAMES:
        problems.append(f"{path}: unknown theme {safe_text(settings.theme)!r}; choose one of {', '.join(THEME_NAMES)}")
        settings = msgspec.structs.replace(settings, theme=THEME_NAMES[0])
    return settings, tuple(problems)


def save_settings(folder: Path, settings: Settings) -> Path:
    """Write the settings atomically.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / FILE_NAME
    handle, temporary = tempfile.mkstemp(prefix=".settings-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(tomli_w.dumps(msgspec.to_builtins(settings)).encode())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
