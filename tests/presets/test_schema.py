"""The JSON Schema of presets agrees with what the loader takes, and starting files are right from the first line."""

from __future__ import annotations

import tomllib

import jsonschema
import pytest
import tomli_w

from perftui.model.errors import UsageError
from perftui.presets.catalog import list_presets
from perftui.presets.loading import parse_preset
from perftui.presets.schema import json_schema
from perftui.presets.starter import starting_preset

VALIDATOR = jsonschema.Draft7Validator(json_schema())


@pytest.mark.slow
def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", [info.name for info in list_presets() if info.origin == "built-in"])
def test_built_in_presets_are_valid(name: str) -> None:
    path = next(info.path for info in list_presets() if info.name == name)
    VALIDATOR.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        {"naem": 1},
        {"name": ""},
        {"schema": "1"},
        {"kind": "reed"},
        {"load": {"rate": 0, "duration": "1s"}},
        {"load": {"rate": 1, "durration": "1s"}},
        {"load": {"rate": 1, "duration": "1 week"}},
        {"operations": []},
        {"operations": [{}]},
        {"target": {"timeout": 5}},
        {"operations": [{"path": "/", "checks": [{"status": 99}]}]},
        {"objectives": [{"metric": "p95", "target": "< 1s"}]},
        {"objectives": [{"metric": "error_rate", "target": "1%"}]},
        {"objectives": [{"metric": "error_rate"}]},
        {"name": "a b"},
        {"load": {"rate": 1, "users": 1, "duration": "1s"}},
        {"load": {"duration": "1s"}},
        {"load": {"stages": [{"duration": "1s", "to": 1}], "duration": "1s"}},
        {"operations": [{"path": "items"}]},
        {"operations": [{"path": "/", "method": "get"}]},
        {"operations": [{"path": "/", "body": "x"}]},
        {"operations": [{"path": "/", "method": "POST", "body": "x", "json": {}}]},
        {"operations": [{"path": "/", "captures": [{"name": "a", "json": "$.a", "header": "B"}]}]},
        {"target": {"url": "http://h", "auth": {"bearer": "x", "basic": {"user": "a", "password": "b"}}}},
    ],
)
def test_schema_and_loader_refuse_the_same(change: dict[str, object]) -> None:
    tables = {
        "schema": 1,
        "name": "x",
        "target": {"url": "http://h"},
        "load": {"rate": 1, "duration": "1s"},
        "operations": [{"path": "/"}],
    }
    VALIDATOR.validate(tables)
    parse_preset(tomli_w.dumps(tables), "x.toml")
    assert not VALIDATOR.is_valid({**tables, **change})
    with pytest.raises(UsageError):
        parse_preset(tomli_w.dumps({**tables, **change}), "x.toml", "http://h")


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1:8000/${x}", "https://example.org/api/v1/things?page=2&q=a%20b&empty=&l=1&l=${2"]
)
def test_a_starting_file_is_a_preset(url: str) -> None:
    text = starting_preset("mine", url)
    plan = parse_preset(text, "mine.toml")
    VALIDATOR.validate(tomllib.loads(text))
    remarks = [line.index(" # ") for line in text.splitlines() if " # " in line and not line.startswith("#")]
    assert set(remarks) == {39}, "remarks stand in one column"
    if "things" in url:
        assert plan.target.url == "https://example.org"
        assert plan.operations[0].path == "/api/v1/things"
        assert plan.operations[0].query == {"page": "2", "q": "a b", "empty": "", "l": ["1", "${$}{2"]}


@pytest.mark.parametrize(
    ("name", "url"), [("../x", ""), ("x", "example.org"), ("a b", "http://h"), ("x", 'http://h/"\n[x]')]
)
def test_a_starting_file_is_refused_for_wrong_words(name: str, url: str) -> None:
    with pytest.raises(UsageError):
        starting_preset(name, url)


def test_commented_examples_of_the_starting_file_work() -> None:
    text = starting_preset("mine")
    lines = []
    for line in text.splitlines():
        body = line.removeprefix("# ")
        active = line.startswith("# ") and (body.startswith("[[") or " = " in body) and "auth" not in body
        lines.append(body if active else line)
    plan = parse_preset("\n".join(lines), "mine.toml")
    assert [operation.method for operation in plan.operations] == ["GET", "POST"]
    assert plan.after[0].method == "DELETE"
