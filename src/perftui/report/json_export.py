"""A run or a comparison as one JSON document. The run's holds its histograms and loads back on any machine."""

from __future__ import annotations

from typing import Any

import msgspec

from perftui.store.interchange import document
from perftui.store.loading import LoadedRun


def run_document(run: LoadedRun) -> dict[str, Any]:
    """The run as plain data."""
    return document(run.record, run.intervals, run.events, run.error_samples)


_LISTS = ("rounds", "intervals", "events", "error_samples")
"""Written with one item per line."""


def dump(data: dict[str, Any]) -> str:
    """Indented JSON, long lists with one item per line, ending with a line end. NaN and infinity become null."""
    lists = {key: data[key] for key in _LISTS if data.get(key)}
    head = {key: value for key, value in data.items() if key not in lists}
    text = msgspec.json.format(msgspec.json.encode(head), indent=2).decode()
    if not lists:
        return text + "\n"
    parts = []
    for key, items in lists.items():
        lines = ",\n".join("    " + msgspec.json.encode(item).decode() for item in items)
        parts.append(f'  "{key}": [\n{lines}\n  ]')
    return text.rstrip().removesuffix("}").rstrip() + ",\n" + ",\n".join(parts) + "\n}\n"


def run_json(run: LoadedRun) -> str:
    """The run as JSON."""
    return dump(run_document(run))


def struct_json(struct: msgspec.Struct) -> str:
    """A comparison, or another result, as JSON."""
    return dump(msgspec.to_builtins(struct))
