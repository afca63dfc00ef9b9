"""Presets made of what people already have. Every result is loaded again: an import that cannot be run is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.model.errors import UsageError
from perftui.model.plan import Auth, Part
from perftui.presets.importing.any_file import IMPORTERS, import_any, kind_of
from perftui.presets.importing.har import import_har
from perftui.presets.importing.http_file import import_http_file
from perftui.presets.importing.openapi import import_openapi
from perftui.presets.loading import parse_preset
from support.imported import load, only
from support.mutation import with_a_part_replaced

HAR = {
    "log": {
        "version": "1.2",
        "entries": [
            {
                "startedDateTime": "2024-05-01T10:00:00.000Z",
                "time": 120,
                "request": {
                    "method": "GET",
                    "url": "https://shop.example/?token=abcdef#top",
                    "headers": [{"name": ":authority", "value": "x"}, {"name": "cookie", "value": "s=1"}],
                },
                "response": {"status": 200, "content": {"mimeType": "text/html"}},
            },
            {
                "startedDateTime": "2024-05-01T10:00:00.200Z",
                "request": {"method": "GET", "url": "https://shop.example/logo.png", "headers": []},
                "response": {"status": 200, "content": {"mimeType": "image/png"}},
            },
            {
                "startedDateTime": "2024-05-01T10:00:02.620Z",
                "time": 20,
                "request": {
                    "method": "POST",
                    "url": "https://shop.example/api/cart",
                    "headers": [
                        {"name": "Content-Type", "value": "application/json"},
                        {"name": "cookie", "value": "s=1"},
                    ],
                    "postData": {"mimeType": "application/json", "text": '{"id": 7, "note": "${x}"}'},
                },
                "response": {"status": 201},
            },
            {
                "request": {
                    "method": "POST",
                    "url": "https://shop.example/upload",
                    "headers": [],
                    "postData": {
                        "mimeType": "multipart/form-data; boundary=x",
                        "params": [{"name": "a", "value": "`'\"w\"'`"}],
                    },
                },
            },
        ],
    }
}


def test_har_becomes_a_journey_with_its_waits() -> None:
    text = import_har(json.dumps(HAR), "shop")
    plan = load(text)
    steps = plan.journeys[0].steps
    assert [step.name for step in steps] == ["GET /", "POST /api/cart", "POST /upload"]
    assert [step.think_s for step in steps] == [(0, 0), (2.5, 2.5), (0, 0)]
    assert steps[0].query == {"token": "${env:TOKEN}"}
    assert steps[1].body == '{"id": 7, "note": "${$}{x}"}'
    assert steps[1].checks[0].status == (201,)
    assert steps[2].multipart == (Part(name="a", value="`'\"w\"'`"),)
    assert "s=1" not in text
    assert "abcdef" not in text


OPENAPI = """
openapi: 3.0.3
info: { title: Shop, version: "1" }
servers:
  - url: https://{region}.shop.example/v2
    variables: { region: { default: eu } }
paths:
  /items:
    get:
      operationId: listItems
      parameters:
        - { name: limit, in: query, required: true, schema: { type: integer, minimum: 5, maximum: 50 } }
        - { name: sort, in: query, schema: { type: string } }
        - { $ref: '#/components/parameters/Tenant' }
      responses: { '200': { description: ok }, default: { description: bad } }
    post:
      operationId: createItem
      requestBody:
        content:
          application/json:
            schema: { $ref: '#/components/schemas/Item' }
      responses: { '201': { description: made } }
  /items/{id}/{kind}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: integer } }
    get:
      parameters:
        - { name: kind, in: path, required: true, schema: { type: string, enum: [a b, c] } }
      responses: { '200': { description: ok } }
    delete: { operationId: deleteItem, responses: {} }
  /form:
    put:
      operationId: sendForm
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: { type: object, properties: { email: { type: string, format: email }, n: { type: integer } } }
  /blob:
    post:
      operationId: sendBlob
      requestBody: { content: { image/png: { schema: { type: string, format: binary } } } }
components:
  parameters:
    Tenant: { name: X-Tenant, in: header, required: true, schema: { type: string }, example: acme }
  schemas:
    Base:
      type: object
      required: [name]
      properties: { id: { type: integer, readOnly: true }, name: { type: string } }
    Item:
      allOf:
        - $ref: '#/components/schemas/Base'
        - type: object
          properties:
            price: { type: number, example: 9.5 }
            tags: { type: array, items: { type: string, enum: [red, blue] } }
            parent: { $ref: '#/components/schemas/Item' }
            added: { type: string, format: date-time }
            note: { type: string, example: "costs ${x}" }
  securitySchemes:
    key: { type: apiKey, name: X-Key, in: header }
