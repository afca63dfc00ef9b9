"""What operations did so far, kept so that each second costs what happened in it, not what there is of operations.

The total is added up as the seconds come. An operation is added up when somebody looks at it: a screen shows a dozen of
three hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from perftui.metrics.cells import CellSum
from perftui.metrics.generator_bounds import Generator
from perftui.metrics.interval_merge import Sums, add_cells
from perftui.model.interval import Counts, Interval
from perftui.model.plan import PHASES, Mode, Phase
from perftui.model.record import Stats


class SumsSoFar:
    """Sums by phase of the intended time, then by operation, and of all operations together."""

    def __init__(self) -> None:
        self.minute: Sums = {}
        """Of the seconds after the last whole minute."""
        self._closed: Sums = {}
        """Of all whole minutes."""
        self._totals: dict[Phase, CellSum] = {}
        self.last_seen: dict[str, float] = {}
        """Start of the newest interval in which each error class was counted."""

    def add(self, interval: Interval) -> None:
        """Add a second."""
        add_cells(self.minute, interval)
        for phase, cells in interval.cells.items():
            total = self._totals.setdefault(phase, CellSum())
            for cell in cells.values():
                total.add(cell)
                for error_class in cell.error_classes:
                    self.last_seen[error_class] = interval.at_s

    def close_minute(self) -> None:
        """What was added since the last time becomes part of the past."""
        for phase, held in self.minute.items():
            for name, total in held.items():
                self._closed.setdefault(phase, {}).setdefault(name, CellSum()).add_sum(total)
        self.minute = {}

    def of(self, phases: Collection[Phase], operation: str = "", *, times: bool = True) -> CellSum:
        """What an operation (empty: all) did in some phases; without `times` its histograms stay as they are."""
        total = CellSum()
        for part in self._parts(phases, operation):
            if times:
                total.add_sum(part)
            else:
                total.add_counts(part)
        return total

    def counts(self, phases: Collection[Phase] = PHASES, operation: str = "") -> Counts:
        """How its requests ended; histograms stay as they are."""
        return sum((part.counts for part in self._parts(phases, operation)), Counts())

    def ok_in_measure(self, operation: str = "") -> int | None:
        """Its ok answers that ended while the load was measured; None where the journal does not say it."""
        ended = [part.ok_in_measure for part in self._parts(PHASES, operation)]
        known = [count for count in ended if count is not None]
        return sum(known) if len(known) == len(ended) else None

    def names(self, phases: Collection[Phase]) -> list[str]:
        """Operations that had requests in some phases, in the order of their first."""
        held = (sums.get(phase, {}) for sums in (self._closed, self.minute) for phase in phases)
        return list(dict.fromkeys(name for names in held for name in names))

    def _parts(self, phases: Collection[Phase], operation: str) -> Iterator[CellSum]:
        if not operation:
            yield from (self._totals[phase] for phase in phases if phase in self._totals)
            return
        for sums in (self._closed, self.minute):
            for phase in phases:
                if operation in sums.get(phase, {}):
                    yield sums[phase][operation]


class OperationStats(Mapping[str, Stats]):
    """Operations by name, each added up when it is asked for."""

    def __init__(
        self,
        names: Iterable[str],
        sum_of: Callable[[str], CellSum],
        counts_of: Callable[[str], CellSum],
        duration_s: float,
        mode: Mode,
        *,
        generator: Generator | None = None,
        ended_ok: Callable[[str], int | None] = lambda _: None,
    ) -> None:
        """`counts_of` may leave the times out."""
        self._names = tuple(names)
        self._counts_of = counts_of
        self._sum_of = sum_of
        self._duration_s = duration_s
        self._mode: Mode = mode
        self._generator = generator
        self._ended_ok = ended_ok
        self._known: dict[str, Stats] = {}

    def __getitem__(self, name: str) -> Stats:
        """All about one operation."""
        found = self._known.get(name)
        if found is None:
            if name not in self._names:
                raise KeyError(name)
            found = self._known[name] = self._sum_of(name).stats(
                self._duration_s, self._mode, generator=self._generator, ended_ok=self._ended_ok(name)
            )
        return found

    def __iter__(self) -> Iterator[str]:
        """Their names."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._names)

    def outlines(self, *, times: bool) -> dict[str, Stats]:
        """What puts operations in an order: counts and rates of each, with `times` its response times, too."""
        found = self._sum_of if times else self._counts_of
        return {name: found(name).outline(self._duration_s, self._mode, times=times) for name in self._names}
