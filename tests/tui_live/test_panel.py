"""Frames of an exact size, and what is sent again when a picture changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from perftui.tui.widgets.cells import Drawing, fit, framed, spread
from perftui.tui.widgets.panel import LinePanel, changed_spans

pytestmark = pytest.mark.quick

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Mn", "Me", "Cf", "Zl", "Zp")), max_size=40)


@given(TEXT, TEXT, TEXT, st.integers(0, 60), st.integers(0, 6))
def test_a_frame_has_exactly_its_size(title: str, note: str, line: str, width: int, height: int) -> None:
    lines = framed(Drawing([line] * 9, title=title, note=note, status=line), width, height)
    assert [drawn.cell_length for drawn in lines] == [width] * height


@given(TEXT, TEXT, st.integers(1, 60))
def test_cut_or_padded_to_the_cell(left: str, right: str, width: int) -> None:
    assert fit(left, width).cell_length == width
    assert spread(left, right, width).cell_length >= min(width, 1)


def test_equal_lines_send_nothing() -> None:
    assert changed_spans(Strip([Segment("abc")]), Strip([Segment("abc")])) == []
    assert changed_spans(Strip([Segment("ab"), Segment("c")]), Strip([Segment("abc")])) == []


@pytest.mark.parametrize(
    ("old", "new", "spans"),
    [
        ("abc", "abd", [(2, 3)]),
        ("abc", "xbc", [(0, 1)]),
        ("abcd", "aXYd", [(1, 3)]),
        ("a-------b", "x-------y", [(0, 9)]),
        ("a--------b", "x--------y", [(0, 1), (9, 10)]),
    ],
)
def test_only_what_differs(old: str, new: str, spans: list[tuple[int, int]]) -> None:
    assert changed_spans(Strip([Segment(old)]), Strip([Segment(new)])) == spans


def test_another_colour_differs() -> None:
    red, blue = Style(color="red"), Style(color="blue")
    assert changed_spans(Strip([Segment("abc", red)]), Strip([Segment("ab", red), Segment("c", blue)])) == [(2, 3)]


def test_wide_characters_are_sent_with_their_line() -> None:
    assert changed_spans(Strip([Segment("日本")]), Strip([Segment("日木")])) == [(0, 4)]


class _One(App[None]):
    """One panel."""

    def compose(self) -> ComposeResult:
        panel: LinePanel[str] = LinePanel(lambda text, _width, _height: Drawing([text, "second"], title="Title"))
        panel.styles.height = 4
        yield panel


@pytest.mark.anyio
async def test_a_panel_marks_only_changed_cells_dirty() -> None:
    """A number that changes costs its own cells, the same picture nothing."""
    app = _One()
    async with app.run_test(size=(30, 6)) as pilot:
        panel = app.query_one(LinePanel)
        panel.show("12 ok")
        await pilot.pause()
        marked: list[tuple[Region, ...]] = []
        panel.refresh = lambda *regions, **_: marked.append(regions)  # type: ignore[method-assign,assignment]  # a spy
        panel.show("12 ok")
        assert marked == []
        panel.show("13 ok")
        assert marked == [(Region(3, 1, 1, 1),)]


@pytest.mark.anyio
async def test_markup_in_text_is_text() -> None:
    app = _One()
    async with app.run_test(size=(40, 6)) as pilot:
        app.query_one(LinePanel).show("[bold]x[/] [/nothing [@click=app.quit]y")
        await pilot.pause()
        assert "[bold]x[/] [/nothing [@click=app.q" in app.query_one(LinePanel).render_line(1).text


@pytest.mark.anyio
async def test_a_panel_without_room_draws_nothing() -> None:
    """Beside one that takes all there is, and in a frame that is all there is."""
    app = _One()
    async with app.run_test(size=(30, 6)) as pilot:
        panel = app.query_one(LinePanel)
        panel.show("first")
        for width in (0, 3, 4, 5, 30):
            panel.styles.width = width
            await pilot.pause()
            assert panel.size.width == width
            assert all(panel.render_line(line).cell_length == width for line in range(panel.size.height))
