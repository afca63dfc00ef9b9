"""Where values of placeholders come from: a counter, random numbers, rows of data files.

A stream stands for a sequence of requests. `advance` starts the next one (a journey: the next run of the journey);
between two calls `${seq}` and the rows of data files stay the same, so that path, headers and body of a request agree.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from perftui.model.plan import DataSource
from perftui.presets.data_files import Row, read_rows


class Table:
    """The rows of one data file."""

    __slots__ = ("order", "rows")

    def __init__(self, order: str, rows: Sequence[Row]) -> None:
        self.order = order
        self.rows = rows


class ValueStream:
    """The values of one worker, or of one of its virtual users.

    Attributes:
        draw: a number from 0 to below 1, for `rand`, `choice` and `fake`, seeded by the plan and the worker.
        number: of the current request; unique over all workers, from 1 (0 before the first `advance`).
    """

    __slots__ = ("_numbers", "_rows", "_tables", "_user", "draw", "number")

    def __init__(
        self,
        data: Sequence[DataSource] = (),
        seed: int = 1,
        worker: int = 0,
        workers: int = 1,
        directory: Path | None = None,
    ) -> None:
        """Read the data files.

        Args:
            data: the plan's data files.
            seed: of the plan.
            worker: number of this worker, from 0.
            workers: how many there are; each takes every workers-th number.
            directory: where relative files are looked for; None: the working directory.

        Raises:
            UsageError: a data file cannot be read.
        """
        base = directory or Path()
        self._tables = {source.name: Table(source.order, read_rows(base / source.file)) for source in data}
        self._numbers: Iterator[int] = itertools.count(worker + 1, max(1, workers))
        self._user: int | None = None
        self._rows: dict[str, Row] = {}
        self.draw = Random(f"{seed}/{worker}").random
        self.number = 0

    def advance(self) -> None:
        """Start the next request: a new number, new rows."""
        self.number = next(self._numbers)
        if self._rows:
            self._rows = {}

    def for_user(self, index: int) -> ValueStream:
        """The stream of a virtual user: own number and rows; counter, random numbers and files are shared.

        Args:
            index: of the user, over all workers, from 0.
        """
        stream = ValueStream.__new__(ValueStream)
        stream._tables = self._tables  # noqa: SLF001 - another instance of this class
        stream._numbers = self._numbers  # noqa: SLF001 - another instance of this class
        stream._user = index  # noqa: SLF001 - another instance of this class
        stream._rows = {}  # noqa: SLF001 - another instance of this class
        stream.draw = self.draw
        stream.number = self.number
        return stream

    def column(self, name: str, column: str) -> object:
        """The column of the current row of a data file.

        Raises:
            KeyError: there is no such file or column.
        """
        row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = self._pick(self._tables[name])
        try:
            return row[column]
        except KeyError:  # objects of JSON lines need not be alike
            raise KeyError(f"data:{name}.{column}") from None

    def _pick(self, table: Table) -> Row:
        if table.order == "random":
            return table.rows[int(self.draw() * len(table.rows))]
        at = self._user if table.order == "per_user" and self._user is not None else max(0, self.number - 1)
        return table.rows[at % len(table.rows)]
