"""The machines of a cluster, as the rows that text, Markdown, pages and screens share."""

from __future__ import annotations

from perftui.model.interval import MachineSample
from perftui.model.record import MachineStats, Record
from perftui.model.units import format_ms

TITLES = ("workers", "cpu", "memory", "lag ms", "trip ms", "clock ms")
"""The mean of CPU and memory, the longest loop lag and round trip, the clock's move and how well it is known."""


def machine_rows(record: Record) -> list[list[str]]:
    """The name, then a cell for each of TITLES; no rows without a cluster."""
    return [
        [
            machine.name,
            f"{machine.workers} lost" if machine.lost else f"{machine.workers}",
            f"{machine.cpu_percent.mean:.0f} %",
            f"{machine.memory_percent.mean:.0f} %",
            format_ms(machine.loop_lag_ms.max),
            format_ms(machine.round_trip_ms),
            clock_text(machine),
        ]
        for machine in record.cluster
    ]


def clock_text(machine: MachineStats | MachineSample) -> str:
    """How far its clock moved, and how well that is known."""
    if not machine.clock_bound_ms:
        return "the same"
    return f"{machine.clock_offset_ms:+.2f} ±{machine.clock_bound_ms:.2f}"
