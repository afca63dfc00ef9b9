"""A run's record, or a comparison, as TOML."""

from __future__ import annotations

import msgspec

from perftui.model.comparison import Comparison
from perftui.store.loading import LoadedRun
from perftui.store.records import record_toml, to_toml


def run_toml(run: LoadedRun) -> str:
    """The record: key for key the JSON export, without intervals."""
    return record_toml(run.record)


def comparison_toml(comparison: Comparison) -> str:
    """The comparison."""
    return to_toml(msgspec.to_builtins(comparison))