"""


def test_openapi_operations_with_example_values() -> None:
    text = import_openapi(OPENAPI, "shop")
    plan = load(text)
    assert plan.title == "Shop"
    assert plan.target.url == "https://eu.shop.example"
    assert plan.target.auth == Auth(header=("X-Key", "${env:API_KEY}"))
    by_name = {operation.name: operation for operation in plan.operations}
    assert list(by_name) == ["listItems", "createItem", "GET /items/{id}/{kind}", "sendForm", "sendBlob"]
    assert by_name["listItems"].query == {"limit": "${rand:5..50}"}
    assert by_name["listItems"].headers == {"X-Tenant": "acme"}
    assert by_name["listItems"].checks[0].status == (200,)
    item = by_name["createItem"].json
    assert item["name"] == "${fake:name}"
    assert item["price"] == 9.5
    assert item["tags"] == ["${choice:red|blue}"]
    assert item["added"] == "${now:iso}"
    assert item["note"] == "costs ${$}{x}"
    assert "id" not in item
    assert by_name["GET /items/{id}/{kind}"].path == "/v2/items/${rand:1..100}/${choice:a b|c}"
    assert by_name["sendForm"].form == {"email": "${fake:email}", "n": "${rand:1..100}"}
    assert "# left out, because they delete: DELETE /items/{id}/{kind}" in text
    assert "image/png" in text


RAIL = """
openapi: 3.1.0
servers: [{ url: https://api.rail.example }]
security: [{ token: [] }]
paths:
  /trips/{from}:
    post:
      servers: [{ url: https://api.rail.example/v3 }]
      parameters:
        - { name: from, in: path, required: true, example: "A/B c" }
        - { name: sid, in: cookie, required: true, schema: { type: string } }
        - { name: page, in: query, required: true, schema: { type: integer, exclusiveMinimum: 0, maximum: 9 } }
      requestBody:
        content:
          application/json:
            schema:
              properties:
                kind: { const: single }
                seats: { enum: [1, 2, 4] }
                load: { type: number, minimum: 0, exclusiveMinimum: true, maximum: 1 }
                password: { type: [string, "null"] }
  /photos:
    post:
      requestBody:
        content:
          multipart/form-data:
            schema: { type: object, properties: { file: { type: string, format: binary }, title: { type: string } } }
  /notes:
    put: { requestBody: { content: { text/markdown: { example: "# Hi" } } } }
    post: { requestBody: { content: { application/pdf: { schema: {} } } } }
  /elsewhere:
    get: { servers: [{ url: https://cdn.rail.example }] }
components:
  securitySchemes:
    key: { type: apiKey, name: X-Key, in: header }
    token: { type: http, scheme: bearer }
"""


def test_openapi_3_1_with_servers_and_ways_to_identify() -> None:
    text = import_openapi(RAIL, "rail")
    trip, photos, post, put, elsewhere = load(text).operations
    assert load(text).target.auth == Auth(bearer="${env:API_TOKEN}")
    assert trip.path == "/v3/trips/A%2FB%20c"
    assert trip.query == {"page": "${rand:1..9}"}
    assert trip.json == {
        "kind": "single", "seats": "${choice:1|2|4}", "load": "${rand:0.01..1.00}", "password": "${fake:password}",
    }  # fmt: skip
    assert photos.multipart[0] == Part(name="file", value="hello", filename="file.bin")
    assert (put.body, put.headers) == ("# Hi", {"Content-Type": "text/markdown"})
    assert not post.body
    cdn = load(text).targets[elsewhere.target]
    assert (cdn.url, cdn.headers) == ("https://cdn.rail.example", {"Authorization": "Bearer ${env:API_TOKEN}"})
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# set before the run: API_TOKEN",
        "# left out, cookies: sid of POST /trips/{from}",
        "# left out, bodies of application/pdf: POST /notes",
        "# left out, ways to identify ourselves other than token: key",
    ]


def test_openapi_as_json() -> None:
    document = {"openapi": "3.1.0", "info": {"title": "T"}, "paths": {"/a": {"get": {"responses": {"200": {}}}}}}
    assert only(import_openapi(json.dumps(document))).path == "/a"


HTTP = """@base = https://api.example.com
@version = v{{number}}
@number = 2

### Log in
# @name login
POST {{base}}/{{version}}/login HTTP/1.1
Content-Type: application/json

{ "user": "ana", "password": "{{password}}" }

> {% client.test("ok", function() {}); %}

### Who am I
GET {{base}}/me
  ?a=1
  &t={{$timestamp}}
Authorization: Bearer {{login.response.body.$.data.token}}
X-Id: {{$guid}}

###
# a comment
// another
PUT {{base}}/form
Content-Type: application/x-www-form-urlencoded

n={{$randomInt 1 10}}&x=a%20b

###
POST {{base}}/file

< ./body.bin
"""


def test_http_file_with_a_response_used_later_is_a_journey() -> None:
    text = import_http_file(HTTP, "api")
    plan = load(text)
    steps = plan.journeys[0].steps
    assert [step.name for step in steps] == ["login", "Who am I", "PUT /form", "POST /file"]
    assert steps[0].path == "/v2/login"
    assert steps[0].body == '{ "user": "ana", "password": "${env:PASSWORD}" }'
    assert steps[0].captures[0].json == "$.data.token"
    assert steps[1].query == {"a": 1, "t": "${now:s}"}
    assert steps[1].headers["Authorization"] == f"Bearer ${{{steps[0].captures[0].name}}}"
    assert steps[1].headers["X-Id"] == "${uuid}"
    assert steps[2].form == {"n": "${rand:1..9}", "x": "a b"}
    assert steps[3].body_file.endswith("body.bin")
    assert "scripts" in text


def test_http_file_without_a_host() -> None:
    text = import_http_file("POST {{baseUrl}}/a\n\n###\n{{baseUrl}}/b\n\n###\nGET /c\nHost: 127.0.0.1:8000\n")
    assert [operation.path for operation in load(text).operations] == ["/a", "/b", "/c"]
    assert "{{baseUrl}} names the host" in text


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("curl", "wget http://h", "no curl command was found"),
        ("curl", "curl -X", "needs a value"),
        ("curl", "curl 'http://h", "cannot be read"),
        ("curl", "curl ftp://h/x", "no request with an http"),
        ("har", "{}", "not a HAR file"),
        ("har", "[" * 100_000, "not a HAR file"),
        ("har", '{"log":{"entries":[]}}', "no request"),
        ("openapi", "swagger: '1.2'", "Swagger 1.2"),
        ("openapi", "openapi: [", "not YAML at line"),
        ("openapi", "[" * 10_000, "not"),
        ("openapi", "openapi: 3.0.0", "no request"),
        ("http", "###\n###", "no request"),
        ("http", "GET http://h\nX: {{nope.response.body.$.x}}", "no request above is named 'nope'"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_words(kind: str, text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        IMPORTERS[kind](text, "imported")


@pytest.mark.parametrize(
    ("text", "source", "kind"),
    [
        ("curl http://h", "", "curl"),
        ("# documents\n$ curl http://h/openapi.json", "", "curl"),
        ('{"info": {}, "openapi": "3.1.0"}', "", "openapi"),
        (json.dumps(HAR), "", "har"),
        ("{}", "x.har", "har"),
        (OPENAPI, "", "openapi"),
        ("a: 1", "x.yml", "openapi"),
        (HTTP, "x.http", "http"),
        ("GET http://h", "", "http"),
    ],
)
def test_the_kind_is_guessed(text: str, source: str, kind: str) -> None:
    assert kind_of(text, source) == kind


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(UsageError, match="no curl command, HAR recording, OpenAPI or Swagger document"):
        kind_of("hello")


def test_yaml_that_multiplies_itself_is_harmless() -> None:
    lines = ["openapi: 3.0.0", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    schema = "{ content: { application/json: { example: *a11 } } }"
    text = "\n".join([*lines, f"paths: {{ /a: {{ post: {{ requestBody: {schema} }} }} }}"])
    with pytest.raises(UsageError, match="an example of more than 2,000 values"):
        import_openapi(text)


@given(st.text(max_size=300), st.sampled_from(sorted(IMPORTERS)))
def test_any_text_is_imported_or_refused(text: str, kind: str) -> None:
    for candidate in (text, f"curl http://h {text}", f"GET http://h/\n{text}", f"openapi: 3.0.0\npaths: {text}"):
        try:
            made = IMPORTERS[kind](candidate, "imported")
        except UsageError:
            continue
        load(made)


@settings(max_examples=30)
@given(with_a_part_replaced([OPENAPI, RAIL, json.dumps(HAR)], "{}[]<>@#:;=&%^$\"'\\\n -\x00é0aF"))
def test_a_nearly_right_one_is_imported_or_refused(text: str) -> None:
    try:
        made = (import_har if text.startswith("{") else import_openapi)(text)
    except UsageError:
        return
    parse_preset(made, "imported.toml")


LONG = "a" * 280


@pytest.mark.parametrize(
    "text",
    [
        f"### First\nGET https://a.example/items/{{{{fir{LONG}}}}}\n",
        f"### First\nGET https://a.example/items/{{{{$processEnv {LONG}}}}}\n",
    ],
)
def test_names_longer_than_an_environment_takes_are_shortened(text: str) -> None:
    plan = parse_preset(import_any(text, kind_of(text), "x"), "x.toml")
    assert "${env:" in plan.operations[0].path
    assert LONG not in plan.operations[0].path


@pytest.mark.parametrize("command", [f"curl https://a.example/${LONG}", f'curl https://a.example/ -H "X: ${{{LONG}}}"'])
def test_a_shell_has_no_such_variable(command: str) -> None:
    with pytest.raises(UsageError, match="a variable's name of 280 characters"):
        import_any(command, kind_of(command), "x")
