"""The machines of a cluster as one, and each of them over a run."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from perftui.model.interval import HostSample, MachineSample

_OF_MACHINE = tuple(name for name in HostSample.__struct_fields__ if not name.startswith(("target_", "remote_")))


def worst_of(runner: HostSample, machines: Sequence[MachineSample]) -> HostSample:
    """What limits a cluster: of each number the highest of any machine that sends.

    Args:
        runner: of the runner's machine, which sends nothing; it knows the target's process and machine.
        machines: of the cluster; without any, the runner's machine is the one that sends.
    """
    if not machines:
        return runner
    return replace(runner, **{name: max(getattr(machine.host, name) for machine in machines) for name in _OF_MACHINE})
