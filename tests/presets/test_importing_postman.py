"""Postman collections as Postman exports them, against what was written down by hand."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings

from perftui.model.errors import UsageError
from perftui.model.plan import Auth, Capture, Check, Operation, Part, Plan
from perftui.presets.importing.any_file import kind_of
from perftui.presets.importing.environments import read_environment
from perftui.presets.importing.postman import import_postman
from perftui.presets.loading import parse_preset
from support.mutation import with_a_part_replaced

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
LOGIN_TEST = """
// keeps the token
pm.test("Status code is 201", function () {
    pm.response.to.have.status(201);
});
const body = pm.response.json();
pm.test("fast", () => { pm.expect(pm.response.responseTime).to.be.below(250); });
pm.expect(body.user.name).to.eql("ann");
pm.environment.set("token", body.data["token"]);
pm.collectionVariables.set('csrf', pm.response.headers.get("X-Csrf"));
"""
COLLECTION: dict[str, Any] = {
    "info": {"_postman_id": "1", "name": "Shop", "schema": SCHEMA},
    "variable": [{"key": "baseUrl", "value": "https://shop.example/v1"}, {"key": "apiKey", "value": "k-secret-1"}],
    "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
    "item": [
        {
            "name": "Log in",
            "event": [
                {"listen": "test", "script": {"type": "text/javascript", "exec": LOGIN_TEST.splitlines()}},
                {"listen": "prerequest", "script": {"exec": ["pm.environment.set('now', Date.now());"]}},
            ],
            "request": {
                "method": "POST",
                "auth": {"type": "noauth"},
                "header": [
                    {"key": "X-Off", "value": "1", "disabled": True},
                    {"key": "Accept", "value": "application/json"},
                ],
                "body": {
                    "mode": "raw",
                    "raw": '{\n  "user": "ann",\n  "password": "hunter2"\n}',
                    "options": {"raw": {"language": "json"}},
                },
                "url": {"raw": "{{baseUrl}}/login", "host": ["{{baseUrl}}"], "path": ["login"]},
            },
        },
        {
            "name": "Items",
            "item": [
                {
                    "name": "One",
                    "request": {
                        "method": "GET",
                        "header": [{"key": "X-Csrf", "value": "{{csrf}}"}, {"key": "X-Id", "value": "{{$guid}}"}],
                        "url": {
                            "raw": "{{baseUrl}}/items/:id?pretty&q=a b&filter[x]=%E9",
                            "variable": [{"key": "id", "value": "7"}],
                        },
                    },
                },
                {
                    "name": "Form",
                    "request": {
                        "method": "POST",
                        "url": "{{baseUrl}}/form",
                        "body": {
                            "mode": "urlencoded",
                            "urlencoded": [
                                {"key": "a", "value": "1 2"},
                                {"key": "b", "value": "x", "disabled": True},
                                {"key": "password", "value": "other"},
                            ],
                        },
                    },
                },
                {
                    "name": "Upload",
                    "request": {
                        "method": "POST",
                        "auth": {
                            "type": "apikey",
                            "apikey": [{"key": "key", "value": "X-Api-Key"}, {"key": "value", "value": "{{apiKey}}"}],
                        },
                        "url": "{{baseUrl}}/upload",
                        "body": {
                            "mode": "formdata",
                            "formdata": [
                                {"key": "title", "value": "My photo", "type": "text"},
                                {"key": "file", "type": "file", "src": "photo.png"},
                                {"key": "gone", "type": "file", "src": []},
                            ],
                        },
                    },
                },
                {
                    "name": "GraphQL",
                    "request": {
                        "method": "POST",
                        "url": "{{baseUrl}}/graphql",
                        "body": {"mode": "graphql", "graphql": {"query": "{ a }", "variables": '{"x": 1}'}},
                    },
                },
                {
                    "name": "Script",
                    "event": [{"listen": "test", "script": {"exec": ["for (let i = 0; i < 3; i++) { f(i) }"]}}],
                    "request": "{{baseUrl}}/plain",
                },
                {"name": "Hawk", "request": {"auth": {"type": "hawk", "hawk": []}, "url": "{{baseUrl}}/hawk"}},
            ],
        },
    ],
}


def imported(document: dict[str, Any], variables: dict[str, str] | None = None) -> tuple[Plan, str]:
    """The plan and the text of a collection."""
    text = import_postman(json.dumps(document), "shop", variables)
    return parse_preset(text, "/p/imported.toml"), text


def steps_of(plan: Plan) -> dict[str, Operation]:
    """The steps of the journey by name."""
    return {step.name: step for step in plan.journeys[0].steps}


def test_what_a_collection_holds() -> None:
    plan, text = imported(COLLECTION)
    steps = steps_of(plan)
    assert (plan.title, plan.target.url) == ("Shop", "https://shop.example")
    login = steps["Log in"]
    assert (login.method, login.path) == ("POST", "/v1/login")
    assert login.body == '{\n  "user": "ann",\n  "password": "${env:PASSWORD}"\n}'
    assert login.headers == {"Accept": "application/json", "Content-Type": "application/json"}
    one = steps["Items / One"]
    assert one.path == "/v1/items/7?pretty&q=a%20b&filter[x]=%E9"
    assert one.headers == {"X-Csrf": "${csrf}", "X-Id": "${uuid}", "Authorization": "Bearer ${token}"}
    assert steps["Items / Form"].form == {"a": "1 2", "password": "${env:PASSWORD_2}"}
    upload = steps["Items / Upload"]
    assert upload.multipart == (
        Part(name="title", value="My photo"),
        Part(name="file", file="/p/photo.png", content_type="image/png"),
    )
    assert upload.headers == {"X-Api-Key": "${env:APIKEY}"}
    assert steps["Items / GraphQL"].json == {"query": "{ a }", "variables": {"x": 1}}
    assert steps["Items / Script"].path == "/v1/plain"
    assert not any(secret in text for secret in ("hunter2", "other", "k-secret"))


def test_what_simple_scripts_say_and_what_is_not_carried_over() -> None:
    plan, text = imported(COLLECTION)
    login = steps_of(plan)["Log in"]
    assert [check.status for check in login.checks] == [(201,), (), ()]
    assert login.checks[1].max_time_s == 0.25
    assert login.checks[2] == Check(name="json $.user.name = ann", json="$.user.name", equals="ann")
    assert login.captures == (
        Capture(name="csrf", header="X-Csrf"),
        Capture(name="token", json='$.data["token"]'),
    )
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# set before the run: PASSWORD, PASSWORD_2, APIKEY",
        "# left out, pre-request scripts: Log in",
        "# left out, files that the collection does not name: gone of Items / Upload",
        "# left out, what scripts do beyond statuses, simple checks and kept values: Items / Script",
        "# left out, auth of the kind hawk: Items / Hawk",
    ]


def test_version_2_0_has_tables_for_auth() -> None:
    document = {
        "info": {"name": "old", "schema": SCHEMA.replace("2.1", "2.0")},
        "item": [{"name": "a", "request": {"method": "GET", "url": "http://h/a", "header": "X-A: 1\nX-B: 2"}}],
        "auth": {"type": "basic", "basic": {"username": "ann", "password": "pw"}},
    }
    plan, _ = imported(document)
    assert plan.target.auth == Auth(basic=("ann", "${env:PASSWORD}"))
    assert plan.target.headers == {"X-A": "1", "X-B": "2"}


def test_an_environment_gives_the_variables() -> None:
    environment = {"name": "dev", "values": [{"key": "baseUrl", "value": "http://127.0.0.1:8000", "enabled": True}]}
    plan, _ = imported(COLLECTION, read_environment(json.dumps(environment)))
    assert plan.target.url == "http://127.0.0.1:8000"
    jetbrains = json.dumps({"dev": {"host": "a"}, "prod": {"host": "b", "n": 1}, "$shared": {"x": "y"}})
    assert read_environment(jetbrains) == {"x": "y", "host": "a"}
    assert read_environment(jetbrains, "prod") == {"x": "y", "host": "b", "n": "1"}
    with pytest.raises(UsageError, match="no environment 'stage' in it, but dev, prod"):
        read_environment(jetbrains, "stage")


def test_urls_without_raw_and_without_a_host() -> None:
    document = copy.deepcopy(COLLECTION)
    parts = {
        "protocol": "http",
        "host": ["127", "0", "0", "1"],
        "port": "81",
        "path": ["a", "b"],
        "query": [{"key": "x"}],
    }
    document["item"] = [
        {"name": "parts", "request": {"method": "GET", "url": parts, "auth": {"type": "noauth"}}},
    ]
    plan, _ = imported(document)
    assert (plan.target.url, plan.operations[0].path) == ("http://127.0.0.1:81", "/a/b?x")


def test_path_variables_in_longer_segments_and_without_a_value() -> None:
    url = {
        "protocol": "http",
        "host": "api.example",
        "path": ["1", "user/:user-id/:id.json", ":gone"],
        "variable": [{"id": "user-id", "value": "7"}, {"id": "id", "value": 9}, {"id": "user", "value": "x"}],
    }
    plan, text = imported({"item": [{"name": "a", "request": {"url": url, "method": "GET", "body": {"mode": "raw"}}}]})
    assert plan.operations[0].path == "/1/user/7/9.json/:gone"
    assert "# left out, path variables that have no value and are sent as they are: :gone\n" in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not a Postman collection"),
        ("[]", "no list `item`"),
        ('{"requests": [], "name": "x"}', "version 1; export it from Postman as Collection v2.1"),
        ('{"item": []}', "no request with an http"),
        ('{"item": [' * 3000, "not a Postman collection"),
    ],
)
def test_what_is_no_collection_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        import_postman(text)


def test_folders_without_end_are_bounded() -> None:
    item: dict[str, Any] = {"name": "deep", "request": "http://h/deep"}
    for number in range(60):
        item = {"name": str(number), "item": [item]}
    plan, text = imported({"item": [item, {"name": "a", "request": "http://h/a"}]})
    assert [operation.path for operation in plan.operations] == ["/a"]
    assert "# left out, as folders are nested deeper than 40: " in text


def test_the_kind_is_guessed() -> None:
    assert kind_of(json.dumps(COLLECTION)) == "postman"


@settings(max_examples=30)
@given(with_a_part_replaced([json.dumps(COLLECTION)], "{}[]<>@#:;=&%^$\"'\\\n -\x00é0aF"))
def test_a_nearly_right_one_is_imported_or_refused(text: str) -> None:
    try:
        made = import_postman(text)
    except UsageError:
        return
    parse_preset(made, "imported.toml")
