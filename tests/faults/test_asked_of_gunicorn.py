"""Requests are what was asked for, and answers are read as what they are, where gunicorn serves."""

from __future__ import annotations

import gzip
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.presets.loading import load_plan, parse_preset
from perftui.presets.one_request import RequestOverrides
from perftui.presets.overrides import Overrides
from support.asked import LOAD, outcome
from support.cli import run_cli
from support.gunicorn import SOCKET, gunicorn
from support.home import Home
from support.load_worker import run_load

APP = """
import gzip, json

KEPT = []
GREETING = json.dumps({"greeting": "gr\\u00fc\\u00df dich"}).encode().decode("unicode_escape")
ANSWERS = {
    "/plain": (GREETING.encode(), {}),
    "/bom": (GREETING.encode("utf-8-sig"), {}),
    "/latin": (GREETING.encode("latin-1"), {"Content-Type": "application/json; charset=ISO-8859-1"}),
    "/packed": (gzip.compress(GREETING.encode(), mtime=0), {"Content-Encoding": "gzip"}),
    "/large": (b"x" * (1024 * 1024), {}),
    "/moved": (b"", {"Location": "/plain"}),
    "/empty": (b"hello", {}),
}
STATUS = {"/moved": "302 Found", "/empty": "204 No Content"}

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/kept":
        body, headers = json.dumps(KEPT).encode(), {}
    else:
        names = ("HTTP_HOST", "HTTP_X_F", "HTTP_COOKIE", "REQUEST_METHOD", "REMOTE_ADDR")
        KEPT.append({"path": path} | {name: environ.get(name, "") for name in names})
        body, headers = ANSWERS.get(path, (b"ok", {}))
    rows = [*headers.items(), ("Content-Length", str(len(body)))]
    if path == "/login":
        rows += [("Set-Cookie", "sid=A; Path=/"), ("Set-Cookie", "sid=B; Path=/admin"), ("Set-Cookie", "t=1; Secure")]
    start_response(STATUS.get(path, "200 OK"), rows)
    return [body]
"""
Asked = list[dict[str, str]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("g", numbered=True)


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[str]:
    with gunicorn(APP, place) as url:
        yield url


def asked(server: str, plan: Plan) -> Asked:
    """What arrived while a plan was executed, in its order."""
    before = len(kept(server))
    run_load(plan)
    return kept(server)[before:]


def kept(server: str) -> Asked:
    with urllib.request.urlopen(f"{server}/kept", timeout=5) as answer:
        found: Asked = json.load(answer)
    return found


def test_a_socket_is_used_with_the_host_of_the_url(server: str, place: Path) -> None:
    text = f'{LOAD}[[operations]]\npath = "/"\n'
    plan = parse_preset(text, "x.toml", "http://shop/other", settings=[f"target.unix_socket={place / SOCKET}"])
    arrived = asked(server, plan)
    assert {(one["path"], one["HTTP_HOST"], one["REMOTE_ADDR"]) for one in arrived} == {("/other", "shop", "")}


def test_a_method_that_is_asked_for_with_a_url_is_sent(server: str) -> None:
    overrides = Overrides(users=1, max_requests=3, request=RequestOverrides(method="HEAD"))
    assert {one["REQUEST_METHOD"] for one in asked(server, load_plan("read", f"{server}/x", overrides))} == {"HEAD"}
    with pytest.raises(UsageError, match=r"operations\[0\].method"):
        load_plan("read", f"{server}/x", settings=["operations.0.method=HEAD"])


def test_a_header_that_is_given_twice_arrives_twice(server: str) -> None:
    given = (("X-F", "1"), ("X-F", "2"), ("Cookie", "a=1"), ("Cookie", "b=2"))
    arrived = asked(server, load_plan(f"{server}/x", overrides=Overrides(headers=given, max_requests=3)))
    assert {(one["HTTP_X_F"], one["HTTP_COOKIE"]) for one in arrived} == {("1,2", "a=1; b=2")}


def test_cookies_go_where_their_attributes_say(server: str) -> None:
    paths = ("/login", "/x", "/admin/x", "/administrator")
    steps = "".join(f'[[journeys.steps]]\npath = "{path}"\n' for path in paths)
    load = LOAD.replace("max_requests = 3", "max_requests = 4")
    arrived = asked(server, parse_preset(f'{load}[[journeys]]\nname = "j"\n{steps}', "x.toml", server))
    got = {one["path"]: one["HTTP_COOKIE"] for one in arrived}
    assert got == {"/login": "", "/x": "sid=A", "/admin/x": "sid=B; sid=A", "/administrator": "sid=A"}


@pytest.mark.parametrize(("followed", "arrived"), [(0, 3), (2, 6)])
def test_redirects_are_answers_or_are_followed(server: str, followed: int, arrived: int) -> None:
    text = f'{LOAD}[target]\nredirects = {followed}\n[[operations]]\npath = "/moved"\n'
    before = len(kept(server))
    counts = run_load(parse_preset(text, "x.toml", server)).counts()
    assert counts.scheduled == counts.ok == 3
    assert len(kept(server)) - before == arrived


@pytest.mark.parametrize("path", ["/plain", "/bom", "/latin", "/packed"])
def test_json_is_read_however_it_is_packed(server: str, path: str) -> None:
    checks = 'checks = [{ json = "$.greeting", equals = "grüß dich" }]\n'
    assert outcome(f'[[operations]]\npath = "{path}"\n{checks}', server) == ("", [])


def test_a_length_can_be_checked(server: str) -> None:
    length = len(gzip.compress('{"greeting": "grüß dich"}'.encode(), mtime=0))
    checks = f'checks = [{{ header = "Content-Length", equals = "{length}" }}]\n'
    assert outcome(f'[[operations]]\npath = "/packed"\n{checks}', server) == ("", [])


def test_a_body_where_none_belongs_is_one_opinion(server: str) -> None:
    assert outcome('[[operations]]\npath = "/empty"\n', server) == ("", [])


@pytest.mark.slow
def test_the_largest_answer_is_an_option(server: str) -> None:
    operation = '[[operations]]\npath = "/large"\n'
    problem, classes = outcome(f'[target]\nmax_body = "512KiB"\n{operation}', server)
    assert (classes, "target.max_body" in problem) == (["body_too_large"], True)
    assert outcome(f'[target]\nmax_body = "2MiB"\n{operation}', server) == ("", [])


def test_placeholders_of_other_tools_are_refused_and_nothing_is_sent(server: str) -> None:
    before = kept(server)
    with pytest.raises(UsageError, match=r"did you mean \$\{id\}\?"):
        load_plan(f"{server}/a/$id")
    assert kept(server) == before


def test_tls_to_its_port_is_told_before_the_load(home: Home, server: str) -> None:
    result = run_cli(home, f"{server.replace('http', 'https')}/plain", "-z", "1s")
    assert result.code == 14
    assert f"this port speaks plain HTTP, not TLS: try {server}" in result.stderr
