"""The rules of the house: who may import whom, how long a module may be, how text reaches a table."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.imports import statements, tree

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src" / "perftui"
MOST_LINES = 400
SCREEN_LIBRARIES = ("textual", "rich", "plotext")

pytestmark = pytest.mark.xdist_group("house")


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after a statement."""
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def python_files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*.py") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("module", ["perftui.engine.__main__", "perftui.engine.runner.run"])
@pytest.mark.slow
def test_engine_loads_no_screen_library(module: str) -> None:
    loaded = modules_after(f"import {module}")

    assert not loaded & set(SCREEN_LIBRARIES)


@pytest.mark.slow
def test_worker_loads_only_what_sends_and_counts() -> None:
    loaded = modules_after("import perftui.engine.worker.__main__")

    assert not loaded & {"httpx", "click", "starlette", "uvicorn", "anyio", "tomli_w", *SCREEN_LIBRARIES}


@pytest.mark.slow
def test_command_line_loads_nothing_heavy_before_it_knows_the_command() -> None:
    loaded = modules_after("import perftui.cli.main")

    assert not loaded & {"httpx", "numpy", "starlette", "uvicorn", *SCREEN_LIBRARIES}


def test_plotext_has_one_importer() -> None:
    importers = [path for path in python_files(SOURCES) if "plotext" in set(imported_by(path))]

    assert [str(path.relative_to(SOURCES)) for path in importers] == ["report/plots.py"]


def imported_by(path: Path) -> Iterator[str]:
    """Top-level names of the modules that a file imports, anywhere in it."""
    for node in statements(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("directory", ["src", "tests"])
def test_modules_stay_short(directory: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(ROOT / directory)}

    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_package_and_module_says_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path in python_files(ROOT / "src") if not ast.get_docstring(tree(path))]

    assert silent == []


@pytest.mark.parametrize("directory", ["src", "tests"])
def test_every_exception_to_a_rule_says_why(directory: str) -> None:
    exception = re.compile(r"# (?:noqa|type: ignore)")
    explained = re.compile(r"# (?:noqa: [A-Z0-9, ]+ - |type: ignore\[[a-z, -]+\]  # )\w")
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files(ROOT / directory)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if exception.search(line) and not explained.search(line)
    ]

    assert silent == []


# Strings in cells of a DataTable, labels of a Tree and options of a list are parsed as markup by Textual: text of a
# server or a file could bind actions there. So what is put in must be made visibly: Text(...), Content(...), cell(...).
MARKUP_SINKS = {
    "add_row": slice(0, None),
    "add_column": slice(0, 1),
    "update_cell": slice(2, 3),
    "update_cell_at": slice(1, 2),
    "add_leaf": slice(0, 1),
    "set_label": slice(0, 1),
}


def raw_text_cells(path: Path) -> Iterator[str]:
    """Places where a string goes into a widget that would parse it as markup."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        for argument in node.args[MARKUP_SINKS.get(node.func.attr, slice(0, 0))]:
            value = argument.value if isinstance(argument, ast.Starred) else argument
            marked_up = isinstance(value, ast.Constant) and isinstance(value.value, str) and "[" in value.value
            built = isinstance(value, ast.JoinedStr | ast.BinOp)
            converted = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str"
            if marked_up or built or converted:
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(argument)}"


def test_no_raw_text_reaches_a_widget_that_parses_markup() -> None:
    found = [place for path in python_files(SOURCES / "tui") for place in raw_text_cells(path)]

    assert found == []


def test_no_markup_is_made_of_text_at_run_time() -> None:
    """`Text.from_markup(f"...")` and the like take a literal only; values go in as `$name`."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in python_files(SOURCES / "tui")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "from_markup"
        and not (node.args and isinstance(node.args[0], ast.Constant))
    ]

    assert found == []
