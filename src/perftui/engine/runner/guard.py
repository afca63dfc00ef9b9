"""The safety guard: who may be loaded without being asked, who only by name, and who never."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from perftui.engine.runner.resolve import Addresses, host_and_port
from perftui.model.errors import GuardError
from perftui.model.plan import Plan
from perftui.model.profile import peak
from perftui.model.text import safe_text

HostClass = Literal["loopback", "private", "link_local", "public", "refused"]

MOST_UNASKED_RATE = 50.0
MOST_UNASKED_USERS = 20.0
_METADATA = {ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")}
_BROADCAST = ipaddress.ip_address("255.255.255.255")
_LIVE_NAME = re.compile(r"(^|[.\-_])(prod|production|www|live)([.\-_0-9]|$)", re.IGNORECASE)
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".test", ".lan", ".home.arpa")


def classify(host: str) -> HostClass:
    """What kind of place an address is. Names are judged by themselves, without a look-up; unknown ones are public.

    Args:
        host: an address, or a name such as `localhost`.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return _classify_name(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address in _METADATA or address.is_multicast or address == _BROADCAST:
        return "refused"
    if address.is_loopback or address.is_unspecified:  # the unspecified address connects to this machine
        return "loopback"
    if address.is_link_local:
        return "link_local"
    return "private" if address.is_private else "public"


def _classify_name(host: str) -> HostClass:
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    return "private" if name.endswith(_LOCAL_NAMES) else "public"


def looks_live(host: str) -> bool:
    """Whether a host's name says that real users are on it."""
    return bool(_LIVE_NAME.search(host))


def is_heavy(plan: Plan) -> bool:
    """Whether the plan loads more than a guest may without asking: 50 requests/s, 20 users, or a stress preset."""
    load = plan.load
    highest = peak(load)
    limit = MOST_UNASKED_RATE if load.mode == "rate" else MOST_UNASKED_USERS
    return plan.kind == "stress" or highest > limit or load.connections > MOST_UNASKED_USERS


def needs_confirmation(plan: Plan) -> bool:
    """Whether the host's name must be typed before the start, as far as the name alone tells.

    Raises:
        UsageError: the URL has no host.
    """
    if plan.target.unix_socket:
        return False
    host, _ = host_and_port(plan.target.url)
    return classify(host) in {"public", "refused"} and is_heavy(plan)


def check(plan: Plan, addresses: Addresses, confirm_host: str = "") -> None:
    """Let the plan through, or not.

    Args:
        plan: what is to be executed.
        addresses: what its host resolved to.
        confirm_host: the host's name as typed by the user.

    Raises:
        GuardError: an address is never loaded, or the host is public, the load heavy, and the name was not typed.
    """
    if plan.target.unix_socket:
        return
    host, _ = host_and_port(plan.target.url)
    shown = safe_text(host)
    if confirm_host and confirm_host != host:
        raise GuardError(f"--confirm-host {safe_text(confirm_host)} is not the host of the target, {shown}")
    classes = {classify(address): address for address, _ in addresses}
    if plan.target.proxy:
        # the proxy resolves the name: what the name itself tells is all there is
        classes |= {classify(host): host}
    if "refused" in classes:
        raise GuardError(
            f"{shown} ({classes['refused']}) is a metadata, multicast or broadcast address; it is never loaded"
        )
    if "public" in classes and is_heavy(plan) and confirm_host != host:
        raise GuardError(
            f"{shown} is a public host and the load is heavy; if you may load it, say so with --confirm-host {shown}"
        )
