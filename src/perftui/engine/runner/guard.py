"""The safety guard: who may be loaded without being asked, who only by name, and who never."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.host_class import HostClass, classify
from perftui.engine.clients.registry import host_of, place_of
from perftui.engine.clients.resolve import resolve
from perftui.engine.runner.weighing import Weights, has_pages
from perftui.model.errors import GuardError, UnreachableError
from perftui.model.interval import Interval
from perftui.model.load_profile import peak
from perftui.model.plan import Operation, Plan, Target
from perftui.model.text import safe_text
from perftui.presets import grammar
from perftui.presets.drivers import requests_in

MOST_UNASKED_RATE = 50.0
MOST_UNASKED_USERS = 20.0
_ROUNDING = 1e-6
_RIPPLE = 1.2
"""How much more of a page's requests may fall into a second than into others."""
_OVER_FOR_S = 2.0 - 0.05
_UNWEIGHED: Weights = {}
_LIVE_NAME = re.compile(r"(^|[.\-_])(prod|production|www|live)([.\-_0-9]|$)", re.IGNORECASE)


def looks_live(host: str) -> bool:
    """Whether a host's name says that real users are on it."""
    return bool(_LIVE_NAME.search(host))


def is_heavy(plan: Plan, weights: Weights = _UNWEIGHED) -> bool:
    """Whether the plan loads more than a guest may without asking: 50 requests/s, 20 users, or a stress preset.

    Users are as heavy as their think time lets them be: without any, they send as fast as the host answers. A page is
    as many requests as it takes, once somebody has looked; a list of statements or commands as many as it has.
    """
    load = plan.load
    return plan.kind == "stress" or peak(load) > _guest_level(plan, weights) or load.connections > MOST_UNASKED_USERS


def _guest_level(plan: Plan, weights: Weights) -> float:
    """The highest level that needs no asking."""
    by_rate = MOST_UNASKED_RATE / _requests_per_level(plan, weights)
    return by_rate if plan.load.mode == "rate" else min(MOST_UNASKED_USERS, by_rate)


def _requests_per_level(plan: Plan, weights: Weights) -> float:
    """The most requests per second that one arrival per second, or one user, makes."""
    load = plan.load
    single = _mean_weight(plan.operations, weights)
    if load.mode == "rate":
        of_steps = [_weights_of(journey.steps, weights) for journey in plan.journeys]
        most = [sum(steps) if load.rate_of == "journeys" else max(steps) for steps in of_steps]
        return max((single, *most))
    rounds = [(single, fmean(load.think_s))] if plan.operations else []
    for journey in plan.journeys:
        waits = fmean(load.think_s) + sum(fmean(step.think_s) for step in journey.steps)
        rounds.append((sum(_weights_of(journey.steps, weights)), waits))
    return max((requests / wait if wait > 0 else math.inf for requests, wait in rounds), default=math.inf)


def _weights_of(operations: Sequence[Operation], weights: Weights) -> list[float]:
    return [float(weights.get(operation.name, requests_in(operation))) for operation in operations]


def _mean_weight(operations: Sequence[Operation], weights: Weights) -> float:
    """Requests of one arrival, as often as each operation is drawn."""
    often = sum(operation.weight for operation in operations)
    if not often:
        return 1.0
    each = zip(operations, _weights_of(operations, weights), strict=True)
    return sum(operation.weight * requests for operation, requests in each) / often


def needs_confirmation(plan: Plan) -> bool:
    """Whether a host's name must be typed before the start, as far as the names alone tell.

    Raises:
        UsageError: a URL has no host.
    """
    hosts = [host for target in plan.used_targets.values() if (host := host_of(target))]
    return is_heavy(plan) and any(classify(host) in {"public", "refused"} for host in hosts)


def must_be_weighed(plan: Plan, addresses: Mapping[str, Addresses], confirm_host: str) -> bool:
    """Whether it matters how many requests a page is: on a public host that nobody has named."""
    return has_pages(plan) and any(_guests(plan, addresses, confirm_host))


def _guests(plan: Plan, addresses: Mapping[str, Addresses], confirm_host: str) -> Iterator[str]:
    """Public hosts of the plan whose names were not typed."""
    typed = _typed(confirm_host)
    for name, target in plan.used_targets.items():
        host = host_of(target)
        if host and host not in typed and "public" in _classes(host, addresses.get(name, ()), by_name=_by_name(target)):
            yield host


