"""What is not written as the format says, but means one thing only, is taken; else the message says the right way."""

from __future__ import annotations

import jsonschema
import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from perftui.presets.schema import json_schema
from perftui.presets.toml_files import read_tables

HEAD = 'schema = 1\nname = "x"\n'
LOAD = '[load]\nrate = 1\nduration = "1s"\n'
OPERATIONS = '[[operations]]\npath = "/"\n'
VALIDATOR = jsonschema.Draft7Validator(json_schema())


def read(text: str) -> Plan:
    """The plan of a preset."""
    return parse_preset(text, "x.toml", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    "text",
    [
        f'{HEAD}{LOAD}[operations]\npath = "/"\n',
        f'{HEAD}{LOAD}{OPERATIONS}checks = [{{ status = "200" }}]\n',
        f'{HEAD}{LOAD}{OPERATIONS}checks = [{{ status = ["200", 204] }}]\n',
        f'{HEAD}{LOAD}{OPERATIONS}[[objectives]]\nmetric = "error_rate"\ncritical = "< 1%"\n',
        f'{HEAD}{LOAD}{OPERATIONS}[objectives]\nmetric = "error_rate"\ntarget = "< 1%"\n',
        f'{HEAD}{LOAD}{OPERATIONS}[after]\npath = "/x"\nmethod = "DELETE"\n',
    ],
)
def test_what_means_one_thing_is_taken(text: str) -> None:
    plan = read(text)
    assert plan.operations[0].path == "/"
    VALIDATOR.validate(read_tables(text, "x"))


def test_a_critical_limit_alone_fails_and_never_warns() -> None:
    text = f'{HEAD}{LOAD}{OPERATIONS}[[objectives]]\nmetric = "response_time.p95"\ncritical = "< 1s"\n'
    (objective,) = read(text).objectives
    assert (objective.target, objective.critical) == ("", "< 1s")
    assert read(f'{HEAD}{LOAD}{OPERATIONS}checks = [{{ status = "200" }}]\n').operations[0].checks[0].status == (200,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}rate = 5\n{LOAD}{OPERATIONS}", "x.toml:3: rate: has no meaning here; it belongs to [load]"),
        (f'{HEAD}url = "http://h"\n{LOAD}{OPERATIONS}', "x.toml:3: url: has no meaning here; it belongs to [target]"),
        (f'{HEAD}path = "/"\n{LOAD}{OPERATIONS}', "it belongs to [[operations]]"),
        (f'{HEAD}{LOAD}timeout = "1s"\n{OPERATIONS}', "load.timeout: has no meaning here; it belongs to [target]"),
        (f"{HEAD}[target]\nusers = 5\n{LOAD}{OPERATIONS}", "target.users: has no meaning here; it belongs to [load]"),
        (f"{HEAD}{LOAD}{OPERATIONS}status = 200\n", "it belongs to checks, such as checks = [{ status = 200 }]"),
        (f'{HEAD}{LOAD}{OPERATIONS}url = "http://h/"\n', "it belongs to [target]; an operation has the path"),
        (f'{HEAD}[load]\nrate = "5"\nduration = "1s"\n{OPERATIONS}', "write the number without quotes: 5"),
        (f'{HEAD}{LOAD}[operations.list]\npath = "/"\n', "write each as [[operations]] with its name in it"),
        (f'{HEAD}{LOAD}{OPERATIONS}[[objectives]]\nmetric = "error_rate"\n', "has no limit; write target, critical"),
    ],
)
def test_the_message_says_where_it_belongs(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert any(said in problem for problem in caught.value.problems), caught.value.problems
    assert len(caught.value.problems) == 1
