"""What is sent for HAR recordings, .http files and Postman collections: bytes that were written down by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perftui.engine.clients.http.request import RequestBuilder
from perftui.engine.clients.http.target import Endpoint
from perftui.presets.importing.har import import_har
from perftui.presets.importing.http_file import import_http_file
from perftui.presets.importing.postman import import_postman
from perftui.presets.loading import parse_preset
from perftui.presets.secrets import resolve_secrets
from perftui.presets.values import ValueStream
from support.echo import Request, parsed

JSON_TYPE = ("content-type", "application/json")
FORM_TYPE = ("content-type", "application/x-www-form-urlencoded")
PART = 'Content-Disposition: form-data; name="a"\r\n\r\n1\r\n'
MULTIPART = f"--X\r\n{PART}--X--\r\n"


def sent(text: str, monkeypatch: pytest.MonkeyPatch) -> Request:
    """The only request of an imported preset, without what perftui says of itself."""
    monkeypatch.setenv("COOKIE", "a=1")
    plan, _ = resolve_secrets(parse_preset(text, "/p/imported.toml"))
    values = ValueStream()
    [operation] = plan.counted_operations
    request = parsed(RequestBuilder(plan, Endpoint.of(plan.target)).build(operation).render(values, {}))
    own = {"host", "user-agent", "accept", "accept-encoding"}
    return Request(request.line, tuple(pair for pair in request.headers if pair[0] not in own), request.body)


def expected(line: str, headers: tuple[tuple[str, str], ...] = (), body: str = "") -> Request:
    """A request as one writes it down."""
    pairs = tuple(sorted((name, value.encode()) for name, value in headers))
    return Request(f"{line} HTTP/1.1".encode(), pairs, body.encode())


CASES: dict[str, tuple[dict[str, Any], Request]] = {
    "query as written": (
        {"method": "GET", "url": "http://h/a?pretty&b=%E9&c=d+e&c=%2f#x", "headers": []},
        expected("GET /a?pretty&b=%E9&c=d+e&c=%2F"),
    ),
    "headers of a browser": (
        {
            "method": "GET",
            "url": "http://h/",
            "headers": [
                {"name": ":path", "value": "/"},
                {"name": "sec-fetch-mode", "value": "cors"},
                {"name": "Cookie", "value": "a=1"},
                {"name": "X-Empty", "value": ""},
            ],
        },
        expected("GET /", (("sec-fetch-mode", "cors"), ("cookie", "a=1"), ("x-empty", ""))),
    ),
    "JSON with its spaces": (
        {
            "method": "PUT",
            "url": "http://h/a",
            "headers": [],
            "postData": {"mimeType": "application/json", "text": '{ "a":\n1.0, "b": "\\u00e9" }'},
        },
        expected("PUT /a", (JSON_TYPE,), '{ "a":\n1.0, "b": "\\u00e9" }'),
    ),
    "a form": (
        {
            "method": "POST",
            "url": "http://h/a",
            "headers": [{"name": "content-type", "value": "application/x-www-form-urlencoded"}],
            "postData": {"mimeType": "x", "text": "a=1+2&b=%20&b=&c"},
        },
        expected("POST /a", (FORM_TYPE,), "a=1+2&b=%20&b=&c"),
    ),
    "parts of a form": (
        {
            "method": "POST",
            "url": "http://h/a",
            "headers": [{"name": "content-type", "value": "multipart/form-data; boundary=X"}],
            "postData": {"mimeType": "multipart/form-data; boundary=X", "text": MULTIPART},
        },
        expected(
            "POST /a", (("content-type", "multipart/form-data; boundary=BOUNDARY"),), MULTIPART.replace("X", "BOUNDARY")
        ),
    ),
    "a body in base64": (
        {
            "method": "POST",
            "url": "http://h/a",
            "headers": [],
            "postData": {"mimeType": "text/plain", "text": "w6kgCg==", "encoding": "base64"},
        },
        expected("POST /a", (("content-type", "text/plain"),), "é \n"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_har(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request, wanted = CASES[name]
    assert sent(import_har(json.dumps({"log": {"entries": [{"request": request}]}})), monkeypatch) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("GET http://h/a?pretty&b=%E9\n  &c=d e", expected("GET /a?pretty&b=%E9&c=d%20e")),
        (
            'DELETE http://h/a/1 HTTP/1.1\nX-a: b:c  \nIf-Match: "1"\n',
            expected("DELETE /a/1", (("x-a", "b:c"), ("if-match", '"1"'))),
        ),
        (
            'POST http://h/a\nContent-Type: application/json\n\n{ "a":  1,\n\n  "b": "x " }  \n',
            expected("POST /a", (JSON_TYPE,), '{ "a":  1,\n\n  "b": "x " }  '),
        ),
        ('PATCH http://h/a\n\n{"a":1}', expected("PATCH /a", (), '{"a":1}')),
        (
            "POST http://h/a\nContent-Type: application/x-www-form-urlencoded\n\na=1+2\n&b=%20\n&c\n",
            expected("POST /a", (FORM_TYPE,), "a=1+2&b=%20&c"),
        ),
        ("@n = 5\nPOST http://h/{{n}}\n\nn={{n}} $n ${n}", expected("POST /5", (), "n=5 $n ${n}")),
        (
            "POST http://h/a\nContent-Type: text/plain\n\n# kept\n\ttab\n",
            expected("POST /a", (("content-type", "text/plain"),), "# kept\n\ttab"),
        ),
    ],
    ids=("query", "headers", "JSON", "no type", "form", "variables", "text"),
)
def test_http_files(text: str, wanted: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(import_http_file(text), monkeypatch) == wanted


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        ("http://h/a?pretty&b=%E9&c=d e", expected("GET /a?pretty&b=%E9&c=d%20e")),
        (
            {
                "method": "PUT",
                "url": "http://h/a",
                "body": {"mode": "raw", "raw": '{ "a": 1 }', "options": {"raw": {"language": "json"}}},
            },
            expected("PUT /a", (JSON_TYPE,), '{ "a": 1 }'),
        ),
        (
            {"method": "POST", "url": "http://h/a", "body": {"mode": "raw", "raw": "plain ${x}\n"}},
            expected("POST /a", (), "plain ${x}\n"),
        ),
        (
            {
                "method": "POST",
                "url": "http://h/a",
                "header": [{"key": "Content-Type", "value": "application/vnd.api+json"}],
                "body": {"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}},
            },
            expected("POST /a", (("content-type", "application/vnd.api+json"),), "{}"),
        ),
        (
            {
                "method": "POST",
                "url": "http://h/a",
                "body": {
                    "mode": "urlencoded",
                    "urlencoded": [{"key": "a b", "value": "1&2"}, {"key": "c", "value": ""}],
                },
            },
            expected("POST /a", (FORM_TYPE,), "a%20b=1%262&c="),
        ),
        (
            {
                "method": "POST",
                "url": "http://h/a",
                "body": {"mode": "formdata", "formdata": [{"key": "a", "value": "1"}]},
            },
            expected(
                "POST /a",
                (("content-type", "multipart/form-data; boundary=BOUNDARY"),),
                MULTIPART.replace("X", "BOUNDARY"),
            ),
        ),
    ],
    ids=("URL", "JSON", "raw", "own type", "urlencoded", "formdata"),
)
def test_postman(request_: Any, wanted: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(import_postman(json.dumps({"item": [{"name": "r", "request": request_}]})), monkeypatch) == wanted
