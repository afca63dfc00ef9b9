"""Answers by status, redirects followed and not, and what of a server's HTTP is tolerated: counted and said."""

from __future__ import annotations

import json

import pytest

from perftui.engine.clients.http.redirects import next_target, redirected, shown_location, with_cookies
from perftui.presets.loading import parse_preset
from support.cli import run_cli
from support.fault_server import OK, Connection, Handler, answering, fault_server
from support.home import Home
from support.load_worker import Measured, run_load
from support.nginx import nginx

NO_CONTENT = b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"
FOLDED = b"HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nContent-Length: 2\r\n\r\nok"
LOAD = 'schema = 1\nname = "x"\n[load]\nusers = 1\nmax_requests = {requests}\n[target]\nredirects = {redirects}\n'
LOOKS = "checks = [{ max_bytes = 100 }]\n"
"""The reader looks at every answer."""
GET = '[[operations]]\nname = "get"\npath = "/"\n'


def redirect(status: int, location: str, more: str = "") -> bytes:
    """An answer that leads elsewhere."""
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\n{more}Content-Length: 0\r\n\r\n".encode()


def sites(pages: dict[str, bytes], seen: list[bytes] | None = None) -> Handler:
    """A server with these answers by path; anything else is fine."""

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            if seen is not None:
                seen.append(request)
            connection.send(pages.get(request.split(b" ", 2)[1].decode(), OK))

    return handle


def measured(handler: Handler, text: str = GET, *, redirects: int = 0, requests: int = 4) -> Measured:
    """What one user's requests came to."""
    with fault_server(handler) as server:
        plan = parse_preset(LOAD.format(requests=requests, redirects=redirects) + text, "x.toml", server.url)
        found = run_load(plan)
    counts = found.counts()
    assert counts.scheduled == counts.ok + counts.errors + counts.timeouts == requests
    return found


def statuses(found: Measured) -> dict[str, int]:
    """Answers by status."""
    counted: dict[str, int] = {}
    for cell in found.cells():
        for status, count in cell.statuses.items():
            counted[status] = counted.get(status, 0) + count
    return counted


def noted(found: Measured) -> dict[str, int]:
    """What was tolerated."""
    counted: dict[str, int] = {}
    for cell in found.cells():
        for code, count in cell.noted.items():
            counted[code] = counted.get(code, 0) + count
    return counted


def in_turn(*answers: bytes) -> Handler:
    """Answers one after the other, over and over, whatever is asked."""

    def handle(connection: Connection) -> None:
        while connection.read_request():
            connection.send(answers[(connection.served - 1) % len(answers)])

    return handle


CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize(
    ("answers", "checks", "expected"),
    [
        ((CREATED,), "", {"201": 12}),
        ((OK, CREATED), "", {"200": 6, "201": 6}),
        ((CREATED, OK, OK), LOOKS, {"201": 4, "200": 8}),
        ((OK, FAILED), "", {"200": 6, "503": 6}),
        ((redirect(302, "/a"), OK, OK, redirect(301, "/b")), "", {"302": 3, "200": 6, "301": 3}),
        ((redirect(302, "/a"), OK), LOOKS, {"302": 6, "200": 6}),
    ],
)
def test_answers_are_counted_by_status(answers: tuple[bytes, ...], checks: str, expected: dict[str, int]) -> None:
    assert statuses(measured(in_turn(*answers), GET + checks, requests=12)) == expected


def test_answers_that_fail_a_check_have_a_status_too() -> None:
    found = measured(in_turn(OK), GET + 'checks = [{ contains = "nothing of it" }]\n')
    assert (statuses(found), len(found.classes())) == ({"200": 4}, 1)


def test_a_redirect_that_is_not_followed_is_the_answer_and_says_where_it_leads() -> None:
    found = measured(answering(redirect(301, "/login?token=secret#top")))
    assert found.counts().ok == 4
    assert statuses(found) == {"301": 4}
    assert {cell.redirect for cell in found.cells()} == {"301 to /login?…"}


PAGES = {
    "/": redirect(302, "/a"),
    "/a": redirect(301, "b/c?x=1&y=%20ü"),
    "/b/c?x=1&y=%20%C3%BC": OK,
}


@pytest.mark.parametrize("keep", ["", "Connection: close\r\n"])
def test_redirects_are_followed_and_count_as_one_request(keep: str) -> None:
    seen: list[bytes] = []
    pages = {**PAGES, "/": redirect(302, "/a", keep)}
    found = measured(sites(pages, seen), redirects=2)
    assert (found.counts().ok, found.counts().started) == (4, 4)
    assert statuses(found) == {"200": 4}
    assert noted(found) == {"followed": 8}
    assert [request.split(b" ")[1] for request in seen[:3]] == [b"/", b"/a", b"/b/c?x=1&y=%20%C3%BC"]
    assert len(seen) == 12
    assert sum(cell.sent_bytes for cell in found.cells()) == sum(map(len, seen))


@pytest.mark.parametrize(
    ("location", "error_class"),
    [
        ("/", "redirect.limit"),
        ("/elsewhere", ""),
        ("http://example.org/", "redirect.elsewhere"),
        ("https://127.0.0.1/", "redirect.elsewhere"),
        ("//169.254.169.254/latest", "redirect.elsewhere"),
        ("file:///etc/passwd", "redirect.elsewhere"),
        ("http://[::1", "redirect.elsewhere"),
        ("http://user@127.0.0.1:1/", "redirect.elsewhere"),
        ("/\x07\x1b]0;x", "protocol"),
    ],
)
def test_what_is_not_followed_is_an_error_of_its_own(location: str, error_class: str) -> None:
    found = measured(sites({"/": redirect(302, location)}), redirects=3)
    assert set(found.classes()) == ({error_class} if error_class else set())
    assert sum(found.classes().values()) == (4 if error_class else 0)


