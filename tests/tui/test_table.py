"""The table: columns that fit the width, a cursor that stays on its row, only changed lines painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest
from textual.app import App, ComposeResult

from perftui.tui.table import Column, Row, Table
from perftui.tui.themes import DEFAULT_THEME, THEMES

pytestmark = pytest.mark.anyio
_COLUMNS = (Column("name", "name", 6, grow=1), Column("n", "n", 4, right=True), Column("more", "more", 8, rank=1))


class Sheet(App[None]):
    """A table and nothing else."""

    def __init__(self, rows: Sequence[Row], columns: Sequence[Column] = _COLUMNS) -> None:
        super().__init__()
        self.rows = rows
        self.columns = columns
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DEFAULT_THEME

    def compose(self) -> ComposeResult:
        """One table."""
        yield Table(self.columns, id="sheet", empty="Nothing here, and that is all there is to say about it")

    @property
    def sheet(self) -> Table:
        """The table."""
        return self.query_one("#sheet", Table)

    def on_mount(self) -> None:
        """Fill it."""
        self.sheet.show(self.rows)
        self.sheet.focus()

    def lines(self) -> list[str]:
        """What is drawn, without trailing spaces."""
        return [self.sheet.render_line(y).text.rstrip() for y in range(self.sheet.size.height)]


def rows(count: int) -> list[Row]:
    """Rows 0, 1, 2..."""
    return [Row(str(number), (f"row {number}", str(number), "[b]x[/b]")) for number in range(count)]


async def test_columns_grow_and_go_with_the_width() -> None:
    async with Sheet(rows(2)).run_test(size=(40, 6)) as pilot:
        lines = pilot.app.lines()  # type: ignore[attr-defined]  # Sheet has it
        assert lines[0] == "name" + " " * 22 + "   n  more"
        assert lines[1] == "row 0" + " " * 24 + "0  [b]x[/b]"
        await pilot.resize_terminal(14, 6)
        await pilot.pause()
        assert pilot.app.lines()[:2] == ["name" + " " * 9 + "n", "row 0" + " " * 8 + "0"]  # type: ignore[attr-defined]  # Sheet has it


async def test_the_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    app = Sheet(rows(50))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("end")
        assert app.sheet.cursor_key == "49"
        assert "row 49" in "\n".join(app.lines())
        await pilot.press("pageup")
        here = app.sheet.cursor_key
        app.sheet.show(list(reversed(rows(60))))
        assert app.sheet.cursor_key == here
        await pilot.pause()
        assert f"row {here} " in "\n".join(app.lines())
        app.sheet.show(rows(3))
        assert app.sheet.cursor_key in {"0", "1", "2"}
        await pilot.press("home", "up")
        assert app.sheet.cursor_key == "0"
        app.sheet.show([])
        await pilot.press("down", "end", "pageup")
        assert app.sheet.keys == ()


async def test_an_empty_table_says_why_in_whole_words() -> None:
    async with Sheet([]).run_test(size=(30, 8)) as pilot:
        text = pilot.app.lines()  # type: ignore[attr-defined]  # Sheet has it
        assert text[2:4] == ["Nothing here, and that is all", "there is to say about it"]


async def test_equal_rows_paint_nothing() -> None:
    app = Sheet(rows(5))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        painted: list[object] = []
        app.sheet.refresh = lambda *region, **_: painted.append(region) or app.sheet  # type: ignore[method-assign,func-returns-value]  # a spy
        app.sheet.show(rows(5))
        assert painted == []


async def test_a_click_moves_the_cursor_a_second_one_chooses_a_title_sorts() -> None:
    app = Sheet(rows(5))
    seen: list[object] = []
    async with app.run_test(size=(40, 10), message_hook=seen.append) as pilot:
        await pilot.click("#sheet", offset=(2, 3))
        assert app.sheet.cursor_key == "2"
        await pilot.click("#sheet", offset=(2, 3))
        await pilot.click("#sheet", offset=(30, 0))
        await pilot.pause()
    assert {each.key for each in seen if isinstance(each, Table.Chosen)} == {"2"}
    assert {each.column for each in seen if isinstance(each, Table.TitleClicked)} == {"n"}


@pytest.mark.parametrize(
    ("cell", "cut", "shown"),
    [
        ("report: p95", "name", "report: p95"),
        ("every report: p95", "name", "every re…: p95"),
        ("every report: a metric in many words", "name", "every report:…"),
        ("[-14.9, +16.9] 90 %", "remark", "[-14.9, +16.9]"),
        ("[-114.9, +116.9] 90 %", "remark", "[-114.9, +116…"),
        ("every report: p95", "end", "every report:…"),
    ],
)
async def test_what_matters_of_a_long_cell_stays(cell: str, cut: Literal["end", "name", "remark"], shown: str) -> None:
    app = Sheet([Row("1", (cell,))], columns=(Column("a", "a", 14, cut=cut),))
    async with app.run_test(size=(14, 3)):
        assert app.sheet.render_line(1).text == shown.ljust(14)
