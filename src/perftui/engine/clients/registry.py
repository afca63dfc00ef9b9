"""Which driver speaks to a target. What a driver needs is imported when it is asked for, and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from perftui.model.errors import UsageError
from perftui.model.plan import Operation, Plan, Target
from perftui.model.text import safe_text
from perftui.presets.drivers import DriverFormat, driver_named, driver_of_url

if TYPE_CHECKING:
    from perftui.engine.clients.client import Driver


Way = tuple[str, str]
"""Name of a target, and of the driver that it is asked by."""


def way_of(operation: Operation) -> Way:
    """Where an operation goes, and how."""
    return operation.target, operation.driver


def driver_for(target: Target) -> Driver:
    """The driver of a target's URL.

    Raises:
        UsageError: nobody speaks its scheme, or a package that it needs is not installed.
    """
    return _usable(driver_of_url(target.url))


def driver_of(operation: Operation) -> Driver:
    """The driver of an operation: a target may be asked in several ways.

    Raises:
        UsageError: it is not installed, or a package that it needs is not.
    """
    return _usable(driver_named(operation.driver))


def check_targets(plan: Plan) -> None:
    """Find out what the drivers of a plan would refuse at the start of a run, as far as they and the URLs are there.

    Raises:
        UsageError: with every URL that cannot be used.
    """
    problems: dict[str, None] = {}
    for operation in plan.all_operations:
        driver, target = driver_named(operation.driver), plan.aimed_at(operation.target).target
        check: Callable[[Target], None] | None = getattr(driver, "check_target", None)
        if check is None or not target.url or "${" in target.url or driver.missing():
            continue
        try:
            check(target)
        except UsageError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise UsageError(*problems)


def _usable(found: DriverFormat) -> Driver:
    if problem := found.missing():
        raise UsageError(problem)
    return cast("Driver", found)


def place_of(target: Target) -> tuple[str, int] | None:
    """Host and port that connections are made to, of the proxy if there is one.

    None where the driver finds its own way: a Unix socket, a file, a function.

    Raises:
        UsageError: the URL has no host, or its port is no port.
    """
    return None if target.unix_socket else _host_and_port(target.proxy or target.url)


def host_of(target: Target) -> str:
    """The host that is loaded, whatever the way there, and whoever finds it; empty where there is none.

    Raises:
        UsageError: as place_of.
    """
    if target.unix_socket:
        return ""
    place = _host_and_port(target.url)
    return place[0] if place else urlsplit(target.url).hostname or ""


def _host_and_port(url: str) -> tuple[str, int] | None:
    scheme = url.partition(":")[0].lower()
    default = driver_of_url(url).schemes[scheme]
    if not default:
        return None
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:  # which tells what stands where a port should: part of a password, perhaps
        raise UsageError(f"target.url: its host and port cannot be read; write it as {scheme}://HOST:PORT") from error
    if not host:
        shown = f"{scheme}://{url.partition('://')[2].rpartition('@')[2]}"
        raise UsageError(f"{safe_text(shown)}: has no host; write it as {scheme}://HOST:PORT")
    return host, port if port is not None else default
