"""Which file of the house imports which, and where that goes round in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path

Graph = Mapping[str, AbstractSet[str]]


@cache
def tree(path: Path) -> ast.Module:
    """What a file says; read once for all rules that look at it, where they run in one process: group them."""
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(root: Path) -> dict[str, Path]:
    """Every module of a package by its full name."""
    return {
        ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(root.rglob("*.py"))
    }


def graph(root: Path, *, later: bool = False) -> Graph:
    """Who imports whom when loaded; with `later` also inside functions and for type checkers only."""
    known = modules(root)
    return {name: set(_imports(name, path, known, later=later)) - {name} for name, path in known.items()}


def circles(imports: Graph) -> set[frozenset[str]]:
    """The largest groups whose members all reach each other: Tarjan's strongly connected components."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found = set()

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        path.append(name)
        for other in imports[name]:
            if other not in number:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in path:
                lowest[name] = min(lowest[name], number[other])
        if lowest[name] == number[name]:
            group = path[path.index(name) :]
            del path[path.index(name) :]
            if len(group) > 1:
                found.add(frozenset(group))

    for name in imports:
        if name not in number:
            visit(name)
    return found


def _imports(name: str, path: Path, known: Mapping[str, Path], *, later: bool) -> Iterator[str]:
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in statements(tree(path), later=later):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield next((one for one in (f"{source}.{alias.name}", source) if one in known), name)


def statements(node: ast.AST, *, later: bool = True) -> Iterator[ast.AST]:
    """Every statement in it; without `later` only those that run when the file is loaded."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            continue  # no statement is within an expression
        yield child
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if later or not (function or typing):
            yield from statements(child, later=later)
