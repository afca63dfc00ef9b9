"""Files of VS Code's REST Client and of JetBrains' HTTP client, as their users write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from perftui.model.errors import UsageError
from perftui.model.plan import Operation, Part, Plan
from perftui.presets.importing.http_file import import_http_file
from perftui.presets.loading import parse_preset
from support.mutation import with_a_part_replaced

VS_CODE = """@hostname = api.example.com
@host = {{hostname}}:8443
@baseUrl = https://{{host}}/v1
@token = {{login.response.body.$.data.token}}

### Log in and get a token
# @name login
# @prompt account
POST {{baseUrl}}/login HTTP/1.1
Content-Type: application/json
# X-Debug: 1
Accept: application/json

{ "user": "{{account}}", "password": "admin123!", "at": "{{$datetime iso8601}}" }

### Users of a page
GET {{baseUrl}}/users
    ?page=2
    &sort=name asc
Authorization: Bearer {{token}}

###
# @name created
POST {{baseUrl}}/users
Content-Type: application/json

< ./user.json

###
GET {{baseUrl}}/users/{{created.response.headers.Location}}
X-Trace: {{created.response.headers['X-Request-Id']}}

### Filtered
PATCH {{baseUrl}}/users/{{created.response.body.$.items[?(@.a==1)].id}}

###
POST {{baseUrl}}/upload
Content-Type: multipart/form-data; boundary=----Boundary7MA

------Boundary7MA
Content-Disposition: form-data; name="text"

title {{$timestamp}}
------Boundary7MA
Content-Disposition: form-data; name="image"; filename="1.png"
Content-Type: image/png

< ./1.png
------Boundary7MA--

###
POST {{baseUrl}}/form
Content-Type: application/x-www-form-urlencoded

name=foo
&q={{$processEnv MY_ENV}}

###
POST https://api.example.com:8443/graphql
X-REQUEST-TYPE: GraphQL

query ($name: String!) { repo(name: $name) { id } }

{ "name": "x" }

###
curl -X POST "https://api.example.com:8443/curl" --data-raw '{"a": 1}'

### As XML
POST {{baseUrl}}/xml
Content-Type: application/xml

<?xml version="1.0"?>
<name>{{$dotenv NAME}}</name>
"""
JETBRAINS = """### Log in
// @no-cookie-jar
< {%
    request.variables.set("user", "ann");
%}
POST http://{{host}}:{{port}}/login
Content-Type: application/json

{ "user": "{{user}}" }

> {%
    client.test("ok", function () {
        client.assert(response.status === 201, "Response status is not 201");
    });
    client.global.set("auth_token", response.body.data["token"]);
    client.global.set("unused", response.body.x);
    client.global.set("csrf", response.headers.valueOf("X-Csrf"));
%}

### Items
GET http://{{host}}:{{port}}
    /api
    /items
    ?limit={{$random.integer(10, 100)}}
    &id={{$random.uuid}}
Authorization: Bearer {{auth_token}}
X-Csrf: {{csrf}}

> {% client.assert(response.status === 200) %}
>> items.json

### With a user
GET http://{{host}}:{{port}}/me
Authorization: Basic {{user}} {{password}}
> ./check.js

<> 2024-01-01T000000.200.json

### Two in one
GET http://{{host}}:{{port}}/one

POST http://{{host}}:{{port}}/two
Content-Type: text/plain

start
< ./middle.txt

### Socket
WEBSOCKET ws://{{host}}/ws

{ "a": 1 }

### No such name
GET http://{{host}}:{{port}}/x
Authorization: {{nope.response.body.token}}

