"""A virtual user: what one of them remembers between requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perftui.engine.clients.captures import store_cookies
from perftui.engine.clients.http.request import RequestTemplate
from perftui.presets.values import ValueStream

if TYPE_CHECKING:
    from perftui.engine.clients.http.operation import PreparedOperation
    from perftui.engine.clients.http.reader import ResponseReader
    from perftui.engine.clients.journey import PreparedJourney


class VirtualUser:
    """One user: values, captured variables and cookies of its own."""

    __slots__ = ("backoff_s", "cookies", "journey", "owner", "place", "step", "values", "variables")

    def __init__(self, place: int, values: ValueStream, variables: dict[str, str]) -> None:
        self.place = place
        """Position among the users of this worker."""
        self.values = values
        self.variables = variables
        self.cookies: dict[str, str] = {}
        self.journey: PreparedJourney | None = None
        self.step = 0
        self.owner = 0
        """Number under which values for the clean-up are kept; 0: none of this journey yet."""
        self.backoff_s = 0.0

    def render(self, template: RequestTemplate) -> bytes:
        """The bytes of this user's next request.

        Raises:
            KeyError: a variable was not captured.
            ValueError: a value cannot stand where it is used.
        """
        if self.journey is None:
            self.values.advance()
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items()) if self.cookies else ""
        return template.render(self.values, self.variables, cookie)

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

    def remember(self, response: ResponseReader) -> None:
        """Keep the cookies of a response within a journey. A plain operation is a visit of its own."""
        if self.journey is not None:
            store_cookies(response, self.cookies)

    def leave(self) -> None:
        """The journey is over, and its cookies with it."""
        self.journey = None
        self.cookies.clear()
