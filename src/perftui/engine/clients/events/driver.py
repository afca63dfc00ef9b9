"""Server-sent events as a driver: `events = "/stream"` opens a stream over HTTP and waits for what it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perftui.engine.clients.visit_driver import VisitDriver
from perftui.presets import texts
from perftui.presets.kinds import Duration, Number, Text
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.client import Driver
    from perftui.engine.clients.events.client import EventsClient
    from perftui.engine.clients.events.operation import EventsPreparer


def _client() -> type[EventsClient]:
    from perftui.engine.clients.events.client import EventsClient

    return EventsClient


def _preparer() -> type[EventsPreparer]:
    from perftui.engine.clients.events.operation import EventsPreparer

    return EventsPreparer


DRIVER: Driver = VisitDriver(
    name="events",
    path="Path of a stream of server-sent events that is opened and listened to.",
    headers="Headers of the request, over those of the target.",
    keys={
        "event": Key(Text(check=texts.label_problem, most=200), "Name of the events that count; all when not said."),
        "expect": Key(
            Number(whole=True, high=1_000_000), "Events to wait for; the last one is checked. 1 when not said, 0: none."
        ),
        "hold": Key(Duration(), "Stay connected for so long after them, taking what comes.", to="hold_s"),
    },
    client=_client,
    preparer=_preparer,
)
