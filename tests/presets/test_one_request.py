"""A URL alone is a preset; the command line says what its request is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.presets.loading import LONGEST_COUNTED_S, load_plan
from perftui.presets.one_request import RequestOverrides
from perftui.presets.overrides import Overrides
from perftui.presets.starter import starting_preset
from perftui.presets.urls import full_url, is_url


def of(url: str, overrides: Overrides | None = None, **request: Any) -> Plan:
    """The plan of a URL with a changed request."""
    changed = overrides or Overrides(request=RequestOverrides(**request))
    return load_plan(url, overrides=changed)


def test_a_url_is_loaded_by_fifty_users_for_ten_seconds() -> None:
    plan = of("http://127.0.0.1:8000/api/items?q=lamp")
    assert (plan.load.mode, plan.load.start_level, plan.load.duration_s, plan.load.warmup_s) == ("users", 50, 10, 2)
    assert plan.target.url == "http://127.0.0.1:8000"
    (operation,) = plan.operations
    assert (operation.method, operation.path) == ("GET", "/api/items?q=lamp")
    assert plan.name == "api-items"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("http://a/b", "http://a/b"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000/x?y=1", "http://127.0.0.1:8000/x?y=1"),
        ("shop.test:80/x", "http://shop.test:80/x"),
        ("[::1]:8000/x", "http://[::1]:8000/x"),
        (":8000/x", "http://127.0.0.1:8000/x"),
        ("localhost/x", "http://localhost/x"),
        ("10.0.0.7", "http://10.0.0.7"),
    ],
)
def test_urls_as_people_type_them(typed: str, meant: str) -> None:
    assert is_url(typed)
    assert full_url(typed) == meant


@pytest.mark.parametrize(
    "typed", ["read", "./read.toml", "presets/read.toml", "my-api", "a.toml", "localhosts", "X: 1"]
)
def test_names_and_files_of_presets_are_no_urls(typed: str) -> None:
    assert not is_url(typed)
    assert full_url(typed) == typed


def test_a_number_of_requests_without_a_duration_is_all_there_is() -> None:
    plan = of("localhost:1", Overrides(max_requests=200))
    assert (plan.load.max_requests, plan.load.warmup_s, plan.load.duration_s) == (200, 0, LONGEST_COUNTED_S)
    plan = of("localhost:1", Overrides(max_requests=200, duration_s=3))
    assert (plan.load.warmup_s, plan.load.duration_s) == (2, 3)


@pytest.mark.parametrize(
    ("request_", "method", "content_type"),
    [
        ({"body": '{"a": 1}'}, "POST", "application/json"),
        ({"body": "a=1"}, "POST", "text/plain; charset=utf-8"),
        ({"body": "{oops"}, "POST", "text/plain; charset=utf-8"),
        ({"body": "a=1", "content_type": "application/x-www-form-urlencoded"}, "POST",
         "application/x-www-form-urlencoded"),
        ({"body": "null", "is_json": True, "method": "put"}, "PUT", "application/json"),
    ],
)  # fmt: skip
def test_a_body_says_how_it_is_sent(request_: dict[str, Any], method: str, content_type: str) -> None:
    (operation,) = of("localhost:1/x", **request_).operations
    assert (operation.method, operation.headers["Content-Type"]) == (method, content_type)
    assert operation.body == request_["body"]
    assert operation.name == f"{method} /x"


@pytest.mark.parametrize(
    ("name", "given", "content_type"),
    [
        ("b.json", {}, "application/json"),
        ("b.json", {"content_type": "application/x-a+json"}, "application/x-a+json"),
        ("b.png", {}, "image/png"),
        ("b.png", {"is_json": True}, "application/json"),
    ],
)
def test_a_body_from_a_file_has_the_type_of_the_file(
    tmp_path: Path, name: str, given: dict[str, Any], content_type: str
) -> None:
    file = tmp_path / name
    file.write_text("{}")
    (operation,) = of("localhost:1/x", body_file=str(file), **given).operations
    assert (operation.method, operation.headers["Content-Type"]) == ("POST", content_type)


@pytest.mark.parametrize(
    ("url", "request_", "said"),
    [
        ("localhost:1/x", {"body": "{", "is_json": True}, "--json: is no JSON"),
        ("localhost:1/x", {"method": "G T"}, "--method: is no method"),
        ("localhost:1/x", {"body": "${nothing}"}, "operations[0].body"),
        ("ftp://localhost/x", {}, "the URL: ftp:// is not spoken"),
        ("http://u:p@localhost/x", {}, "the URL: holds a password"),
    ],
)
def test_mistakes_are_told(url: str, request_: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        of(url, **request_)
    assert said in "\n".join(caught.value.problems)
    assert "u:p" not in "\n".join(caught.value.problems)


def test_one_request_is_changed_not_one_of_several() -> None:
    request = Overrides(request=RequestOverrides(method="HEAD"))
    with pytest.raises(UsageError, match="--method: is for one request, and read has"):
        load_plan("read", "http://127.0.0.1:1", request)
    plan = load_plan("read", "127.0.0.1:1/x", request)
    assert [(one.method, one.path) for one in plan.operations] == [("HEAD", "/x")]


def test_a_preset_and_a_url_may_stand_in_either_order() -> None:
    assert load_plan("localhost:1/x", "read") == load_plan("read", "localhost:1/x")


def test_two_urls_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="two URLs"):
        load_plan("localhost:1", "localhost:2")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:1", "what to ask redis:// is said by a preset: perftui run cache redis://…"),
        ("sqlite:///x.db", "perftui run database sqlite://…"),
        ("memcached://127.0.0.1:1", "what to ask memcached:// is said by a preset"),
        ("http://127.0.0.1:1/a b", "write a space as %20"),
    ],
)
def test_what_a_url_alone_cannot_say_has_its_preset(url: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        of(url)
    assert said in caught.value.problems[0]


def test_a_starting_preset_is_of_http_or_a_database() -> None:
    with pytest.raises(UsageError, match=r"of HTTP and of databases; start from this one: perftui presets show cache"):
        starting_preset("mine", "redis://127.0.0.1:1")
    with pytest.raises(UsageError, match=r"of HTTP and of databases$"):
        starting_preset("mine", "memcached://127.0.0.1:1")
