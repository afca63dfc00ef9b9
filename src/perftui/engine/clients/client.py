"""The interface of protocols: a driver prepares operations and opens a client, whose lanes carry the requests.

Drivers are found by the entry point `perftui.drivers` (presets/drivers.py), ours and those of strangers alike. The
simplest way to write one is task_client.py: two coroutines, everything else inherited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from perftui.presets.drivers import DriverFormat

if TYPE_CHECKING:
    import asyncio

    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.lane import Lane
    from perftui.engine.clients.operation import PreparedOperation
    from perftui.engine.clients.users import VirtualUser
    from perftui.metrics.recorder import CellRecorder
    from perftui.model.plan import Operation, Phase, Plan
    from perftui.presets.values import ValueStream

Addresses = tuple[tuple[str, int], ...]
"""Address and port of every address of a target; empty where the driver finds its own way."""
Done = Callable[["Client", "Lane | None", "VirtualUser | None", "str | None"], None]
"""Called at the end of every request: its client, the lane if it can carry another one, the user, the error class if
any. The lane is still busy: `release` it, or send the next request on it."""
Sample = Callable[["PreparedOperation", str, str, "Lane | None", int], None]
"""Called at the end of every failed request: operation, error class, detail, lane, elapsed ns."""

Asked = tuple["PreparedOperation", "CellRecorder", Any]
"""An operation, where it counts, and its request."""
Ahead = Callable[["VirtualUser", int], list[Asked]]
"""The next requests of a user, so many at most, for a lane that runs them in a row without asking again after each.
The lane counts them as scheduled once they are begun; those that are not begun never were."""


class Client(Protocol):
    """The connections, sessions or threads of one worker to one target."""

    idle: list[Any]
    """Lanes that can carry a request at once. The load takes them from the end, and hands them back by `release`."""
    opened: int
    """Connections opened since the last frame; the frame resets it, like the next two."""
    assigned: int
    """Requests that a new connection was opened for."""
    reconnects: int
    """Requests sent again because a connection had been closed meanwhile."""

    ahead: Ahead | None
    """Set when the load may hand over several requests of a user at once."""

    @property
    def waiting(self) -> int:
        """Requests that wait for a lane."""

    @property
    def in_flight(self) -> int:
        """Requests on the way."""

    @property
    def open_now(self) -> int:
        """Lanes that are open or opening."""

    def submit(
        self, operation: PreparedOperation, cell: CellRecorder, intended_ns: int, user: VirtualUser | None
    ) -> None:
        """Send a request now, or as soon as a lane is free. `intended_ns` is 0 in users mode."""

    def start(
        self,
        lane: Lane | None,
        operation: PreparedOperation,
        cell: CellRecorder,
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send a request at once: on this lane whose request ended, on an idle one or a new one, in this order."""

    def release(self, lane: Lane | None) -> None:
        """A request ended: its lane, or the place of a closed one, is for the next that waits."""

    def expire(self, now_ns: int) -> None:
        """Give up what is past its deadline."""

    def drop_waiting(self) -> None:
        """What waits for a lane is not sent any more: dropped."""

    def retarget(self, addresses: Addresses) -> None:
        """New connections go to these addresses."""

    def cancel(self) -> None:
        """Give up everything, waiting and on the way."""

    async def close(self) -> None:
        """Cancel everything and wait until nothing is open any more."""


class Preparer(Protocol):
    """Makes operations of one target ready to be sent."""

    def prepare(
        self, operation: Operation, cells: Mapping[Phase, CellRecorder], *, in_journey: bool, whole: bool = False
    ) -> PreparedOperation:
        """One operation.

        Args:
            operation: of the plan, secrets resolved.
            cells: its recorders by phase.
            in_journey: whether a user's values and cookies go from one request to the next.
            whole: keep every answer whole, for somebody who looks at it (probe, set-up).

        Raises:
            ValueError: a placeholder, check or header is wrong.
            OSError: a file cannot be read.
        """

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """What identifies the next requests (a renewed token), where the protocol has headers."""


class Driver(DriverFormat, Protocol):
    """What a protocol is."""

    def preparer(
        self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues
    ) -> Preparer:
        """What prepares the operations of `plan.target`.

        Raises:
            UsageError: the target cannot be used.
        """

    def connect(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> Client:
        """A client of `plan.target`. Nothing is opened before the first request.

        Args:
            loop: of the worker.
            plan: its target is the one to connect to.
            addresses: as `reach` returned them.
            most: lanes at once.
            done: see Done.
            sample: see Sample.

        Raises:
            UsageError: a certificate or address cannot be used.
        """

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """Ask whether the target is there, without loading it; which of the addresses are worth using.

        Raises:
            UnreachableError: it is not, in words.
        """
