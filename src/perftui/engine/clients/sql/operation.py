"""An operation of SQL: statements compiled once, values made anew for every request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perftui.engine.clients.operation import Sent
from perftui.engine.clients.rendered import Material, RenderedOperation
from perftui.engine.clients.rendering import Renderer, compile_value, templates_of
from perftui.engine.clients.sql.statements import Request, Statement, compiled, url_of
from perftui.engine.clients.task_driver import json_text, size_of
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.presets.makers import Variables
from perftui.presets.values import ValueStream


class SqlOperation(RenderedOperation):
    """One statement, or several that are a transaction."""

    __slots__ = ()

    def __init__(
        self, plan: Operation, cells: Mapping[Phase, CellRecorder], material: Material, *, whole: bool = False
    ) -> None:
        """As RenderedOperation, for the dialect of the target.

        Raises:
            ValueError: a parameter has no value, or a value is used by no statement.
        """
        super().__init__(plan, cells, material, whole=whole)
        dialect = url_of(material.target).get_dialect()()
        params = plan.request.get("params", {})
        said = plan.request["sql"]
        statements = [compiled(source, dialect, params) for source in ([said] if isinstance(said, str) else said)]
        used = {name for statement in statements for name in statement.names}
        if unused := [name for name in params if name not in used]:
            raise ValueError(f"params: no statement has :{unused[0]}")
        makers = {name: compile_value(value) for name, value in params.items()}
        render = _renderer([(statement, [makers[name] for name in statement.names]) for statement in statements])
        self.use(self._made_by(render), templates_of(params), size=size_of)

    def _made_by(self, render: Renderer) -> Renderer:
        """What makes requests as the client takes them, of what makes statements and their values."""
        return render

    def describe(self, request: Any) -> Sent:  # noqa: ANN401 - as `_made_by` has them
        """The statements as the preset has them, and their values."""
        return self._describe(request)

    def _describe(self, request: Request) -> Sent:
        lines = [statement.source for statement, _ in request]
        values = {
            f":{name}": _shown(value)
            for statement, made in request
            for name, value in zip(statement.names, made, strict=True)
        }
        return Sent(" ".join(lines[0].split()), tuple(values.items()), "\n".join(lines[1:]).encode())


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json_text(value)


def _renderer(parts: Sequence[tuple[Statement, Sequence[Renderer]]]) -> Renderer:
    if len(parts) == 1:
        (statement, makers), *_ = parts
        if len(makers) == 1:
            (only,) = makers
            return lambda values, variables: [(statement, (only(values, variables),))]
        return lambda values, variables: [(statement, [make(values, variables) for make in makers])]

    def render(values: ValueStream, variables: Variables) -> Any:  # noqa: ANN401 - of Renderer
        # a name that stands in several statements has one value in all of them
        made: dict[str, Any] = {}
        request: Request = []
        for statement, makers in parts:
            for name, make in zip(statement.names, makers, strict=True):
                if name not in made:
                    made[name] = make(values, variables)
            request.append((statement, [made[name] for name in statement.names]))
        return request

    return render