def check(
    plan: Plan, addresses: Mapping[str, Addresses], confirm_host: str = "", weights: Weights = _UNWEIGHED
) -> None:
    """Let the plan through, or not.

    Args:
        plan: what is to be executed.
        addresses: what the host of each target resolved to, by the target's name.
        confirm_host: the host's name as typed by the user; several are separated by commas.
        weights: how many requests pages are.

    Raises:
        GuardError: an address is never loaded, or a host is public, the load heavy, and the name was not typed.
    """
    typed = _typed(confirm_host)
    hosts = {name: host for name, target in plan.used_targets.items() if (host := host_of(target))}
    if hosts and (strange := sorted(typed - set(hosts.values()))):
        shown = safe_text(", ".join(dict.fromkeys(hosts.values())))
        raise GuardError(f"--confirm-host {safe_text(', '.join(strange))} is not the host of the target, {shown}")
    for name, host in hosts.items():
        _refuse(safe_text(host), _classes(host, addresses.get(name, ()), by_name=_by_name(plan.used_targets[name])))
    for host in _guests(plan, addresses, confirm_host):
        if is_heavy(plan, weights):
            shown = safe_text(host)
            pages = f" ({', '.join(f'{name}: {each} requests' for name, each in weights.items())})" if weights else ""
            raise GuardError(
                f"{shown} is a public host and the load is heavy{safe_text(pages, 300)}; if you may load it, say so "
                f"with --confirm-host {shown}"
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
    """Let the URLs through that are asked besides the targets: those that give tokens, and metrics of their machines.

    Raises:
        GuardError: one of them is never asked.
        UnreachableError: its name is unknown.
    """
    for target in plan.used_targets.values():
        if target.auth is not None and target.auth.oauth2 is not None:
            url = grammar.literal(target.auth.oauth2.token_url)
            await _check_target(Target(url=url, proxy=target.proxy), must_be_known=True)
        if target.metrics_url:
            await _check_target(Target(url=target.metrics_url), must_be_known=False)


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


def _by_name(target: Target) -> bool:
    """Whether somebody else looks the host up: a proxy, or a driver that finds its own way."""
    return bool(target.proxy) or place_of(target) is None


def _classes(host: str, addresses: Addresses, *, by_name: bool) -> dict[HostClass, str]:
    """Kinds of places that requests to a host go to, with an example of each."""
    classes = {classify(address): address for address, _ in addresses}
    if by_name:
        # what the name itself tells is all there is
        classes |= {classify(host): host}
    return classes


class Guard:
    """The guard while a run goes on: what was let through at its start is a ceiling for whoever steers it."""

    def __init__(
        self, plan: Plan, addresses: Mapping[str, Addresses], confirm_host: str, weights: Weights = _UNWEIGHED
    ) -> None:
        """Guard a run that was let through.

        Args:
            plan: as executed.
            addresses: what the host of each target resolved to, by the target's name.
            confirm_host: the hosts' names as typed by the user.
            weights: how many requests pages are.
        """
        self._plan = plan
        self._confirm_host = confirm_host
        self._addresses = dict(addresses)
        self._weights = weights
        self._over_s = 0.0

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
        check(self._plan, self._addresses, self._confirm_host, self._weights)
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
            if not host or "public" not in _classes(host, self._addresses.get(name, ()), by_name=_by_name(target)):
                continue
            most = _guest_level(self._plan, self._weights)
            if host in typed:
                most = max(most, peak(self._plan.load))
            if level > most * (1 + _ROUNDING):
                unit = "/s" if self._plan.load.mode == "rate" else " users"
                raise GuardError(
                    f"{safe_text(host)} is a public host: this run may come to {most:g}{unit}, and this would be "
                    f"{level:g}{unit}; for more, start a run that asks for it"
                )

    def reason(self, interval: Interval) -> str:
        """Why the run is to be stopped after this interval, in words; empty while it may go on.

        What a page is changes: one that has grown is seen by what is asked for. Two seconds in a row are no ripple.
        """
        asked = sum(
            cell.amounts.get("page_requests", 0) for cells in interval.cells.values() for cell in cells.values()
        )
        if asked <= MOST_UNASKED_RATE * _RIPPLE * max(interval.duration_s, 1.0):
            self._over_s = 0.0
            return ""
        self._over_s += interval.duration_s
        host = next(_guests(self._plan, self._addresses, self._confirm_host), "")
        if not host or self._over_s < _OVER_FOR_S:
            return ""
        return (
            f"guard: {safe_text(host)} is a public host, and its pages take {asked / interval.duration_s:,.0f} "
            f"requests/s; at most {MOST_UNASKED_RATE:g}/s without --confirm-host {safe_text(host)}"
        )


def _typed(confirm_host: str) -> set[str]:
    return {host.strip() for host in confirm_host.split(",")} - {""}
