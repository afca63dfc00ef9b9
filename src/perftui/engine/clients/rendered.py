"""Operations whose requests are made of their table of the preset, placeholders filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any, NamedTuple

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.rendering import Renderer
from perftui.engine.clients.users import VirtualUser
from perftui.engine.clients.variants import prepared_ahead
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase, Target
from perftui.presets.makers import Variables
from perftui.presets.placeholders import JsonTemplate, Template
from perftui.presets.values import ValueStream


class Material(NamedTuple):
    """What operations of one target are made of."""

    target: Target
    values: ValueStream
    variables: Variables
    clean_up: CleanUpValues


class RenderedOperation(PreparedOperation):
    """An operation that makes its requests anew, or takes them from some that are prepared ahead.

    A protocol says in its `__init__` what makes one: see `use`.
    """

    __slots__ = ("_render", "_values", "_variables", "lean")

    def __init__(
        self, plan: Operation, cells: Mapping[Phase, CellRecorder], material: Material, *, whole: bool = False
    ) -> None:
        """As clients.client.Preparer.prepare.

        Raises:
            ValueError: a placeholder or check is wrong.
        """
        super().__init__(plan, cells, material.clean_up)
        self._values = material.values
        self._variables = material.variables
        self._render: Renderer
        self.lean = not (whole or plan.checks or plan.captures or plan.hit)
        """Whether nobody looks into a good answer."""

    def use(
        self,
        render: Renderer,
        templates: Sequence[Template | JsonTemplate] | None,
        size: Callable[[Any], int] = len,
    ) -> None:
        """Take requests from here.

        Args:
            render: makes one.
            templates: all that varies in it; None: every request must be made anew.
            size: bytes of memory that one takes.

        Raises:
            ValueError: a value cannot stand where it is used.
        """
        self._render = render
        prepared = templates is not None and prepared_ahead(render, templates, self._values, self._variables, size)
        if prepared:
            self.next_request = cycle(prepared).__next__

    def request_for(self, user: VirtualUser | None) -> Any:  # noqa: ANN401 - what a request is, the driver says
        """The next request."""
        if self.next_request is not None:
            return self.next_request()
        if user is None:
            self._values.advance()
            return self._render(self._values, self._variables)
        if user.journey is None:
            user.values.advance()
        return self._render(user.values, user.variables)


class RenderedPreparer:
    """Prepares operations of one kind."""

    def __init__(self, kind: type[RenderedOperation], material: Material) -> None:
        self._kind = kind
        self._material = material

    def prepare(
        self,
        operation: Operation,
        cells: Mapping[Phase, CellRecorder],
        *,
        in_journey: bool,  # noqa: ARG002 - answers are kept whole wherever somebody looks at them
        whole: bool = False,
    ) -> RenderedOperation:
        """As clients.client.Preparer."""
        return self._kind(operation, cells, self._material, whole=whole)

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """There are none."""
