"""Which process of this machine is the target: as the plan says, or whoever listens where requests go."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import psutil

from perftui.engine.clients.client import Addresses
from perftui.metrics.target_process import Sought, TargetTree, find
from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.model.text import safe_text


def check_process(plan: Plan) -> None:
    """Find out before the start whether the process that the plan names is there.

    Raises:
        UsageError: it is not.
    """
    for target in plan.used_targets.values():
        if target.pid and not find(Sought("pid", str(target.pid))):
            raise UsageError(f"target.pid: there is no process {target.pid}; leave it out to have it found by its port")
        if target.process and not find(Sought("name", target.process)):
            raise UsageError(f"target.process: no process has the name {safe_text(target.process)!r}")


def target_tree(plan: Plan, addresses: Mapping[str, Addresses]) -> TargetTree | None:
    """The processes of the plan's own target, or of its first; None when it is not here, or is somebody else's.

    Args:
        plan: what is executed.
        addresses: where connections go, by the targets' names.
    """
    name, target = next(iter(plan.used_targets.items()))
    reached = addresses.get(name, ())
    if target.pid:
        sought = Sought("pid", str(target.pid))
    elif target.process:
        sought = Sought("name", target.process)
    elif target.unix_socket:
        sought = Sought("socket", target.unix_socket)
    elif reached and not target.proxy and all(_is_here(address) for address, _ in reached):
        sought = Sought("port", str(reached[0][1]))
    else:
        return None
    tree = TargetTree(sought)
    return tree if tree.pids else None


def _is_here(address: str) -> bool:
    """Whether an address is one of this machine's."""
    plain = address.partition("%")[0]
    if ipaddress.ip_address(plain).is_loopback:
        return True
    own = (each.address.partition("%")[0] for held in psutil.net_if_addrs().values() for each in held)
    return plain in own
