"""OpenAPI documents in several files, and Swagger 2.0."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from perftui.cli.main import main
from perftui.model.errors import UsageError
from perftui.model.plan import Auth, Operation, Part
from perftui.presets.importing.openapi import import_openapi
from perftui.presets.loading import parse_preset
from support.imported import load
from support.mutation import with_a_part_replaced

ROOT = """
openapi: 3.0.3
info: { title: Parts }
servers: [{ url: http://parts.example }]
paths:
  /a: { $ref: 'paths/a.yaml' }
  /b: { $ref: 'paths/b.yaml#/item' }
  /c: { $ref: '../outside.yaml' }
  /d:
    get:
      parameters: [{ $ref: 'common.json#/parameters/Page' }, { $ref: '#/components/parameters/Gone' }]
    post: { requestBody: { content: { application/json: { schema: { $ref: 'https://else.example/s.yaml' } } } } }
"""
FILES = {
    "paths/a.yaml": "get:\n  parameters:\n    - $ref: '../common.json#/parameters/Page'\n",
    "paths/b.yaml": (
        "item:\n  post:\n    requestBody:\n      content:\n        application/json:\n"
        "          schema: { $ref: '#/schemas/Thing' }\n"
        "schemas:\n  Thing: { type: object, properties: { name: { example: x }, size: { $ref: size.yml } } }\n"
    ),
    "paths/size.yml": "type: integer\nminimum: 1\nmaximum: 3\n",
    "common.json": '{"parameters": {"Page": {"name": "page", "in": "query", "required": true, "example": 2}}}',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "api"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / "openapi.yaml").write_text(ROOT)
    (tmp_path / "outside.yaml").write_text("get: { operationId: outside }")
    return root


def by_path(text: str) -> dict[str, Operation]:
    """Operations by method and path."""
    return {f"{operation.method} {operation.path}": operation for operation in load(text).operations}


def test_references_into_files_beside_the_document(folder: Path) -> None:
    text = import_openapi(ROOT, "parts", folder)
    found = by_path(text)
    assert list(found) == ["GET /a", "POST /b", "GET /d", "POST /d"]
    assert found["GET /a"].query == found["GET /d"].query == {"page": 2}
    assert found["POST /b"].json == {"name": "x", "size": "${rand:1..3}"}
    told = "../outside.yaml, #/components/parameters/Gone, https://else.example/s.yaml"
    assert f"# left out, references that lead nowhere from here: {told}\n" in text


def test_the_command_line_gives_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "import", str(folder / "openapi.yaml")]) == 0
    assert list(by_path(capsys.readouterr().out)) == ["GET /a", "POST /b", "GET /d", "POST /d"]


def test_without_a_folder_every_reference_is_listed() -> None:
    text = import_openapi(ROOT)
    for name in ("paths/a.yaml", "paths/b.yaml#/item", "common.json#/parameters/Page"):
        assert name in text


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "paths" / "a.yaml").unlink()
    (folder / "paths" / "a.yaml").symlink_to(folder.parent / "outside.yaml")
    assert "GET /a" not in by_path(import_openapi(ROOT, "parts", folder))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("common.json", "\x00\x01"),
        ("common.json", "[" * 10_000),
        ("common.json", '{"$ref": "common.json"}'),
        ("paths/a.yaml", "$ref: b.yaml#/loop"),
        ("paths/b.yaml", "loop: { $ref: a.yaml }"),
        ("paths/a.yaml", "a: &a [*a]"),
        ("paths/a.yaml", "x" * 9_000_000),
    ],
)
def test_files_that_are_damaged_endless_or_huge(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    import_openapi(ROOT + "  /e: { get: {} }\n", "parts", folder)


SWAGGER = """
swagger: "2.0"
info: { title: Pets }
host: pets.example
basePath: /v2
schemes: [https, http]
consumes: [application/json]
securityDefinitions:
  key: { type: apiKey, name: api_key, in: header }
  login: { type: oauth2, flow: application, tokenUrl: https://pets.example/token, scopes: { read: x } }
security: [{ key: [] }]
parameters:
  Limit: { name: limit, in: query, type: integer, minimum: 1, maximum: 5, required: true }
paths:
  /pets:
    parameters: [{ $ref: '#/parameters/Limit' }]
    get:
      security: []
      parameters:
        - { name: tags, in: query, type: array, required: true, items: { type: string }, default: [a, b] }
        - { name: status, in: query, type: array, required: true, collectionFormat: multi, items: {}, default: [x, y] }
        - { name: sort, in: query, type: string }
      responses: { 200: { description: ok } }
    post:
      parameters:
        - { name: body, in: body, schema: { $ref: '#/definitions/Pet' } }
      responses: { 201: { description: made } }
  /pets/{id}:
    put:
      consumes: [application/x-www-form-urlencoded]
      parameters:
        - { name: id, in: path, type: integer, required: true, x-example: 7 }
        - { name: name, in: formData, type: string, required: true, default: Rex }
        - { name: note, in: formData, type: string }
  /photos:
    post:
      consumes: [multipart/form-data]
      parameters: [{ name: photo, in: formData, type: file, required: true }]
definitions:
  Pet: { type: object, required: [name], properties: { name: { type: string, example: Rex }, age: { type: integer } } }
"""


def test_swagger_2() -> None:
    text = import_openapi(SWAGGER, "pets")
    found = by_path(text)
    assert load(text).target.url == "https://pets.example"
    assert list(found) == ["GET /v2/pets?limit=${rand:1..5}&tags=a,b&status=x&status=y", "POST /v2/pets",
                           "PUT /v2/pets/7", "POST /v2/photos"]  # fmt: skip
    listed, made, changed, photo = found.values()
    assert (made.json, made.query) == ({"name": "Rex"}, {"limit": "${rand:1..5}"})
    assert made.headers == {"api_key": "${env:API_KEY}"}
    assert not listed.headers
    assert [check.status for check in (*listed.checks, *made.checks)] == [(200,), (201,)]
    assert changed.form == {"name": "Rex"}
    assert photo.multipart == (Part(name="photo", value="hello", filename="file.bin"),)
    assert "# left out, parameters that may be left out and have no example: sort of GET /pets\n" in text


def test_swagger_without_a_host_and_one_way_for_all() -> None:
    text = import_openapi(
        "swagger: '2.0'\nbasePath: /v1\nsecurityDefinitions: { b: { type: basic } }\npaths: { /a: { get: {} } }"
    )
    plan = load(text)
    assert (plan.target.url, plan.operations[0].path) == ("http://127.0.0.1:8000", "/v1/a")
    assert plan.target.auth == Auth(basic=("${env:API_USER}", "${env:API_PASSWORD}"))
    assert "# the document names no host" in text


STYLES = """
openapi: 3.0.0
servers: [{ url: http://h }, { url: http://test.h }]
paths:
  /x/{ids}:
    get:
      parameters:
        - { name: ids, in: path, required: true, example: [1, 2] }
        - { name: a, in: query, example: [1, 2] }
        - { name: b, in: query, explode: false, example: [x y, z] }
        - { name: c, in: query, style: pipeDelimited, explode: false, example: [1, 2] }
        - { name: d, in: query, style: deepObject, example: { k: v, n: 1 } }
        - { name: e, in: query, required: true, content: { application/json: { example: { k: [1] } } } }
        - { name: X-List, in: header, example: [p, q] }
"""


def test_lists_and_tables_in_parameters_are_written_as_the_document_says() -> None:
    text = import_openapi(STYLES)
    [operation] = load(text).operations
    query = "a=1&a=2&b=x%20y,z&c=1%7C2&d%5Bk%5D=v&d%5Bn%5D=1&e=%7B%22k%22%3A%5B1%5D%7D"
    assert operation.path == f"/x/1,2?{query}"
    assert load(text).target.headers == {"X-List": "p,q"}
    assert "# left out, other servers of the document: http://test.h\n" in text


def test_json_with_nothing_in_it_stays_json() -> None:
    schema = "{ type: object, properties: { a: { example: null, nullable: true }, n: { type: integer } } }"
    media = f"{{ application/json: {{ example: {{ a: null }}, schema: {schema} }} }}"
    text = import_openapi(f"openapi: 3.0.0\npaths: {{ /a: {{ post: {{ requestBody: {{ content: {media} }} }} }} }}")
    assert load(text).operations[0].body == '{"a":null}'


@settings(max_examples=30)
@given(with_a_part_replaced([SWAGGER, STYLES, ROOT], "{}[]<>@#:;=&%^$\"'\\\n -\x00é0aF"))
def test_a_nearly_right_one_is_imported_or_refused(text: str) -> None:
    try:
        made = import_openapi(text)
    except UsageError:
        return
    parse_preset(made, "imported.toml")
