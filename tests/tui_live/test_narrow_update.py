"""Only the cells that changed are sent, and they end up where they belong."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from perftui.tui.narrow_update import NarrowUpdate

pytestmark = pytest.mark.quick

WIDTH = 20
SPANS = st.tuples(st.integers(0, WIDTH - 1), st.integers(1, WIDTH)).map(lambda pair: (pair[0], min(WIDTH, sum(pair))))
_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[\d;]*m|(.)")


def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=WIDTH)


def after(sequences: str, line: str) -> str:
    """What a terminal of one line shows after it was sent something."""
    cells, place = list(line), 0
    for found in _MOVE.finditer(sequences):
        if found[2]:
            place = int(found[2]) - 1
        elif found[3]:
            cells[place] = found[3]
            place += 1
    return "".join(cells)


@given(SPANS, st.integers(1, WIDTH - 1))
def test_changed_cells_are_sent_and_no_others(span: tuple[int, int], cut: int) -> None:
    new = "abcdefghijklmnopqrst"
    parts = [Strip([Segment(new[:cut], Style(color="red"))]), Strip([Segment(new[cut:], Style(color="blue"))])]
    update = ChopsUpdate([{0: parts[0], cut: parts[1]}], [(0, *span)], [[cut, WIDTH]])
    sent = NarrowUpdate.of(update).render_segments(console())
    first, end = span
    expected = "." * first + new[first:end] + "." * (WIDTH - end)
    assert after(sent, "." * WIDTH) == expected
    assert len(sent) <= len(update.render_segments(console())) + 8


def test_a_column_at_the_right_costs_itself() -> None:
    cells = [Segment("x", Style(color=f"#{number:02x}0000")) for number in range(100)]
    update = ChopsUpdate([{0: Strip(cells)}], [(0, 98, 99)], [[100]])
    assert len(NarrowUpdate.of(update).render_segments(console())) < 60 < len(update.render_segments(console()))
