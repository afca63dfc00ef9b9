"""The record of a run as TOML: run.toml, and any record read back."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import tomli_w

from perftui.model.errors import UsageError
from perftui.model.interval import Counts
from perftui.model.record import Record, Stats
from perftui.model.text import safe_text
from perftui.presets.toml_files import deep_key
from perftui.store.files import SYSTEM_CALLS, FileCalls, read_limited, write_atomic
from perftui.store.paths import runs_directory
from perftui.store.plausible import check_numbers, check_record
from perftui.store.safe_reading import safe_document

RECORD_NAME = "run.toml"
SCHEMA = 1
MOST_RECORD_BYTES = 16 * 1024 * 1024
_TIMES = tuple(name for name in Stats.__struct_fields__ if name.endswith("_time_ms") or name == "start_delay_ms")
_SECONDS = frozenset({"intervals", "events", "error_samples"})
"""What an export holds besides the record; each is looked at by itself."""
_ZEROS = dict.fromkeys(Counts.__struct_fields__, 0)


def record_path(path: Path) -> Path:
    """The record of a run folder; a file stands for itself."""
    return path / RECORD_NAME if path.is_dir() else path


def record_toml(record: Record) -> str:
    """The record as a TOML document. What is None is left out."""
    return to_toml(record_document(record))


def to_toml(document: Mapping[str, object]) -> str:
    """Plain data as a TOML document. What is None is left out."""
    return tomli_w.dumps({key: _without_none(value) for key, value in document.items() if value is not None})


def record_document(record: Record) -> dict[str, Any]:
    """The record as plain data for TOML and JSON: every count is written, also when it is 0."""
    document: dict[str, Any] = msgspec.to_builtins(record)
    summary = document["summary"]
    holders = [summary["total"], *summary["operations"].values(), *document["phases"].values()]
    for holder in holders:
        holder["counts"] = _ZEROS | holder["counts"]
        _blank_unmeasured(holder)
    document["whole_run"] = _ZEROS | document["whole_run"]
    return document


def _blank_unmeasured(stats: dict[str, Any]) -> None:
    """What was not measured is null, never 0."""
    for name in _TIMES:
        if not stats[name]["count"]:
            stats[name] = dict.fromkeys(stats[name]) | {"count": 0}
    counts, names = stats["counts"], []
    if not counts["scheduled"]:
        names += ["attained"]
    if not counts["ok"] + counts["errors"] + counts["timeouts"] + counts["dropped"]:
        names += ["error_rate", "timeout_rate"]
    stats |= dict.fromkeys(names)


def write_record(folder: Path, record: Record, calls: FileCalls = SYSTEM_CALLS) -> None:
    """Write run.toml of a run folder, whole or not at all.

    Raises:
        OSError: the disk refused; what was there is still there.
    """
    write_atomic(folder / RECORD_NAME, record_toml(record).encode(), calls)


def read_record(path: Path) -> Record:
    """The record of a run folder, or of a TOML file.

    Raises:
        UsageError: it cannot be read, is damaged, or is of a newer schema.
    """
    file = record_path(path)
    record = parse_record(read_limited(file, MOST_RECORD_BYTES), str(file))
    # among the saved runs the folder's name is the id: a copy there is a run of its own
    is_saved = file != path and path.absolute().parent == runs_directory().absolute()
    return msgspec.structs.replace(record, id=path.name) if is_saved else record


def parse_record(data: bytes, source: str) -> Record:
    """The record in the bytes of a TOML document.

    Raises:
        UsageError: they are damaged, no record, or of a newer schema.
    """
    try:
        text = data.decode("utf-8")
        if problem := deep_key(text):
            raise UsageError(f"{source}:{problem}")
        document = safe_document(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source}: not TOML: {safe_text(str(error))}") from error
    return to_record(document, source)


def to_record(document: object, source: str) -> Record:
    """The record in a document that was read from TOML or JSON, and made safe.

    Raises:
        UsageError: it is no record, or of a newer schema.
    """
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(schema, int) or isinstance(schema, bool):
        raise UsageError(f"{source}: not a run of perftui: the key `schema` is missing")
    check_schema(schema, source)
    try:
        check_numbers({name: value for name, value in document.items() if name not in _SECONDS})
        record = msgspec.convert(_without_none(document), Record)
        check_record(record)
        _ = urlsplit(record.plan.target.url).port
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source}: not a run of perftui: {safe_text(str(error))}") from error
    return record


def check_schema(schema: int, source: str) -> None:
    """Refuse files of another major version.

    Raises:
        UsageError: the version is not known.
    """
    if schema != SCHEMA:
        raise UsageError(f"{source}: schema {schema} is not known; this perftui reads schema {SCHEMA}")


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value if item is not None]
    return value
