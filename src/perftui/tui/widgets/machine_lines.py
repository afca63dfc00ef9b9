"""The machines of a cluster: how busy each was, how late its workers were, how well its clock is known. Pure."""

from __future__ import annotations

from perftui.metrics.timeline import Timeline
from perftui.model.record import Record
from perftui.report.machines import TITLES, machine_rows
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row

_WIDTHS = (8, 6, 7, 7, 8, 13)
_NAME = 16
_CLOCKS = "Moments of other machines are translated by the middle of the shortest round trip; ± is half of it."


def draw_machines(picture: tuple[Record, Timeline], width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """A line for each machine."""
    columns = [Column("machine", _NAME, right=False)]
    columns += [Column(title, wide) for title, wide in zip(TITLES, _WIDTHS, strict=True)]
    lines: list[Text] = [header(columns, " ")]
    for name, *cells in machine_rows(picture[0]):
        shown = paint(name[:_NAME], "bold $error" if cells[0].endswith("lost") else "bold")
        lines.append(row(columns, (shown, *cells), " "))
    lines += ["", *paint(_CLOCKS, "$quiet").wrap(width)]
    return Drawing(lines, title="Machines", note="cpu and memory on average, the rest at its worst")
