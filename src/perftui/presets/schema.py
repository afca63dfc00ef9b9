"""The format of preset files as JSON Schema, for editors: a first line `#:schema PATH` switches completion on."""

from __future__ import annotations

from typing import Any

from perftui.presets.loading import PRESET

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The version that TOML editors (Even Better TOML, taplo) understand."""


def json_schema() -> dict[str, Any]:
    """The schema of a preset file."""
    return {"$schema": DIALECT, "title": "perftui preset", **PRESET.schema()}