### Notes
this is no request
"""


def imported(text: str) -> tuple[Plan, str]:
    """The plan and the text of a .http file."""
    made = import_http_file(text, "api")
    return parse_preset(made, "imported.toml"), made


def by_name(plan: Plan) -> dict[str, Operation]:
    """The steps of the journey by their names."""
    return {step.name: step for step in plan.journeys[0].steps}


def test_a_file_of_vs_code() -> None:
    plan, text = imported(VS_CODE)
    steps = by_name(plan)
    assert plan.target.url == "https://api.example.com:8443"
    assert list(steps) == [
        "login", "Users of a page", "created", "GET /v1/users/{created_Location}", "POST /v1/upload", "POST /v1/form",
        "POST /graphql", "POST /curl", "As XML",
    ]  # fmt: skip
    assert steps["login"].body == ('{ "user": "${env:ACCOUNT}", "password": "${env:PASSWORD}", "at": "${now:iso}" }')
    assert steps["login"].headers == {"Content-Type": "application/json", "Accept": "application/json"}
    assert steps["Users of a page"].query == {"page": 2, "sort": "name asc"}
    assert steps["Users of a page"].headers == {"Authorization": "Bearer ${login_data_token}"}
    assert [capture.header for capture in steps["created"].captures] == ["Location", "X-Request-Id"]
    text_part, image = steps["POST /v1/upload"].multipart
    assert text_part == Part(name="text", value="title ${now:s}")
    assert (image.filename, image.content_type, image.value) == ("1.png", "image/png", "")
    assert image.file.endswith("/1.png")
    assert steps["POST /v1/form"].body == "name=foo&q=${env:MY_ENV}"
    query = "query ($name: String!) { repo(name: $name) { id } }"
    assert steps["POST /graphql"].json == {"query": query, "variables": {"name": "x"}}
    assert steps["POST /curl"].body == '{"a": 1}'
    assert steps["As XML"].body == '<?xml version="1.0"?>\n<name>${env:NAME}</name>'
    told = [line for line in text.splitlines() if line.startswith("#")]
    assert told[0] == "# set before the run: ACCOUNT, PASSWORD, MY_ENV, NAME"
    assert told[1] == "# curl -d says that its JSON is a form; say Content-Type where that is wrong"
    assert told[2].startswith("# left out, as '$.items[?(@.a==1)].id' is no JSON path at ")
    assert told[2].endswith(": Filtered")
    assert len(told) == 3


def test_a_file_of_jetbrains() -> None:
    plan, text = imported(JETBRAINS)
    steps = by_name(plan)
    assert plan.target.url == "http://${env:V_HOST}:${env:PORT}"
    assert list(steps) == ["Log in", "Items", "With a user", "Two in one", "POST /two"]
    assert [capture.name for capture in steps["Log in"].captures] == ["auth_token", "csrf"]
    assert steps["Log in"].checks[0].status == (201,)
    assert steps["Items"].path == "/api/items"
    assert steps["Items"].query == {"limit": "${rand:10..99}", "id": "${uuid}"}
    assert steps["Items"].headers == {"Authorization": "Bearer ${auth_token}", "X-Csrf": "${csrf}"}
    assert steps["With a user"].headers == {"Authorization": "Basic ${env:BASIC_AUTH}"}
    assert "# BASIC_AUTH is the base64 text of user:password of GET http://${env:V_HOST}:${env:PORT}/me\n" in text
    assert [line for line in text.splitlines() if line.startswith("# left")] == [
        "# left out, as they are no requests: this is no request",
        "# left out, scripts, but for values that they keep and statuses that they expect: Log in, Items, With a user",
        "# left out, a file in the middle of a body: < ./middle.txt",
        "# left out, as they are not HTTP: Socket",
        "# left out, as no request above is named 'nope': No such name",
    ]


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("GET {{scheme}}://{{server}}/x", "http://${env:SERVER}"),
        ("{{base}}/x", "http://127.0.0.1:8000"),
        ("example.com/x", "http://example.com"),
        ("GET /x", "http://127.0.0.1:8000"),
        ("get https://h/x HTTP/2", "https://h"),
    ],
)
def test_request_lines(line: str, url: str) -> None:
    plan, _ = imported(line)
    assert (plan.target.url, plan.operations[0].path) == (url, "/x")


@settings(max_examples=30)
@given(with_a_part_replaced([VS_CODE, JETBRAINS], "{}[]<>@#:;=&%^$\"'\\\n -\x00é0aF"))
def test_a_nearly_right_one_is_imported_or_refused(text: str) -> None:
    try:
        made = import_http_file(text)
    except UsageError:
        return
    parse_preset(made, "imported.toml")


def test_a_variable_after_a_blank_line_is_no_body() -> None:
    plan, _ = imported(
        "# @name first\nGET http://h/items?pretty&q=%E9\n\n@id = {{first.response.body.$.id}}\n\n"
        'PUT http://h/items/{{id}}\nContent-Type: application/json\n\n{ "a":  1 } \n'
    )
    first, second = plan.journeys[0].steps
    assert (first.path, first.body) == ("/items?pretty&q=%E9", "")
    assert first.captures[0].json == "$.id"
    assert (second.path, second.body) == (f"/items/${{{first.captures[0].name}}}", '{ "a":  1 } ')


def test_notes_below_a_request_are_no_body() -> None:
    plan, _ = imported("GET http://h/a\n\n# a note\n// another\n\n###\nGET http://h/b\n")
    assert [(operation.path, operation.body) for operation in plan.operations] == [("/a", ""), ("/b", "")]


def test_two_passwords_have_two_names() -> None:
    plan, text = imported(
        'POST http://h/a\nContent-Type: application/json\n\n{"password":"first-1"}\n\n###\n'
        'POST http://h/b\nContent-Type: application/json\n\n{"password":"second-2"}\n\n###\n'
        'POST http://h/c\nContent-Type: application/json\n\n{"password":"first-1"}\n'
    )
    bodies = [operation.json["password"] for operation in plan.operations]
    assert bodies == ["${env:PASSWORD}", "${env:PASSWORD_2}", "${env:PASSWORD}"]
    assert "first-1" not in text
    assert "second-2" not in text


def test_a_secret_variable_of_the_file_stays_out_of_the_preset() -> None:
    plan, text = imported("@apiToken = abc-123-def\nGET http://h/a\nX-Other: {{apiToken}}\n")
    assert plan.target.headers == {"X-Other": "${env:APITOKEN}"}
    assert "abc-123" not in text
