"""Text of an exact width: cells of a table, the frame of a panel. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content

Text = Content | str
"""What a drawing is made of. A plain string is text, never markup."""


def content(text: Text) -> Content:
    """The text as content."""
    return Content(text) if isinstance(text, str) else text


def paint(text: str, style: str) -> Content:
    """The text in a style; theme variables such as `$quiet` are resolved when it is drawn."""
    return Content.styled(text, style)


def fit(text: Text, width: int, *, right: bool = False) -> Content:
    """The text in exactly `width` cells, cut with an ellipsis when it is too long."""
    line = content(text)
    if line.cell_length > width:
        return line.truncate(width, ellipsis=width > 1)
    spare = width - line.cell_length
    return line.pad_left(spare) if right else line.pad_right(spare)


def join(pieces: Iterable[Text], gap: str = " ") -> Content:
    """Pieces beside each other."""
    return Content(gap).join([content(piece) for piece in pieces])


def whole_pieces(pieces: Sequence[Content], width: int, gap: str = "  ") -> Content:
    """As many of the pieces as fit whole, and a mark where some are left out; the first one at least."""
    for count in range(len(pieces), 0, -1):
        left_out = [Content("…")] if count < len(pieces) else []
        line = join([*pieces[:count], *left_out], gap)
        if line.cell_length <= width:
            return line
    return pieces[0] if pieces else Content("")


def spread(left: Text, right: Text, width: int) -> Content:
    """One text at each end of a line; the left one is cut first."""
    end = content(right)
    room = width - end.cell_length
    if room < 2:
        return fit(left, width)
    return fit(left, room - 1) + Content(" ") + end


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that is drawn, not navigated."""

    title: str
    width: int
    right: bool = True


def header(columns: Sequence[Column], gap: str = "  ") -> Content:
    """The titles of a table."""
    return join((fit(paint(column.title, "$quiet"), column.width, right=column.right) for column in columns), gap)


def row(columns: Sequence[Column], values: Sequence[Text], gap: str = "  ") -> Content:
    """The cells of a row under their titles."""
    pairs = zip(columns, values, strict=True)
    return join((fit(value, column.width, right=column.right) for column, value in pairs), gap)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a panel shows: lines, and words in its upper and lower border."""

    lines: Sequence[Text]
    title: Text = ""
    """Upper border, left."""
    note: Text = ""
    """Upper border, right: the window of the numbers."""
    status: Text = ""
    """Lower border, right: where things stand."""
    tone: str = "$panel-border"
    """Colour of the frame; a broken objective or a lost trust is seen from afar."""


def framed(drawing: Drawing, width: int, height: int) -> list[Content]:
    """The drawing in a round frame of exactly this size."""
    if width < 4 or height < 2:
        return [fit("", width)] * max(0, height)
    tone = drawing.tone
    inner = width - 4
    side_left, side_right = paint("│ ", tone), paint(" │", tone)
    lines = [_edge("╭╮", drawing.title, drawing.note, width, tone)]
    for number in range(height - 2):
        line = drawing.lines[number] if number < len(drawing.lines) else ""
        lines.append(side_left + fit(line, inner) + side_right)
    lines.append(_edge("╰╯", "", drawing.status, width, tone))
    return lines


def _edge(corners: str, left: Text, right: Text, width: int, tone: str) -> Content:
    first, last = corners[0], corners[1]
    room = width - 4
    title = _label(content(left), room, "bold $panel-title")
    room -= title.cell_length
    label = _label(shortened(right, room - 3), room - 1, "$quiet")
    line = "─" * (width - 4 - title.cell_length - label.cell_length)
    return Content.assemble(paint(first + "─", tone), title, paint(line, tone), label, paint("─" + last, tone))


def shortened(text: Text, room: int) -> Content:
    """As many parts of a text (set apart by ` · `, `, ` or two spaces) as there is room for: no word is cut."""
    line = content(text)
    while line.cell_length > room:
        ends = [line.plain.rfind(gap) for gap in (" · ", ", ", "  ")]
        if max(ends) <= 0:
            return Content("")
        line = line[: max(ends)]
    return line


def _label(words: Content, room: int, style: str) -> Content:
    if not words.plain or room < 6:
        return Content("")
    if words.cell_length > room - 2:
        words = words.truncate(room - 2, ellipsis=True)
    return Content.assemble(" ", words.stylize_before(style), " ")
