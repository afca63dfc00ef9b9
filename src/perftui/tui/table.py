"""A table that draws only the rows one sees: thousands open at once, moving the cursor repaints two lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar, Literal

from msgspec import Struct
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from perftui.tui.marks import words

_GAP = 2


class Column(Struct, frozen=True):
    """A column of a table."""

    key: str
    title: str
    width: int
    """Cells; of a column that grows, the least."""
    right: bool = False
    grow: int = 0
    """Shares it takes of the width that is left."""
    rank: int = 0
    """Columns with the highest rank go first when the table is too narrow; 0 stays."""
    cut: Literal["end", "name", "remark"] = "end"
    """Of a cell that is too long goes its end, the end of the name before `: `, or what is said behind an interval."""


class Row(Struct, frozen=True):
    """A row: a key that stays the same, and one cell per column."""

    key: str
    cells: tuple[Content | str, ...]


class Table(ScrollView, can_focus=True):
    """Rows under a fixed line of titles, with a cursor. Text in cells is never markup."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--empty"}
    DEFAULT_CSS = """
    Table {
        height: 1fr;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        & .table--header { color: $quiet; }
        & .table--empty { color: $quiet; }
        & .table--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
        }
        &:focus .table--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        &:nocolor:focus .table--cursor { text-style: reverse; }
        &:nocolor .table--cursor { text-style: underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="table.up", tooltip="One row up"),
        Binding("down,j", "move(1)", "down", show=False, id="table.down", tooltip="One row down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="table.page_up", tooltip="One page up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="table.page_down", tooltip="One page down"),
        Binding("home,g", "go(0)", "first", show=False, id="table.first", tooltip="First row"),
        Binding("end,G", "go(-1)", "last", show=False, id="table.last", tooltip="Last row"),
    ]

    @dataclass
    class Highlighted(Message):
        """The cursor moved to another row."""

        table: Table
        key: str

        @property
        def control(self) -> Table:
            """The table, for selectors."""
            return self.table

    @dataclass
    class Chosen(Message):
        """A row was clicked that already had the cursor."""

        table: Table
        key: str

        @property
        def control(self) -> Table:
            """The table, for selectors."""
            return self.table

    @dataclass
    class TitleClicked(Message):
        """The title of a column was clicked."""

        table: Table
        column: str

        @property
        def control(self) -> Table:
            """The table, for selectors."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._rows: tuple[Row, ...] = ()
        self._positions: dict[str, int] = {}
        self._cursor = 0
        self._empty = empty
        self._sort: tuple[str, Literal["up", "down"]] | None = None

    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor; None when there is no row."""
        return self._rows[self._cursor].key if self._rows else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all rows, top to bottom."""
        return tuple(row.key for row in self._rows)

    def show(self, rows: Iterable[Row], *, empty: str | None = None) -> None:
        """Replace the rows. The cursor stays on its row where that still exists."""
        before = self.cursor_key
        new_rows = tuple(rows)
        if new_rows and new_rows == self._rows:
            return  # nothing is painted that did not change
        self._rows = new_rows
        self._positions = {row.key: position for position, row in enumerate(self._rows)}
        if empty is not None:
            self._empty = empty
        self._cursor = self._positions.get(before or "", min(self._cursor, max(0, len(self._rows) - 1)))
        self.virtual_size = Size(0, len(self._rows) + 1)
        self._keep_cursor_in_view()
        self.refresh()
        if self._rows and self.cursor_key != before:
            self.post_message(self.Highlighted(self, self._rows[self._cursor].key))

    def change(self, row: Row) -> None:
        """Replace one row in place; unknown keys and equal cells change nothing."""
        position = self._positions.get(row.key)
        if position is None or self._rows[position] == row:
            return
        self._rows = (*self._rows[:position], row, *self._rows[position + 1 :])
        self.refresh_line(position + 1)

    def show_sort(self, column: str, direction: Literal["up", "down"]) -> None:
        """Print an arrow beside a title."""
        self._sort = (column, direction)
        self.refresh()

    def select(self, key: str) -> None:
        """Put the cursor on a row; an unknown key changes nothing."""
        if key in self._positions:
            self._go(self._positions[key])

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._go(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by what one sees."""
        self._go(self._cursor + pages * max(1, self.size.height - 2))

    def action_go(self, position: int) -> None:
        """Move the cursor to a row, counted from the end when negative."""
        self._go(position if position >= 0 else len(self._rows) + position)

    def _go(self, position: int) -> None:
        position = min(max(0, position), len(self._rows) - 1)
        if not self._rows or position == self._cursor:
            return
        before, self._cursor = self._cursor, position
        self.refresh_line(before + 1)
        self.refresh_line(position + 1)
        self._keep_cursor_in_view()
        self.post_message(self.Highlighted(self, self._rows[position].key))

    def _keep_cursor_in_view(self) -> None:
        visible = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= top + visible:
            self.scroll_to(y=self._cursor - visible + 1, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Another width changes which columns fit; another height may hide the cursor."""
        self._keep_cursor_in_view()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A title sorts; a row takes the cursor, and a second click chooses it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            start = 0
            for column, width in self._layout():
                if start <= offset.x < start + width + _GAP:
                    self.post_message(self.TitleClicked(self, column.key))
                start += width + _GAP
            return
        position = offset.y - 1 + self.scroll_offset.y
        if position >= len(self._rows):
            return
        if position == self._cursor:
            self.post_message(self.Chosen(self, self._rows[position].key))
        else:
            self._go(position)

    def _layout(self) -> list[tuple[Column, int]]:
        room = self.scrollable_content_region.width
        shown = list(self._columns)
        while (need := sum(column.width + _GAP for column in shown) - _GAP) > room:
            last = max(shown, key=lambda column: column.rank)
            if last.rank == 0:
                break
            shown.remove(last)
        spare = max(0, room - need)
        shares = sum(column.grow for column in shown)
        widths: list[tuple[Column, int]] = []
        for column in shown:
            extra = spare * column.grow // shares if shares else 0
            spare -= extra
            shares -= column.grow
            widths.append((column, column.width + extra))
        return widths

    def render_line(self, y: int) -> Strip:
        """One line: the titles, then the rows that are in view."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self._strip(self._titles(), width, "table--header")
        position = y - 1 + self.scroll_offset.y
        if position < len(self._rows):
            line = self._line(self._rows[position])
            if position == self._cursor:
                # The cursor's own colours win: a blue word on a blue bar could not be read.
                return self._strip(Content(line.plain), width, "table--cursor")
            return self._strip(line, width)
        if not self._rows and y >= 2:
            lines = wrap(self._empty, max(1, width))
            return self._strip(Content(lines[y - 2] if y - 2 < len(lines) else ""), width, "table--empty")
        return self._strip(Content(""), width)

    def _titles(self) -> Content:
        cells = []
        for column, width in self._layout():
            arrow = ""
            if self._sort and self._sort[0] == column.key:
                arrow = " ▲" if self._sort[1] == "up" else " ▼"
            cells.append(_fit(Content(column.title + arrow), width, right=column.right))
        return Content(" " * _GAP).join(cells)

    def _line(self, row: Row) -> Content:
        index = {column.key: position for position, column in enumerate(self._columns)}
        cells = []
        for column, width in self._layout():
            cell = row.cells[index[column.key]]
            text = words(cell) if isinstance(cell, str) else cell
            cells.append(_fit(_cut(text, width, column.cut), width, right=column.right))
        return Content(" " * _GAP).join(cells)

    def _strip(self, content: Content, width: int, component: str = "") -> Strip:
        style = self.get_visual_style(component) if component else self.visual_style
        strips = Visual.to_strips(self, content, width, 1, style, pad=True, apply_selection=False)
        return strips[0] if strips else Strip.blank(width, style.rich_style)


def _cut(content: Content, width: int, how: str) -> Content:
    """A long text without the part that matters least."""
    if content.cell_length <= width:
        return content
    if how == "remark" and 0 < (end := content.plain.rfind("]") + 1) <= width:
        return content[:end]
    if how == "name" and (start := content.plain.rfind(": ")) > 0 and (rest := content[start:]).cell_length < width - 1:
        return content[:start].truncate(width - rest.cell_length, ellipsis=True) + rest
    return content


def _fit(content: Content, width: int, *, right: bool) -> Content:
    if content.cell_length > width:
        return content.truncate(width, ellipsis=True)
    spare = width - content.cell_length
    return content.pad_left(spare) if right else content.pad_right(spare)
