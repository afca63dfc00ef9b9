"""What `perftui doctor --cluster` says of each machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from perftui.model.errors import PerftuiError
from perftui.model.text import safe_text
from perftui.model.units import format_bytes, format_ms

if TYPE_CHECKING:
    from perftui.engine.fleet.link import Link
    from perftui.engine.fleet.remote import RemoteNode

Fact = tuple[str, str, str, str]
_FEW_FILES = 4096
_SLOW_MS = 100.0
_CLOCK_OFF_MS = 1000.0


def cluster_facts(where: str, *, insecure: bool) -> list[Fact]:
    """Connect to every machine, and ask what it is and what its clock says.

    Args:
        where: as --cluster.
        insecure: as --insecure-cluster.

    Raises:
        PerftuiError: the cluster, or one of its machines, cannot be used.
    """
    from perftui.cli.options import absolute_cluster
    from perftui.engine.fleet.link import Link

    return anyio.run(_look, Link(absolute_cluster(where) or where, insecure=insecure))


async def _look(link: Link) -> list[Fact]:
    from perftui.engine.fleet.cluster import Cluster

    cluster = Cluster(link)
    try:
        await cluster.connect()
        await cluster.compare_clocks()
        facts_of = [fact for node in cluster.nodes for fact in (_machine(node), _clock(node))]
        return [*facts_of, *(_unusable(address, error) for address, error in cluster.problems.items())]
    finally:
        await cluster.close()
        await link.close()


def _machine(node: RemoteNode) -> Fact:
    said = node.facts
    files = f"{said.files:,}" if said.files else "unlimited"
    parts = (
        f"{said.cores} core{'s' if said.cores != 1 else ''}",
        format_bytes(said.memory_bytes),
        f"{files} open files",
        f"perftui {said.perftui}",
    )
    fix = ""
    if 0 < said.files < _FEW_FILES:
        fix = "raise the hard limit of open files in /etc/security/limits.conf"
    return f"{node.name}", " · ".join(parts), "warn" if fix else "ok", fix


def _unusable(address: str, error: PerftuiError) -> Fact:
    return safe_text(address), "cannot be used", "warn", str(error).partition(": ")[2]


def _clock(node: RemoteNode) -> Fact:
    if node.problem:
        return f"{node.name} clock", "not known", "warn", node.problem
    clock = node.clock
    offset_ms, bound_ms, trip_ms = clock.wall_offset_ns / 1e6, clock.bound_ns / 1e6, clock.round_trip_ns / 1e6
    said = "the same clock as here" if not bound_ms else f"{offset_ms:+.2f} ms ±{bound_ms:.2f} ms from here"
    fix = ""
    if abs(offset_ms) > _CLOCK_OFF_MS:
        fix = "its logs and the run's tell different times: set the clocks (chrony, NTP); the load is not affected"
    elif trip_ms > _SLOW_MS:
        fix = "commands take a moment to reach it: they come into force later by two round trips"
    return f"{node.name} clock", f"{said} · round trip {format_ms(trip_ms)} ms", "warn" if fix else "ok", fix