@pytest.mark.parametrize(
    ("status", "method"), [(301, b"GET"), (302, b"GET"), (303, b"GET"), (307, b"POST"), (308, b"POST")]
)
def test_a_body_goes_along_only_where_it_is_meant_to(status: int, method: bytes) -> None:
    seen: list[bytes] = []
    post = '[[operations]]\nname = "post"\nmethod = "POST"\npath = "/"\njson = { a = 1 }\n'
    measured(sites({"/": redirect(status, "/next")}, seen), post, redirects=1, requests=1)
    _, second = seen
    assert second.split(b" ")[:2] == [method, b"/next"]
    assert (b'{"a":1}' in second, b"content-length" in second.lower()) == (
        (True, True) if method == b"POST" else (False, False)
    )
    assert b"\r\nHost: " in second


def test_cookies_on_the_way_are_kept_for_the_request_or_the_journey() -> None:
    seen: list[bytes] = []
    pages = {"/": redirect(302, "/home", "Set-Cookie: sid=A; Path=/\r\nSet-Cookie: lang=de\r\n")}
    plain = GET + 'headers = { Cookie = "lang=en; seen=1" }\n'
    measured(sites(pages, seen), plain, redirects=1, requests=2)
    cookies = [next((line[8:] for line in each.split(b"\r\n") if line.startswith(b"Cookie: ")), b"") for each in seen]
    assert cookies == [b"lang=en; seen=1", b"seen=1; sid=A; lang=de"] * 2
    seen.clear()
    steps = '[[journeys]]\nname = "j"\n[[journeys.steps]]\npath = "/"\n[[journeys.steps]]\npath = "/after"\n'
    measured(sites(pages, seen), steps, redirects=1, requests=2)
    assert b"Cookie: sid=A; lang=de" in seen[2]
    assert seen[2].startswith(b"GET /after ")


def test_the_deadline_is_that_of_the_whole_way() -> None:
    def slow(connection: Connection) -> None:
        while connection.read_request():
            connection.sleep(0.2)
            connection.send(redirect(302, "/again"))

    with fault_server(slow) as server:
        text = LOAD.format(requests=1, redirects=20).replace("redirects", 'timeout = "500ms"\nredirects') + GET
        found = run_load(parse_preset(text, "x.toml", server.url))
    assert found.classes() == {"timeout": 1}


@pytest.mark.parametrize(
    ("answer", "code", "least"), [(FOLDED, "folded_header", 4), (NO_CONTENT, "idle_length", 4), (OK + b"x", "", 0)]
)
def test_what_is_tolerated_is_counted(answer: bytes, code: str, least: int) -> None:
    found = measured(answering(answer))
    assert noted(found).get(code, 0) == least


@pytest.mark.slow
def test_a_run_says_by_status_and_finding_that_it_only_met_redirects(home: Home) -> None:
    conf = "location = /old { return 301 /login; }"
    with nginx(locations=conf) as server:
        result = run_cli(home, server.url + "/old", "-z", "1s", "--warmup", "0s", "-c", "2", "--format", "json")
        record = json.loads(result.stdout)
        total = record["summary"]["total"]
        assert list(total["statuses"]) == ["301"]
        assert total["statuses"]["301"] == total["counts"]["ok"]
        (finding,) = [each for each in record["findings"] if each["code"] == "redirects"]
        assert "100 % of the answers were redirects, e.g. 301 to " in finding["detail"]
        assert "/login" in finding["detail"]
        for name, told in (("text", "301 × "), ("md", "301 × "), ("csv", ",301="), ("html", ">301</td>")):
            shown = run_cli(home, "export", "latest", "--format", name)
            assert shown.code == 0, shown.stderr
            assert told in shown.stdout, name
        followed = run_cli(
            home, server.url + "/old", "-z", "1s", "--warmup", "0s", "-c", "2", "--redirects", "3", "--format", "json"
        )
        record = json.loads(followed.stdout)
        assert list(record["summary"]["total"]["statuses"]) == ["200"]
        assert [each["code"] for each in record["findings"] if each["code"] in {"redirects", "followed"}] == [
            "followed"
        ]


def test_a_location_for_people_holds_no_secret_and_nothing_raw() -> None:
    assert shown_location(302, b"/a?token=x#y") == "302 to /a?…"
    assert shown_location(301, b"https://u:p@h/x") == "301 to https://h/x"
    assert shown_location(301, b"") == "301 to nowhere"
    assert "\x1b" not in shown_location(301, b"/\x1b]52;c;x\x07")
    assert len(shown_location(301, b"/" + b"a" * 5000)) < 200


def test_where_a_redirect_leads() -> None:
    asked, origin = b"GET /a/b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n", "http://h:8000"
    for location, target in (
        (b"c", "/a/c"),
        (b"?y=2", "/a/b?y=2"),
        (b"http://H:8000", "/"),
        (b"../../..", "/"),
        (b"/x y", "/x%20y"),
    ):
        assert next_target(asked, origin, location) == target
    assert next_target(b"GET http://h/a HTTP/1.1\r\n\r\n", "http://h", b"//h:80/b") == "/b"
    with pytest.raises(ValueError, match="only http://h:8000 is loaded"):
        next_target(asked, origin, b"http://h/")


def test_through_a_proxy_the_whole_url_is_named() -> None:
    request = b"GET http://h:8000/a HTTP/1.1\r\nHost: h:8000\r\n\r\n"
    assert redirected(request, 302, "/b").startswith(b"GET http://h:8000/b HTTP/1.1\r\n")
    assert with_cookies(request, "a=1") == request[:-2] + b"Cookie: a=1\r\n\r\n"
