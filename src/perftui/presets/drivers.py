"""The door for protocols, as far as presets need it: what an operation may say, and which URLs mean which protocol.

Drivers are found by the entry point `perftui.drivers`. HTTP is one of them; a table without a key of another protocol
is an HTTP operation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from perftui.model.errors import UsageError
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from perftui.model.plan import Operation
    from perftui.presets.sections import Key

GROUP = "perftui.drivers"
HTTP = ("http", "perftui.engine.clients.http.driver")
"""What almost every run needs is not looked up: that takes a fortieth of a second in each process of a run."""


class DriverFormat(Protocol):
    """What presets know about a protocol. engine/clients/client.py has the rest of a driver."""

    @property
    def name(self) -> str:
        """One word, such as `sql`."""

    @property
    def schemes(self) -> Mapping[str, int]:
        """Schemes of URLs and their default ports; port 0: nothing is looked up or connected to by address."""

    @property
    def keys(self) -> Mapping[str, Key]:
        """What an operation of this protocol says besides name, weight, checks and the like. Empty for HTTP.

        The first key is the one that makes a table an operation of this protocol.
        """

    @property
    def default_url(self) -> str:
        """The URL of a target that needs none; empty: one must be given."""

    def located(self, request: Mapping[str, Any], directory: Path) -> dict[str, Any]:
        """The same, with the files it names found beside the preset, whose directory this is."""

    def only_reads(self, request: Mapping[str, Any]) -> bool:
        """Whether an operation with these keys certainly changes nothing."""

    def missing(self) -> str:
        """What must be installed before it works, in words; empty when all is there."""


@cache
def drivers() -> Mapping[str, DriverFormat]:
    """Every driver that is installed, by its name.

    Raises:
        UsageError: one of them cannot be loaded.
    """
    return {entry.name: driver_named(entry.name) for entry in sorted(_entries(), key=_ours_first)}


@cache
def driver_named(name: str) -> DriverFormat:
    """The driver of that name.

    Raises:
        UsageError: there is none, or it cannot be loaded.
    """
    if name == HTTP[0]:
        http: DriverFormat = import_module(HTTP[1]).DRIVER
        return http
    found = [entry for entry in _entries() if entry.name == name]
    if not found:
        raise UsageError(f"no driver named {safe_text(name, 40)!r} is installed; {_known()}")
    entry = min(found, key=_ours_first)
    try:
        driver: DriverFormat = entry.load()
    except Exception as error:  # a stranger's package may raise anything
        raise UsageError(
            f"the driver {name!r} ({entry.value}) cannot be loaded: {type(error).__name__}: {safe_text(str(error))}"
        ) from error
    return driver


def driver_of_table(table: Mapping[str, object]) -> DriverFormat | None:
    """The driver whose own key a table of a preset has; None: HTTP."""
    for driver in drivers().values():
        if driver.keys and next(iter(driver.keys)) in table:
            return driver
    return None


def driver_of_url(url: str) -> DriverFormat:
    """The driver for a URL.

    Raises:
        UsageError: no driver speaks its scheme.
    """
    scheme = url.partition(":")[0].lower()
    if scheme in {"http", "https"}:
        return driver_named("http")
    for driver in drivers().values():
        if scheme in driver.schemes:
            return driver
    raise UsageError(f"{safe_text(scheme, 20)}:// is not spoken; {_known()}")


def url_problem(url: str) -> str:
    """What is wrong with the scheme of a URL that is not HTTP's; empty when somebody speaks it."""
    try:
        driver_of_url(url)
    except UsageError as error:
        return "; ".join(error.problems)
    return ""


def remark_on(url: str) -> str:
    """What the driver of a URL says must be known about numbers measured by it; empty when nothing."""
    try:
        driver = driver_of_url(url)
    except UsageError:  # of a run that was made elsewhere
        return ""
    remark: Callable[[str], str] | None = getattr(driver, "remark", None)
    return remark(url) if remark else ""


def remark_of(name: str) -> str:
    """What the driver of that name says must be known about numbers of its operations; empty when nothing."""
    try:
        remark = getattr(driver_named(name), "remark", "")
    except UsageError:  # of a run that was made elsewhere
        return ""
    return remark if isinstance(remark, str) else ""


def further_targets(driver: DriverFormat, request: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the targets that an operation goes to besides its own."""
    names: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = getattr(driver, "further_targets", None)
    return names(request) if names else ()


def ways(name: str) -> Collection[str]:
    """Which keys of a target that lead past its host (unix_socket, proxy) the driver of that name heeds."""
    found: Collection[str] = getattr(driver_named(name), "ways", ())
    return found


def fetches_more(name: str) -> bool:
    """Whether operations of the driver of that name fetch what an answer names: how many requests that is, it tells."""
    return name != "http" and bool(getattr(driver_named(name), "fetches_more", False))


def requests_in(operation: Operation) -> int:
    """How many requests of its protocol an operation makes each time, as far as the plan tells: at least one."""
    if operation.driver == "http":
        return 1
    count: Callable[[Mapping[str, Any]], int] | None = getattr(driver_named(operation.driver), "requests_in", None)
    return count(operation.request) if count else 1


def schemes() -> tuple[str, ...]:
    """Every scheme that is spoken."""
    return tuple(dict.fromkeys(scheme for driver in drivers().values() for scheme in driver.schemes))


def _known() -> str:
    """The schemes, those left out that name a driver within a protocol."""
    return f"known: {', '.join(f'{scheme}://' for scheme in schemes() if '+' not in scheme)}"


def _entries() -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # it brings the mail parser

    return entry_points(group=GROUP)


def _ours_first(entry: EntryPoint) -> tuple[bool, str]:
    return (not entry.value.startswith("perftui."), entry.name)
