"""The operations of a plan as a worker runs them, with their recorders."""

from __future__ import annotations

from collections.abc import Mapping

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Preparer
from perftui.engine.clients.journey import PreparedJourney
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.registry import Way, driver_of, way_of
from perftui.engine.worker.clients import Clients
from perftui.engine.worker.cut import Cut
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import PHASES, Operation, Phase, Plan
from perftui.presets.values import ValueStream
from perftui.presets.variables import names_for_cleanup


class Operations:
    """All operations and journeys of a plan; steps of journeys that share a name share their recorders."""

    def __init__(self, plan: Plan, values: ValueStream, variables: Mapping[str, str]) -> None:
        """Prepare everything; nothing is sent.

        Raises:
            UsageError: a target cannot be used.
            ValueError: a placeholder, check or header is wrong.
            OSError: a file cannot be read.
        """
        self._rate_mode = plan.load.mode == "rate"
        self._cells: dict[str, dict[Phase, CellRecorder]] = {}
        self.clean_up = CleanUpValues(names_for_cleanup(plan))
        self.values = values
        self.variables = dict(variables)
        self._preparers: dict[Way, Preparer] = {
            way_of(operation): driver_of(operation).preparer(
                plan.aimed_at(operation.target), values, self.variables, self.clean_up
            )
            for operation in {way_of(operation): operation for operation in plan.counted_operations}.values()
        }
        self.all: list[PreparedOperation] = []
        plain = [self._prepare(operation, in_journey=False) for operation in plan.operations]
        journeys = [
            PreparedJourney(
                name=journey.name, steps=tuple(self._prepare(step, in_journey=True) for step in journey.steps)
            )
            for journey in plan.journeys
        ]
        self.units: list[PreparedOperation | PreparedJourney] = [*plain, *journeys]
        self.weights = [operation.weight for operation in plan.operations] + [
            journey.weight for journey in plan.journeys
        ]
        self.requests_per_unit = _mean_requests(plan)

    def _prepare(self, operation: Operation, *, in_journey: bool) -> PreparedOperation:
        cells = self._cells.get(operation.name)
        if cells is None:
            cells = {phase: CellRecorder(operation.name, phase, rate_mode=self._rate_mode) for phase in PHASES}
            self._cells[operation.name] = cells
        prepared = self._preparers[way_of(operation)].prepare(operation, cells, in_journey=in_journey)
        self.all.append(prepared)
        return prepared

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """Requests to the plan's own target carry these headers from now on.

        Raises:
            ValueError: a value cannot stand in a header.
        """
        for (target, _), preparer in self._preparers.items():
            if not target:
                preparer.replace_headers(headers)

    def send_by(self, clients: Clients) -> None:
        """These clients send what is due."""
        for operation in self.all:
            operation.client = clients.of(way_of(operation.plan))

    def enter(self, phase: Phase) -> None:
        """Requests from now on belong to this phase."""
        for operation in self.all:
            operation.cell = operation.cells[phase]

    def fold_long(self) -> None:
        """Keep the lists of the current recorders short."""
        for operation in self.all:
            operation.cell.fold_long()

    @property
    def has_journeys(self) -> bool:
        """Whether an arrival may be more than one request."""
        return any(isinstance(unit, PreparedJourney) for unit in self.units)

    @property
    def sent(self) -> int:
        """Requests of the current phase since the last cut: cheap, and in users mode as many as answers."""
        return sum(operation.cell.scheduled for operation in self.all)

    def mark(self, phase: Phase) -> None:
        """The answers since the last mark ended in this phase, by the clock."""
        for cells in self._cells.values():
            for recorder in cells.values():
                recorder.mark(phase)

    def cut(self) -> Cut:
        """What was measured since the last cut."""
        found = [recorder.cut() for cells in self._cells.values() for recorder in cells.values()]
        return Cut([recorder for recorder in found if recorder is not None])


def _mean_requests(plan: Plan) -> float:
    weights = sum(operation.weight for operation in plan.operations)
    requests = weights
    for journey in plan.journeys:
        weights += journey.weight
        requests += journey.weight * len(journey.steps)
    return requests / weights if weights else 1.0
