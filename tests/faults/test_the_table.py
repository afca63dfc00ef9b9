"""The table of faults is true: every line names tests, and every test that it names is there."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick

TESTS = Path(__file__).parent.parent
TABLE = tomllib.loads((Path(__file__).parent / "faults.toml").read_text(encoding="utf-8"))
LINES = 56


@cache
def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_no_line_is_missing() -> None:
    assert [int(number) for number in TABLE] == list(range(1, LINES + 1))


@pytest.mark.parametrize("number", TABLE)
def test_every_named_test_is_there(number: str) -> None:
    line = TABLE[number]
    assert set(line) == {"what", "tests"}
    assert line["what"]
    assert line["tests"]
    for test in line["tests"]:
        file, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in functions_of(TESTS / file), test
