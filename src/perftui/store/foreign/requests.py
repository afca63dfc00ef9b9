"""Results that have every request: seconds and statistics are made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perftui.metrics.sparse import Sparse
from perftui.model.interval import Cell, Interval
from perftui.model.record import Stats
from perftui.model.text import safe_text
from perftui.store.foreign.result import Result, counts_of, stats

_MOST_SECONDS = 7 * 24 * 3600
_MOST_OPERATIONS = 200
_MOST_CLASSES = 200
OTHER = "other"


class Requests:
    """Collects requests one by one."""

    def __init__(self) -> None:
        self._starts: list[float] = []
        self._micros: list[int] = []
        self._operations: list[int] = []
        self._classes: list[int] = []
        self._operation_names: dict[str, int] = {}
        self._class_names: dict[str, int] = {"": 0}

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, start_s: float, time_s: float, *, operation: str, error: str = "") -> None:
        """One request.

        Args:
            start_s: when it started, on any clock.
            time_s: until its answer was there.
            operation: which kind it is.
            error: class of its error; empty: it was fine.

        Raises:
            ValueError: a time is out of range.
        """
        # Not negative, and no NaN, which is not equal to itself.
        if not (0 <= time_s < _MOST_SECONDS and abs(start_s) < 1e11):
            raise ValueError("a time is out of range")
        self._starts.append(start_s)
        self._micros.append(round(time_s * 1e6))
        self._operations.append(_number_of(safe_text(operation), self._operation_names, _MOST_OPERATIONS))
        self._classes.append(_number_of(safe_text(error), self._class_names, _MOST_CLASSES) if error else 0)

    def result(self, tool: str, *, lacks: tuple[str, ...], since_s: float | None = None, level: float = 0.0) -> Result:
        """All of them as a result.

        Args:
            tool: that wrote them.
            lacks: what it does not tell.
            since_s: when the run began; None: with the first request.
            level: most users at once; 0: unknown.

        Raises:
            ValueError: there are none, or they are further apart than a week.
        """
        if not self._starts:
            raise ValueError("no requests in it")
        starts = np.array(self._starts, dtype=np.float64)
        starts -= starts.min() if since_s is None else since_s
        micros = np.array(self._micros, dtype=np.int64)
        operations, classes = np.array(self._operations), np.array(self._classes)
        duration_s = float((starts + micros / 1e6).max())
        if not 0 <= float(starts.min()) <= duration_s < _MOST_SECONDS:
            raise ValueError("a time is out of range: before the start, or more than a week after it")
        length = max(1, int(np.ceil(duration_s - 1e-9)))
        seconds = np.minimum(starts.astype(np.int64), length - 1)
        names = list(self._operation_names)
        told = list(self._class_names)
        cells: dict[int, dict[str, Cell]] = {}
        # Sorted by second and operation, so that each cell is one slice.
        order = np.lexsort((operations, seconds))
        keys = seconds[order] * len(names) + operations[order]
        bounds = np.flatnonzero(np.diff(keys, prepend=-1))
        for first, last in zip(bounds, [*bounds[1:], len(keys)], strict=True):
            second, number = divmod(int(keys[first]), len(names))
            here = order[first:last]
            cells.setdefault(second, {})[names[number]] = _cell(micros[here], classes[here], told)
        empty = Cell()
        intervals = tuple(
            Interval(
                at_s=float(second),
                duration_s=1.0,
                phase="measure",
                cells={"measure": cells.get(second) or {names[0]: empty}},
            )
            for second in range(length)
        )
        whole = _stats(micros, classes, told, duration_s)
        by_operation = {
            name: _stats(micros[operations == number], classes[operations == number], told, duration_s)
            for number, name in enumerate(names)
        }
        return Result(
            tool=tool,
            duration_s=duration_s,
            counts=whole.counts,
            error_classes=whole.error_classes,
            service_time_ms=whole.service_time_ms,
            operations=by_operation,
            intervals=intervals,
            level=level,
            lacks=lacks,
        )


def _number_of(name: str, known: dict[str, int], most: int) -> int:
    if name not in known and len(known) >= most:
        name = OTHER
    return known.setdefault(name, len(known))


def _cell(micros: NDArray[np.int64], classes: NDArray[np.int64], names: list[str]) -> Cell:
    errors = _classes(classes, names)
    timed = _timed(classes, names)
    return Cell(
        counts=counts_of(len(micros), sum(errors.values()), timeouts=errors.get("timeout", 0)),
        error_classes=errors,
        service_time=Sparse.counted(micros[timed]).data,
        error_time=Sparse.counted(micros[~timed]).data,
    )


def _stats(micros: NDArray[np.int64], classes: NDArray[np.int64], names: list[str], duration_s: float) -> Stats:
    errors = _classes(classes, names)
    counts = counts_of(len(micros), sum(errors.values()), timeouts=errors.get("timeout", 0))
    times = Sparse.counted(micros[_timed(classes, names)]).stats()
    return stats(counts, duration_s, times, times, errors)


def _timed(classes: NDArray[np.int64], names: list[str]) -> NDArray[np.bool_]:
    """Requests whose time counts: those that were fine, and those that took too long."""
    late = names.index("timeout") if "timeout" in names else 0
    timed: NDArray[np.bool_] = (classes == 0) | (classes == late)
    return timed


def _classes(classes: NDArray[np.int64], names: list[str]) -> dict[str, int]:
    counted = np.bincount(classes, minlength=len(names))
    return {names[number]: int(count) for number, count in enumerate(counted.tolist()) if number and count}


def status_class(status: str, message: str = "") -> str:
    """The class of a failed request: its status, a timeout, or what the tool says."""
    if status.isdecimal() and 100 <= int(status[:4]) <= 599:
        return f"http.{status}"
    if "timeout" in f"{status} {message}".lower().replace(" ", "") or "timed out" in message.lower():
        return "timeout"
    return safe_text(message or status or "failed", 100)
