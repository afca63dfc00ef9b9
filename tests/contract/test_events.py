"""Streams of events beyond what every driver must do: times of events, early ends, answers that are no stream."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perftui.model.errors import UsageError
from perftui.presets.loading import parse_preset
from support.page_server import PageServer, page_server
from support.short_runs import plan_of_one, ran


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    """With streams as they are asked for."""
    with page_server() as running:
        yield running


@pytest.mark.parametrize("load", ["users = 2\nmax_requests = 6", "rate = 10\nmax_requests = 6"])
def test_events_are_counted_and_timed(server: PageServer, load: str) -> None:
    operation = (
        'events = "/events?count=5&every=40"\nexpect = 5\nchecks = [{ json = "$.number", equals = 4 }, { rows = 5 }]'
    )
    before = server.events
    record = ran(plan_of_one(server.url, operation, load=load))

    total = record.summary.total
    assert total.counts.ok == 6
    assert total.statuses == {"200": 6}
    own = total.of_protocol
    assert own.amounts["events"].total == 30 == server.events - before
    assert own.amounts["events"].per_s > 0
    assert (own.times_ms["first_event"].count, own.times_ms["event_gap"].count) == (6, 24)
    assert 39 <= own.times_ms["event_gap"].p50 < 120
    assert own.times_ms["first_event"].p50 < 120
    assert total.service_time_ms.min >= 159  # four gaps of 40 ms
    assert total.received_bytes > 30 * len('event: odd\ndata: {"number": 1}\n\n')


def test_only_events_of_the_name_count(server: PageServer) -> None:
    operation = 'events = "/events?every=5"\nevent = "odd"\nexpect = 3\nchecks = [{ json = "$.number", equals = 5 }]'
    record = ran(plan_of_one(server.url, operation))

    assert record.whole_run.ok == 6
    assert record.summary.total.of_protocol.amounts["events"].total == 18


def test_a_listener_stays_for_a_time(server: PageServer) -> None:
    operation = (
        'events = "/events?every=50"\nexpect = 0\nhold = "500ms"\nchecks = [{ min_rows = 3 }, { max_rows = 11 }]'
    )
    record = ran(plan_of_one(server.url, operation))

    assert record.whole_run.ok == 6
    assert 495 <= record.summary.total.service_time_ms.min < 900


@pytest.mark.parametrize(
    ("path", "error_class"),
    [
        ("/events?count=2&every=1", "events.ended"),
        ("/events?type=text/plain&count=3", "events.no_stream"),
        ("/missing.css?status=503", "http.503"),
        ("/c.png?bytes=10", "events.no_stream"),
    ],
)
def test_a_stream_that_ends_early_or_is_none_is_an_error(server: PageServer, path: str, error_class: str) -> None:
    record = ran(plan_of_one(server.url, f'events = "{path}"\nexpect = 5'))

    total = record.summary.total
    assert total.error_classes == {error_class: 6}
    assert total.statuses == {"503" if "503" in error_class else "200": 6}


def test_events_that_do_not_come_are_a_timeout(server: PageServer) -> None:
    record = ran(plan_of_one(server.url, 'events = "/events?every=10"\nexpect = 500', target='timeout = "300ms"'))

    assert record.summary.total.error_classes == {"timeout": 6}
    assert record.summary.total.of_protocol.amounts["events"].total > 30  # what came is counted all the same


def test_a_journey_mixes_requests_streams_and_captures(server: PageServer) -> None:
    text = f'schema = 1\nname = "events"\n[target]\nurl = "{server.url}"\n'
    text += '[load]\nusers = 1\nduration = "5s"\nmax_requests = 6\n'
    steps = '[[journeys]]\nname = "j"\n[[journeys.steps]]\nname = "in"\npath = "/cookies"\n'
    steps += '[[journeys.steps]]\nname = "listen"\nevents = "/events?count=3&every=1"\nexpect = 3\n'
    steps += 'captures = [{ name = "last", json = "$.number" }]\n'
    steps += '[[journeys.steps]]\nname = "use"\npath = "/seen-${last}.png?bytes=3"\n'
    record = ran(parse_preset(text + steps, "events.toml"))

    assert record.whole_run.ok == 6
    assert server.headers_of["/events"]["Cookie"] == "who=me"
    assert server.paths["/seen-2.png"] == 2


def test_what_is_held_longer_than_the_timeout_is_refused() -> None:
    with pytest.raises(UsageError, match=r"hold.*is not shorter than the target's timeout, 5s"):
        plan_of_one("http://127.0.0.1:1", 'events = "/e"\nhold = "5s"')
