"""The safety guard: who may be loaded without being asked, who only by name, and who never."""

from __future__ import annotations

import ipaddress
import math
import re
import socket
from collections.abc import Mapping
from statistics import fmean
from typing import Literal

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.metadata import METADATA_ADDRESSES, METADATA_NAMES
from perftui.engine.clients.registry import host_of
from perftui.engine.clients.resolve import resolve
from perftui.model.errors import GuardError, UnreachableError
from perftui.model.load_profile import peak
from perftui.model.plan import Plan, Target
from perftui.model.text import safe_text
from perftui.presets import grammar

HostClass = Literal["loopback", "private", "link_local", "public", "refused"]

MOST_UNASKED_RATE = 50.0
MOST_UNASKED_USERS = 20.0
_ROUNDING = 1e-6
_METADATA = {ipaddress.ip_address(text) for text in METADATA_ADDRESSES}
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
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
    if any(one in _METADATA or one.is_multicast or one == _BROADCAST for one in (address, *_within(address))):
        return "refused"
    if address.is_loopback or address.is_unspecified:  # the unspecified address connects to this machine
        return "loopback"
    if address.is_link_local:
        return "link_local"
    return "private" if address.is_private else "public"


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """IPv4 addresses that a translator on the way finds in an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        found.append(ipaddress.IPv4Address(address.packed[-4:]))
    return [one for one in found if one is not None]


def _classify_name(host: str) -> HostClass:
    name = host.rstrip(".").lower()
    try:
        return classify(socket.inet_ntoa(socket.inet_aton(name)))  # 0xa9fea9fe and 2852039166 are addresses, too
    except OSError:
        pass
    if name in METADATA_NAMES:
        return "refused"
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    return "private" if name.endswith(_LOCAL_NAMES) else "public"


def looks_live(host: str) -> bool:
    """Whether a host's name says that real users are on it."""
    return bool(_LIVE_NAME.search(host))


def is_heavy(plan: Plan) -> bool:
    """Whether the plan loads more than a guest may without asking: 50 requests/s, 20 users, or a stress preset.

    Users are as heavy as their think time lets them be: without any, they send as fast as the host answers.
    """
    load = plan.load
    return plan.kind == "stress" or peak(load) > _guest_level(plan) or load.connections > MOST_UNASKED_USERS


def _guest_level(plan: Plan) -> float:
    """The highest level that needs no asking."""
    by_rate = MOST_UNASKED_RATE / _requests_per_level(plan)
    return by_rate if plan.load.mode == "rate" else min(MOST_UNASKED_USERS, by_rate)


def _requests_per_level(plan: Plan) -> float:
    """The most requests per second that one arrival per second, or one user, makes."""
    load = plan.load
    if load.mode == "rate":
        steps = [len(journey.steps) for journey in plan.journeys] if load.rate_of == "journeys" else []
        return float(max(steps, default=1))
    rounds = [(1, fmean(load.think_s))] if plan.operations else []
    for journey in plan.journeys:
        waits = fmean(load.think_s) + sum(fmean(step.think_s) for step in journey.steps)
        rounds.append((len(journey.steps), waits))
    return max((requests / wait if wait > 0 else math.inf for requests, wait in rounds), default=math.inf)


def needs_confirmation(plan: Plan) -> bool:
    """Whether a host's name must be typed before the start, as far as the names alone tell.

    Raises:
        UsageError: a URL has no host.
    """
    hosts = [host for target in plan.used_targets.values() if (host := host_of(target))]
    return is_heavy(plan) and any(classify(host) in {"public", "refused"} for host in hosts)


def check(plan: Plan, addresses: Mapping[str, Addresses], confirm_host: str = "") -> None:
    """Let the plan through, or not.

    Args:
        plan: what is to be executed.
        addresses: what the host of each target resolved to, by the target's name.
        confirm_host: the host's name as typed by the user; several are separated by commas.

    Raises:
        GuardError: an address is never loaded, or a host is public, the load heavy, and the name was not typed.
    """
    typed = _typed(confirm_host)
    hosts = {name: host for name, target in plan.used_targets.items() if (host := host_of(target))}
    if hosts and (strange := sorted(typed - set(hosts.values()))):
        shown = safe_text(", ".join(dict.fromkeys(hosts.values())))
        raise GuardError(f"--confirm-host {safe_text(', '.join(strange))} is not the host of the target, {shown}")
    for name, host in hosts.items():
        _check_host(
            plan, host, addresses.get(name, ()), proxied=bool(plan.used_targets[name].proxy), typed=host in typed
        )


