"""A virtual user: what one of them remembers between requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perftui.presets.values import ValueStream

if TYPE_CHECKING:
    from perftui.engine.clients.http.cookies import Jar
    from perftui.engine.clients.journey import PreparedJourney
    from perftui.engine.clients.operation import PreparedOperation


class VirtualUser:
    """One user: values, captured variables and cookies of its own."""

    __slots__ = ("backoff_s", "cookies", "journey", "owner", "place", "step", "values", "variables")

    def __init__(self, place: int, values: ValueStream, variables: dict[str, str]) -> None:
        self.place = place
        """Position among the users of this worker."""
        self.values = values
        self.variables = variables
        self.cookies: Jar | None = None
        self.journey: PreparedJourney | None = None
        self.step = 0
        self.owner = 0
        """Number under which values for the clean-up are kept; 0: none of this journey yet."""
        self.backoff_s = 0.0

    def begin(self, journey: PreparedJourney, variables: dict[str, str]) -> None:
        """Start a journey: as a new visitor."""
        self.journey = journey
        self.step = 0
        self.owner = 0
        self.variables = dict(variables)
        self.values.advance()

    def next_step(self) -> PreparedOperation | None:
        """The step after the one that succeeded; None at the end of the journey."""
        assert self.journey is not None
        self.step += 1
        return self.journey.steps[self.step] if self.step < len(self.journey.steps) else None

    def leave(self) -> None:
        """The journey is over, and its cookies with it."""
        self.journey = None
        self.cookies = None
