"""Server-sent events as a driver: `events = "/stream"` opens a stream over HTTP and waits for what it brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from perftui.engine.clients.http.driver import DRIVER as HTTP
from perftui.engine.clients.task_driver import TaskDriver
from perftui.presets import texts
from perftui.presets.kinds import Duration, Number, Text
from perftui.presets.request_format import ANY_PLACEHOLDER, HEADERS
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.client import Addresses, Driver, Preparer
    from perftui.engine.clients.task_client import TaskClient
    from perftui.model.plan import Plan
    from perftui.presets.values import ValueStream


def _client() -> type[TaskClient]:
    from perftui.engine.clients.events.client import EventsClient

    return EventsClient


class EventsDriver(TaskDriver):
    """Streams of events, by the connections of HTTP."""

    def preparer(  # type: ignore[override]  # not of its own tables
        self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues
    ) -> Preparer:
        """As clients.client.Driver."""
        from perftui.engine.clients.events.operation import EventsPreparer

        return EventsPreparer(plan, values, variables, clean_up)

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver."""
        return await HTTP.reach(plan, addresses)


DRIVER: Driver = EventsDriver(
    name="events",
    schemes=HTTP.schemes,
    keys={
        "events": Key(
            Text(allow=ANY_PLACEHOLDER, check=texts.path_problem, most=16_000, pattern="^/"),
            "Path of a stream of server-sent events that is opened and listened to.",
            required=True,
        ),
        "headers": Key(HEADERS, "Headers of the request, over those of the target."),
        "event": Key(Text(check=texts.label_problem, most=200), "Name of the events that count; all when not said."),
        "expect": Key(
            Number(whole=True, high=1_000_000), "Events to wait for; the last one is checked. 1 when not said, 0: none."
        ),
        "hold": Key(Duration(), "Stay connected for so long after them, taking what comes.", to="hold_s"),
    },
    client=_client,
    only_reads=lambda _: True,
)
