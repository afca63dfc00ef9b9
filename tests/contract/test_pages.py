"""Pages beyond the contract: what is asked for, by how many connections, what is left alone, what fails."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest

from perftui.engine.around.probe import probe
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from support.nginx import nginx
from support.page_server import PageServer, page_server
from support.short_runs import plan_of_one, ran


@pytest.fixture
def server() -> Iterator[PageServer]:
    """With pages of known parts."""
    with page_server() as running:
        yield running


def plan_of(url: str, operation: str, *, load: str = "users = 1\nmax_requests = 5", more: str = "") -> Plan:
    return plan_of_one(url, operation, load=load, target=more)


@pytest.mark.parametrize("load", ["users = 1\nmax_requests = 5", "rate = 10\nmax_requests = 5"])
def test_a_page_is_its_document_and_what_it_names_each_once(server: PageServer, load: str) -> None:
    checks = (
        'checks = [{ json = "$.page_requests", equals = 4 }, { json = "$.slowest", equals = "/c.png" }, { rows = 4 }]'
    )
    record = ran(plan_of(server.url, f'page = "/"\n{checks}', load=load))

    total = record.summary.total
    assert total.counts.ok == 5
    assert {path: server.paths[path] for path in ("/", "/a.css", "/b.js", "/c.png")} == dict.fromkeys(
        ("/", "/a.css", "/b.js", "/c.png"), 5
    )
    assert sum(server.paths.values()) == 20
    assert total.statuses == {"200": 20}
    own = total.of_protocol
    assert own.amounts["pages"].total == 5
    assert own.amounts["page_requests"].total == 20
    assert own.amounts["page_bytes"].total == 5 * (6000 + len(server.documents["/"]))
    assert total.received_bytes > own.amounts["page_bytes"].total
    assert next(iter(own.assets)) == "/c.png"
    assert 120 <= own.assets["/c.png"].mean_ms < 1000
    assert own.times_ms["page_load"].count == 5
    assert total.service_time_ms.min >= own.assets["/c.png"].mean_ms - 100
    assert total.service_time_ms.min >= 119
    assert any("no scripts run" in finding.detail for finding in record.findings)


def test_a_visitor_has_at_most_six_connections_to_a_host(server: PageServer) -> None:
    record = ran(plan_of(server.url, 'page = "/twelve"', load="users = 1\nmax_requests = 3"))

    assert record.whole_run.ok == 3
    assert server.most_open == 6
    assert server.connections <= 8  # the look before the start
    assert record.summary.total.service_time_ms.min >= 99  # twelve parts of 50 ms by six connections


@pytest.mark.parametrize(
    ("page", "error_class", "detail"),
    [
        ("/missing", "asset:/gone/app.js", "status 404"),
        ("/cut", "asset:/half.png", "body_short"),
        ("/nothing?status=404", "http.404", "status 404"),
        ("/moved?to=http://other.example/", "page.elsewhere", "other.example"),
        ("/loop", "page.redirects", "more than 10"),
    ],
)
def test_what_fails_is_named(server: PageServer, page: str, error_class: str, detail: str) -> None:
    record = ran(plan_of(server.url, f'page = "{page}"', load="users = 1\nmax_requests = 4"))
    result = anyio.run(probe, plan_of(server.url, f'page = "{page}"'))

    assert record.summary.total.error_classes == {error_class: 4}
    assert detail in result.operations[0].problem


def test_frames_are_documents_of_their_own_and_each_part_is_asked_for_once(server: PageServer) -> None:
    server.documents |= {
        "/framed": '<iframe src="/inner"></iframe><img src="/c.png?bytes=50"><iframe src="/plain?bytes=9"></iframe>',
        "/inner": '<script src="/inner.js?bytes=5"></script><img src="/c.png?bytes=50"><iframe src="/framed"></iframe>',
    }
    record = ran(plan_of(server.url, 'page = "/framed"\nchecks = [{ rows = 5 }]'))

    assert record.whole_run.ok == 5
    assert dict(server.paths) == dict.fromkeys(("/framed", "/inner", "/inner.js", "/c.png", "/plain"), 5)


def test_other_hosts_are_named_and_left_alone(server: PageServer) -> None:
    record = ran(plan_of(server.url, 'page = "/elsewhere"\nchecks = [{ rows = 2 }]'))

    assert record.whole_run.ok == 5
    assert record.summary.total.of_protocol.left_alone == ("other.example", "pictures.example")
    assert set(record.summary.total.of_protocol.assets) == {"/c.png"}


def test_another_host_that_is_a_target_is_asked_without_what_identifies_us(server: PageServer) -> None:
    with page_server() as other:
        server.documents["/both"] = f'<img src="{other.url}/logo.png?bytes=70"><img src="/own.png?bytes=30">'
        more = f'auth = {{ bearer = "word" }}\n[targets.cdn]\nurl = "{other.url}"'
        record = ran(plan_of(server.url, 'page = "/both"\nhosts = ["cdn"]\nchecks = [{ rows = 3 }]', more=more))

        assert record.whole_run.ok == 5
        assert other.paths["/logo.png"] == 5
        assert "Authorization" not in other.headers_of["/logo.png"]
        assert server.headers_of["/own.png"]["Authorization"] == "Bearer word"
        assert record.summary.total.of_protocol.left_alone == ()


def test_a_host_that_is_no_target_is_said_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"hosts.*there is no \[targets.cdn\]"):
        plan_of("http://127.0.0.1:1", 'page = "/"\nhosts = ["cdn"]')


def test_cookies_of_a_journey_go_with_its_pages(server: PageServer) -> None:
    text = f'schema = 1\nname = "page"\n[target]\nurl = "{server.url}"\n'
    text += '[load]\nusers = 1\nduration = "5s"\nmax_requests = 4\n'
    steps = '[[journeys]]\nname = "j"\n[[journeys.steps]]\nname = "in"\npath = "/cookies"\n'
    steps += '[[journeys.steps]]\nname = "page"\npage = "/cookies"\n'
    record = ran(parse_preset(text + steps, "page.toml"))

    assert record.whole_run.ok == 4
    assert server.headers_of["/who.png"]["Cookie"] == "who=me"


def test_a_page_that_takes_too_long_is_a_timeout_and_nothing_stays_open(server: PageServer) -> None:
    server.documents["/slow"] = '<img src="/s.png?ms=900&bytes=5">'
    record = ran(plan_of(server.url, 'page = "/slow"', load="users = 2\nmax_requests = 4", more='timeout = "300ms"'))

    assert record.summary.total.error_classes == {"timeout": 4}


def test_pages_of_nginx_have_the_sizes_that_they_have() -> None:
    document = '<script src="/s.js"></script><img src="i.png" srcset="j.png 2x">'
    locations = f"""
        location = /page {{ default_type text/html; return 200 '{document}'; }}
        location = /s.js {{ return 200 'alert(12345)'; }}
        location = /i.png {{ return 200 '0123456789'; }}
    """
    with nginx(locations=locations) as running:
        before = running.status().requests
        record = ran(plan_of(running.url, 'page = "/page"', load="users = 2\nmax_requests = 20"))
        asked = running.status().requests - before

    own = record.summary.total.of_protocol
    assert record.whole_run.ok == 20
    assert own.amounts["page_bytes"].total == 20 * (len(document) + 12 + 10)
    assert asked == own.amounts["page_requests"].total == 60


def test_a_package_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.engine.clients.browser.driver.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'perftui\[pages\]'") as raised:
        run_plan(RunRequest(plan=plan_of("http://127.0.0.1:1", 'browser = "/"')))

    assert raised.value.exit_code == 2
    assert len(raised.value.problems) == 1