def _check_host(plan: Plan, host: str, addresses: Addresses, *, proxied: bool, typed: bool) -> None:
    shown = safe_text(host)
    classes = _classes(host, addresses, proxied=proxied)
    _refuse(shown, classes)
    if "public" in classes and is_heavy(plan) and not typed:
        raise GuardError(
            f"{shown} is a public host and the load is heavy; if you may load it, say so with --confirm-host {shown}"
        )


async def check_once(plan: Plan) -> None:
    """Let single requests to the targets through: a probe.

    Raises:
        GuardError: a target, or another URL of the plan, is never asked.
        UnreachableError: the name of another URL is unknown.
    """
    for target in plan.used_targets.values():
        await _check_target(target, must_be_known=False)
    await check_others(plan)


async def check_others(plan: Plan) -> None:
    """Let the URLs through that are asked besides the targets: those that give tokens.

    Raises:
        GuardError: one of them is never asked.
        UnreachableError: its name is unknown.
    """
    for target in plan.used_targets.values():
        if target.auth is not None and target.auth.oauth2 is not None:
            url = grammar.literal(target.auth.oauth2.token_url)
            await _check_target(Target(url=url, proxy=target.proxy), must_be_known=True)


async def _check_target(target: Target, *, must_be_known: bool) -> None:
    host = host_of(target)
    if not host:
        return
    _refuse(safe_text(host), {classify(host): host})
    if target.proxy:
        return  # it resolves the name
    try:
        addresses = await resolve(target)
    except UnreachableError:
        if must_be_known:
            raise
        return  # the request itself will tell
    _refuse(safe_text(host), {classify(address): address for address, _ in addresses})


def _refuse(shown: str, classes: dict[HostClass, str]) -> None:
    if "refused" in classes:
        raise GuardError(
            f"{shown} ({classes['refused']}) is a metadata, multicast or broadcast address; it is never loaded"
        )


def _classes(host: str, addresses: Addresses, *, proxied: bool) -> dict[HostClass, str]:
    """Kinds of places that requests to a host go to, with an example of each."""
    classes = {classify(address): address for address, _ in addresses}
    if proxied:
        # the proxy resolves the name: what the name itself tells is all there is
        classes |= {classify(host): host}
    return classes


class Guard:
    """The guard while a run goes on: what was let through at its start is a ceiling for whoever steers it."""

    def __init__(self, plan: Plan, addresses: Mapping[str, Addresses], confirm_host: str) -> None:
        """Guard a run that was let through.

        Args:
            plan: as executed.
            addresses: what the host of each target resolved to, by the target's name.
            confirm_host: the hosts' names as typed by the user.
        """
        self._plan = plan
        self._confirm_host = confirm_host
        self._addresses = dict(addresses)

    def admit(self, target: str, addresses: Addresses, level: float) -> None:
        """Let the run go on at other addresses of a target.

        Args:
            target: its name.
            addresses: what its host resolves to by now.
            level: the highest that the run will come to.

        Raises:
            GuardError: the plan, or what it was steered to, must not be sent there.
        """
        self._addresses[target] = addresses
        check(self._plan, self._addresses, self._confirm_host)
        self.allow(level)

    def allow(self, level: float) -> None:
        """Let somebody change the load.

        Args:
            level: the highest that the run will come to.

        Raises:
            GuardError: a host is public, and this is more than what was confirmed, or needs no confirmation.
        """
        typed = _typed(self._confirm_host)
        for name, target in self._plan.used_targets.items():
            host = host_of(target)
            if not host or "public" not in _classes(host, self._addresses.get(name, ()), proxied=bool(target.proxy)):
                continue
            most = _guest_level(self._plan)
            if host in typed:
                most = max(most, peak(self._plan.load))
            if level > most * (1 + _ROUNDING):
                unit = "/s" if self._plan.load.mode == "rate" else " users"
                raise GuardError(
                    f"{safe_text(host)} is a public host: this run may come to {most:g}{unit}, and this would be "
                    f"{level:g}{unit}; for more, start a run that asks for it"
                )


def _typed(confirm_host: str) -> set[str]:
    return {host.strip() for host in confirm_host.split(",")} - {""}
