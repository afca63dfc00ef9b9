"""What an import made, loaded as a preset is."""

from __future__ import annotations

from perftui.model.plan import Operation, Plan
from perftui.presets.loading import parse_preset


def load(text: str) -> Plan:
    """The plan of an imported preset."""
    assert all(len(line) < 2000 for line in text.splitlines())
    return parse_preset(text, "imported.toml")


def only(text: str) -> Operation:
    """Its only operation."""
    plan = load(text)
    assert len(plan.operations) == 1
    return plan.operations[0]
