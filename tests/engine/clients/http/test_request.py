"""The bytes of requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.engine.clients.http.request import RequestBuilder, RequestTemplate
from perftui.engine.clients.http.target import Endpoint
from perftui.engine.load.mix import endless, weighted_order
from perftui.model.errors import UsageError
from perftui.model.plan import Auth, Load, Operation, Part, Plan, Stage, Target
from perftui.presets.values import ValueStream

pytestmark = pytest.mark.quick


def template(operation: Operation, target: Target | None = None) -> RequestTemplate:
    target = target or Target(url="http://shop.example/base/")
    plan = Plan(name="t", target=target, load=Load(stages=(Stage(duration_s=1, to=1),)), operations=(operation,))
    return RequestBuilder(plan, Endpoint.of(target)).build(operation)


def render(operation: Operation, target: Target | None = None, cookie: str = "", **variables: str) -> bytes:
    values = ValueStream()
    values.advance()
    return template(operation, target).render(values, variables, lambda _target: cookie)


def test_a_plain_request() -> None:
    assert render(Operation(name="get", path="/a")) == (
        b"GET /base/a HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: perftui/0.1.0 (load test)\r\nAccept: */*\r\n"
        b"Accept-Encoding: identity\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a", b"a"), ("http://a:80", b"a"), ("https://a:443", b"a"), ("http://a:443", b"a:443"),
        ("http://[::1]:8080", b"[::1]:8080"), ("https://[fe80::1]", b"[fe80::1]"),
        ("http://bücher.example", b"xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_the_host_header(url: str, host: bytes) -> None:
    assert b"\r\nHost: " + host + b"\r\n" in render(Operation(name="get"), Target(url=url))


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://a:99999", "a", "http:///x"])
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(UsageError, match=r"target\.url"):
        Endpoint.of(Target(url=url))


def test_headers_replace_each_other_whatever_their_case() -> None:
    target = Target(
        url="http://a", headers={"accept": "text/html", "X-A": "1"}, auth=Auth(bearer="secret"), keep_alive=False
    )
    lines = render(Operation(name="get", headers={"x-a": "2", "AUTHORIZATION": "mine"}), target).split(b"\r\n")
    assert [line for line in lines if b":" in line] == [
        b"Host: a", b"User-Agent: perftui/0.1.0 (load test)", b"accept: text/html", b"Accept-Encoding: identity",
        b"Connection: close", b"x-a: 2", b"AUTHORIZATION: mine",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("auth", "wanted"),
    [
        (Auth(bearer="t"), b"Authorization: Bearer t\r\n"),
        (Auth(basic=("user", "pa:ss")), b"Authorization: Basic dXNlcjpwYTpzcw==\r\n"),
        (Auth(header=("X-Api-Key", "k")), b"X-Api-Key: k\r\n"),
        (Auth(query=("key", "a&b")), b"GET /?key=a%26b HTTP/1.1\r\n"),
    ],
)
def test_auth(auth: Auth, wanted: bytes) -> None:
    assert wanted in render(Operation(name="get"), Target(url="http://a", auth=auth))


def test_query() -> None:
    operation = Operation(
        name="get", path="/s?x=1", query={"q": "a&b c", "n": 3, "on": True, "l": ["1", "2"], "v": "${id}"}
    )
    assert render(operation, id="ü/").startswith(
        b"GET /base/s?x=1&q=a%26b%20c&n=3&on=true&l=1&l=2&v=%C3%BC%2F HTTP/1.1\r\n"
    )


def test_values_cannot_break_out_of_their_place() -> None:
    evil = "x\r\nHost: evil\r\n\r\nGET /"
    assert render(Operation(name="get", path="/${id}"), id=evil).count(b"\r\n\r\n") == 1
    assert render(Operation(name="get", query={"q": "${id}"}), id=evil).count(b"\r\n\r\n") == 1
    with pytest.raises(ValueError, match="line end"):
        render(Operation(name="get", headers={"X": "${id}"}), id=evil)
    with pytest.raises(ValueError, match="line end"):
        render(Operation(name="get", headers={"X": "a\nb"}))
    with pytest.raises(ValueError, match="line end"):
        render(Operation(name="get", headers={"X\r\nY": "a"}))


@pytest.mark.parametrize(
    ("operation", "content_type", "body"),
    [
        (
            Operation(name="p", method="POST", json={"n": "${number:id}", "t": "<${id}>"}),
            b"application/json",
            b'{"n":5,"t":"<5>"}',
        ),
        (
            Operation(name="p", method="POST", form={"a b": "${id}&"}),
            b"application/x-www-form-urlencoded",
            b"a%20b=5%26",
        ),
        (Operation(name="p", method="PUT", body="raw ${id} ü"), b"", "raw 5 ü".encode()),
        (Operation(name="p", method="POST", json=[], headers={"Content-Type": "x/y"}), b"x/y", b"[]"),
        (Operation(name="p", method="POST"), b"", b""),
    ],
    ids=["json", "form", "raw", "own type", "empty"],
)
def test_bodies(operation: Operation, content_type: bytes, body: bytes) -> None:
    head, _, sent = render(operation, id="5").partition(b"\r\n\r\n")
    assert sent.replace(b"+", b"%20") == body
    assert head.endswith(b"Content-Length: %d" % len(sent))
    assert (b"\r\nContent-Type: " + content_type in head) == bool(content_type)


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"\x00\xff\r\n")
    assert render(Operation(name="p", method="POST", body_file=str(file))).endswith(
        b"Content-Length: 4\r\n\r\n\x00\xff\r\n"
    )
    parts = (Part(name="text", value="v ${id}"), Part(name='f"', file=str(file), content_type="x/y"))
    head, _, body = render(Operation(name="p", method="POST", multipart=parts), id="5").partition(b"\r\n\r\n")
    boundary = head.partition(b"boundary=")[2].split(b"\r\n")[0]
    assert body == (
        b"--%b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nv 5\r\n"
        b"--%b\r\nContent-Disposition: form-data; name=\"f%%22\"; filename=\"a.bin\"\r\n"
        b"Content-Type: x/y\r\n\r\n\x00\xff\r\n\r\n"
        b"--%b--\r\n"
    ) % (boundary, boundary, boundary)  # fmt: skip
    assert b"Content-Length: %d" % len(body) in head


def test_heads_of_parts_hold_values() -> None:
    part = Part(name="n-${id}", value="", filename="${id}.txt", content_type="text/${$}{x}")
    assert b'name="n-5"; filename="5.txt"\r\nContent-Type: text/${x}\r\n\r\n' in render(
        Operation(name="p", method="POST", multipart=(part,)), id="5"
    )


def test_cookies_stand_in_the_head() -> None:
    assert b"\r\nCookie: a=b; c=d\r\n\r\n" in render(Operation(name="get"), cookie="a=b; c=d")


def test_cookies_of_a_user_join_those_of_the_preset() -> None:
    operation = Operation(name="post", method="POST", headers={"cookie": "x=${id}", "X": "y"})
    data = render(operation, cookie="a=b", id="1")
    assert data.endswith(b"X: y\r\nContent-Length: 0\r\ncookie: x=1; a=b\r\n\r\n")
    assert data.lower().count(b"cookie") == 1


def test_what_is_prepared_ahead() -> None:
    values = ValueStream()
    assert len(template(Operation(name="s")).variants(values, {})) == 1
    many = template(Operation(name="r", path="/${rand:1..100000}")).variants(values, {})
    assert len(many) == 4096
    assert len(set(many)) > 3000
    large = template(Operation(name="l", method="POST", body="x" * 100_000 + "${rand:1..9}")).variants(values, {})
    assert len(large) * 100_000 < 5_000_000
    for path in ("/${seq}", "/${uuid}", "/${now:ms}", "/${id}"):
        assert template(Operation(name="n", path=path)).variants(values, {}) == []


@pytest.mark.parametrize("weights", [[1], [5, 4, 1], [1, 1, 1], [100, 0.01], [3, 0]])
def test_weights(weights: list[float]) -> None:
    order = weighted_order(weights, 1000)
    for position, weight in enumerate(weights):
        share = weight / sum(weights)
        assert abs(order.count(position) - 1000 * share) <= 1
        assert abs(order[:100].count(position) - 100 * share) <= 2
        assert weight == 0 or position in order
    assert order == weighted_order(weights, 1000)


def test_no_weight_at_all() -> None:
    with pytest.raises(ValueError, match="weight"):
        endless(["a", "b"], [0, 0], 1)
