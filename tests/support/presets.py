"""Presets for tests, as the text of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w


def preset_text(
    url: str,
    operations: Mapping[str, str] | Sequence[Mapping[str, Any]],
    *,
    name: str = "test",
    target: Mapping[str, Any] | None = None,
    objectives: Sequence[Mapping[str, Any]] = (),
    **load: Any,
) -> str:
    """A preset with these operations: names and the paths they get, or whole tables.

    Args:
        url: of the target.
        operations: name to path, or tables.
        name: of the preset.
        target: further keys of the target.
        objectives: tables.
        load: keys of the load; without any, 20 per second for one second, without warm-up.
    """
    tables = (
        [{"name": title, "path": path} for title, path in operations.items()]
        if isinstance(operations, Mapping)
        else [dict(table) for table in operations]
    )
    return tomli_w.dumps(
        {
            "schema": 1,
            "name": name,
            "target": {"url": url, **(target or {})},
            "load": {"warmup": "0s", "duration": "1s", **({"rate": 20} if not load else {}), **load},
            "operations": tables,
            "objectives": list(objectives),
        }
    )
