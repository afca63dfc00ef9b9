"""Aligned columns of plain text that keep to a width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from msgspec import Struct

_GAP = 2


class Column(Struct, frozen=True):
    """A column of a table."""

    title: str
    right: bool = False
    least: int = 0
    """May be cut down to this many cells when the table is too wide; 0: never cut."""


def cell_width(text: str) -> int:
    """Terminal cells that a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, with an ellipsis where it was longer."""
    if cell_width(text) <= width:
        return text
    kept = ""
    for character in text:
        if cell_width(kept + character) > width - 1:
            break
        kept += character
    return kept + "…"


def fill(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells."""
    text = cut(text, width)
    spare = " " * (width - cell_width(text))
    return spare + text if right else text + spare


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int = 80, indent: str = "") -> list[str]:
    """Lines of a table: titles, then rows. Columns with `least` give way, widest first, until it fits."""
    widths = [
        max(cell_width(column.title), *(cell_width(row[position]) for row in rows), 0)
        for position, column in enumerate(columns)
    ]
    room = width - len(indent) - _GAP * (len(columns) - 1)
    while sum(widths) > room:
        can_give = [i for i, column in enumerate(columns) if column.least and widths[i] > column.least]
        if not can_give:
            break
        widths[max(can_give, key=lambda position: widths[position])] -= 1
    lines = [[column.title for column in columns], *rows]
    return [
        (
            indent
            + (" " * _GAP).join(
                fill(cell, size, right=column.right) for cell, size, column in zip(cells, widths, columns, strict=True)
            )
        ).rstrip()
        for cells in lines
    ]


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The text broken at spaces: the first line after `first`, the others after `rest`; too long words are cut."""
    lines: list[str] = []
    line = first
    empty = True
    for word in text.split(" "):
        left = word
        if not empty and cell_width(line) + 1 + cell_width(left) <= width:
            line = f"{line} {left}"
            continue
        if not empty:
            lines.append(line)
            line = rest
        while cell_width(line) + cell_width(left) > width:
            piece = _head(left, width - cell_width(line))
            lines.append(line + piece)
            line, left = rest, left[len(piece) :]
        line, empty = line + left, False
    return [*lines, line]


def flow(parts: Sequence[str], width: int, first: str = "", rest: str = "") -> list[str]:
    """Parts with ` · ` between them, broken only between parts where these fit a line."""
    lines: list[str] = []
    line = first
    for position, part in enumerate(parts):
        start = f"{line} · " if position else line
        if position and cell_width(start + part) > width:
            lines.append(line)
            start = rest
        *whole, line = wrap(part, width, start, rest)
        lines += whole
    return [*lines, line]


def _head(text: str, width: int) -> str:
    kept = 1
    while kept < len(text) and cell_width(text[: kept + 1]) <= width:
        kept += 1
    return text[:kept]


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right_from: int = 1) -> list[str]:
    """A table; columns from `right_from` on are aligned right."""
    marks = ["---" if position < right_from else "---:" for position in range(len(titles))]
    return [f"| {' | '.join(cells)} |" for cells in [list(titles), marks, *rows]]
