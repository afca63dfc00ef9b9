"""Journeys: named sequences of steps that one virtual user takes."""

from __future__ import annotations

from typing import NamedTuple

from perftui.engine.clients.operation import PreparedOperation


class PreparedJourney(NamedTuple):
    """A journey, ready to run."""

    name: str
    steps: tuple[PreparedOperation, ...]
