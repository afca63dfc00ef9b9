"""The machines of a cluster: how busy each was, how late its workers were, how well its clock is known. Pure."""

from __future__ import annotations

from perftui.metrics.timeline import Timeline
from perftui.model.interval import Interval, MachineSample
from perftui.model.record import Record
from perftui.model.units import format_ms
from perftui.report.machines import TITLES, clock_text, machine_rows
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row

_WIDTHS = (8, 6, 7, 7, 8, 13)
_NAME = 16
_CLOCKS = "Moments of other machines are translated by the middle of the shortest round trip; ± is half of it."


def draw_machines(picture: tuple[Record, Timeline], width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """A line for each machine."""
    lines = [*_table(machine_rows(picture[0])), "", *paint(_CLOCKS, "$quiet").wrap(width)]
    return Drawing(lines, title="Machines", note="cpu and memory on average, the rest at its worst")


def live_machines(interval: Interval, height: int) -> list[Text]:
    """A line for each machine as it is now, where there is room for the header and one of them; 0: any room."""
    machines = interval.machines
    room = len(machines) if not height else height - 1
    if not machines or room < 1:
        return []
    shown = len(machines) if len(machines) <= room else room - 1
    lines = _table([_live_row(machine, interval) for machine in machines[:shown]])
    if shown < len(machines):
        lines.append(paint(f" and {len(machines) - shown} more machines", "$quiet"))
    return lines


def _live_row(machine: MachineSample, interval: Interval) -> list[str]:
    workers = [worker for worker in interval.workers if worker.machine == machine.name]
    return [
        machine.name,
        f"{len(workers)} lost" if machine.lost else f"{len(workers)}",
        f"{machine.host.cpu_percent:.0f} %",
        f"{machine.host.memory_percent:.0f} %",
        format_ms(max((worker.loop_lag_max_ms for worker in workers), default=0.0)),
        format_ms(machine.round_trip_ms),
        clock_text(machine),
    ]


def _table(rows: list[list[str]]) -> list[Text]:
    columns = [Column("machine", _NAME, right=False)]
    columns += [Column(title, wide) for title, wide in zip(TITLES, _WIDTHS, strict=True)]
    lines: list[Text] = [header(columns, " ")]
    for name, *cells in rows:
        shown = paint(name[:_NAME], "bold $error" if cells[0].endswith("lost") else "bold")
        lines.append(row(columns, (shown, *cells), " "))
    return lines
