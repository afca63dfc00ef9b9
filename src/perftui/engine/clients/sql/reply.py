"""What a database answered, for checks, captures and people; and its refusals as error classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from perftui.engine.clients.reply import Fault, Reply
from perftui.model.text import safe_text

_CODE = re.compile(r"[A-Z0-9_]{2,60}")
_MOST_CODES = 100
_codes: set[str] = set()


class SqlReply(Reply):
    """Rows as a list of tables in JSON, made when somebody looks; `rows` of a write are the changed ones."""

    __slots__ = ("_columns", "_records")

    parts_are_all = True

    def __init__(
        self, columns: Sequence[str], records: Sequence[Any], rows: int, parts: tuple[tuple[str, int], ...] = ()
    ) -> None:
        """Hold the rows.

        Args:
            columns: their names; empty where the statement returns no rows.
            records: the rows.
            rows: how many were returned, or changed.
            parts: names and times (ns) of what the request consisted of.
        """
        super().__init__(None, rows=rows, parts=parts)
        self._columns = columns
        self._records = records

    def _made(self) -> object:
        return [dict(zip(self._columns, record, strict=False)) for record in self._records]

    @property
    def is_nil(self) -> bool:
        """Whether no row was returned or changed, or the only value is NULL."""
        return not self.rows or (len(self._records) == 1 and len(self._columns) == 1 and self._records[0][0] is None)


def together(replies: Sequence[SqlReply]) -> SqlReply:
    """The answer to a transaction: that of its last statement, with the times of all."""
    times: dict[str, int] = {}
    for reply in replies:
        for name, part_ns in reply.parts:
            times[name] = times.get(name, 0) + part_ns
    replies[-1].parts = tuple(times.items())
    return replies[-1]


def refused(code: str | None, detail: str, *, lost: bool = False) -> Fault:
    """A refusal by the database, under its code. A server cannot make up classes without end."""
    name = code or "other"
    if not _CODE.fullmatch(name) or (name not in _codes and len(_codes) >= _MOST_CODES):
        name = "other"
    _codes.add(name)
    return Fault(f"sql.{name}", safe_text(detail, 300), lost=lost)
