"""What one should know about a target before it is loaded."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from perftui.model.errors import PerftuiError, UnreachableError
from perftui.model.plan import Plan

AddressClass = Literal["loopback", "private", "link_local", "public", "refused"]
_SEVERITY: tuple[AddressClass, ...] = ("loopback", "link_local", "private", "public", "refused")
CLASS_WORDS: dict[AddressClass, str] = {
    "loopback": "this machine",
    "private": "private network",
    "link_local": "link-local network",
    "public": "public internet",
    "refused": "never loaded",
}


class TargetReport(Struct, frozen=True, kw_only=True):
    """Where requests would go."""

    addresses: tuple[str, ...] = ()
    address_class: AddressClass = "public"
    """The most far-reaching class of all addresses."""
    must_type: bool = False
    """Whether the host's name has to be typed before the start."""
    asked_there: bool = False
    """Whether the name is unknown here: the machines of a cluster may know it, and their guard judges what it means."""
    problems: tuple[str, ...] = ()
    """Why it cannot be loaded at all."""


async def look_at(plan: Plan) -> TargetReport:
    """Resolve the target and classify its addresses."""
    from perftui.engine.clients.host_class import classify
    from perftui.engine.clients.resolve import resolve

    addresses: list[str] = []
    classes: list[AddressClass] = []
    asked_there = False
    for target in plan.used_targets.values():
        try:
            found = [address for address, _port in await resolve(target)]
        except UnreachableError as error:
            if not plan.load.cluster:
                return TargetReport(problems=error.problems)
            asked_there = True
            classes.append(classify(urlsplit(target.url).hostname or ""))
            continue
        except PerftuiError as error:
            return TargetReport(problems=error.problems)
        addresses += found or [target.unix_socket or target.url]
        named = "" if target.unix_socket else urlsplit(target.url).hostname  # the driver finds it by itself
        classes += map(classify, found or [named or "localhost"])
    worst = max(classes, key=_SEVERITY.index)
    problems = (f"{host_of(plan)} is an address that perftui never loads",) if worst == "refused" else ()
    return TargetReport(
        addresses=tuple(addresses),
        address_class=worst,
        must_type=worst == "public",
        asked_there=asked_there,
        problems=problems,
    )


def host_of(plan: Plan) -> str:
    """The host that a public target's owner is asked to type; several are separated by commas."""
    hosts = [urlsplit(target.url).hostname or "" for target in plan.used_targets.values()]
    return ",".join(dict.fromkeys(filter(None, hosts)))


def warnings_of(plan: Plan, report: TargetReport) -> tuple[str, ...]:
    """What deserves a second thought, in words; empty for a harmless run on this machine."""
    from perftui.engine.runner.guard import looks_live

    found: list[str] = []
    if report.address_class == "public":
        found.append("This host is on the public internet. Load only what is yours.")
    elif report.address_class in {"private", "link_local"}:
        found.append("This host is not this machine. Make sure that nobody minds.")
    if looks_live(host_of(plan)):
        found.append("Its name looks like a production system.")
    if plan.writes:
        found.append("The run changes data on the target.")
    if plan.kind == "stress":
        found.append("A stress test is meant to take the target to its limit.")
    if any(target.tls.insecure for target in plan.used_targets.values()):
        found.append("The server's certificate is not verified.")
    return tuple(found)
