"""The preset that makes a saved run again: its plan as a file, hidden secrets as variables of the environment."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.loading import PRESET
from perftui.presets.redaction import REDACTED
from perftui.presets.writing import write_preset


def preset_from_run(plan: Plan, name: str, run_id: str) -> str:
    """The text of a preset file.

    Args:
        plan: as the run saved it.
        name: of the new preset.
        run_id: where it comes from.

    Raises:
        UsageError: the name cannot be used.
    """
    if problem := texts.name_problem(name):
        raise UsageError(f"name {safe_text(name, 60)!r}: {problem}")
    kept = replace(plan, name=name, target=replace(plan.target, pid=0))  # the server's process is of that day
    variables: dict[str, None] = {}
    tables: Any = _with_variables(PRESET.write(kept), (), variables)
    notes = [f"Made from the run {run_id}."]
    if variables:
        notes.append(f"Set before the run: {', '.join(variables)}")
    return write_preset(tables, notes)


def _with_variables(value: Any, path: tuple[str, ...], variables: dict[str, None]) -> Any:  # noqa: ANN401 - any TOML
    """The tables with a variable in place of each secret that was hidden when the run was saved."""
    match value:
        case str() if REDACTED in value:
            words = re.sub(r"[^A-Z0-9]+", "_", "_".join(path[-2:]).upper()).strip("_")
            variable = words if words and not words[0].isdigit() else f"SECRET_{words}"
            variables[variable] = None
            return value.replace(REDACTED, f"${{env:{variable}}}")
        case dict():
            return {name: _with_variables(inner, (*path, name), variables) for name, inner in value.items()}
        case list():
            return [_with_variables(inner, path, variables) for inner in value]
        case _:
            return value
