"""What a worker is to the runner, wherever it runs: it is told things, it is heard, and it ends.

process.py is the kind on this machine, remote.py the kind elsewhere. Supervisor, merger and journal know no difference.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from anyio.abc import TaskGroup

from perftui.engine.clients.client import Addresses
from perftui.engine.fleet.messages import FromWorker, ToWorker
from perftui.model.interval import MachineSample
from perftui.model.plan import Target

SeatState = Literal["ok", "unresponsive", "lost", "ended"]


class Seat(Protocol):
    """One worker. Every moment in its messages is on the runner's clock: a seat elsewhere translates."""

    number: int
    state: SeatState

    @property
    def machine(self) -> str:
        """Name of the machine it is on; empty: this one."""

    async def send(self, message: ToWorker) -> None:
        """Tell the worker something; to one that is gone it goes nowhere."""

    def messages(self) -> AsyncIterator[FromWorker]:
        """What the worker says, until it ends or stops making sense."""

    async def keep_output(self) -> None:
        """Read what the worker prints, until it ends."""

    @property
    def last_words(self) -> str:
        """The last line that the worker printed, made safe; empty when it printed none."""

    async def exit_detail(self) -> str:
        """How it ended, in words: `exit code 1`, `signal 9`. Waits for its end."""

    def kill(self) -> None:
        """End it at once."""

    async def close(self) -> None:
        """Let it end, end it when it does not, and free what it holds here."""


class Seats(Protocol):
    """Where seats come from."""

    async def take(self, number: int, tasks: TaskGroup) -> Seat:
        """Start worker `number`.

        Args:
            number: from 0.
            tasks: for what has to go on as long as the seat is used.

        Raises:
            PerftuiError: it cannot be started.
        """

    async def before_begin(self) -> None:
        """Every worker is ready, and none has begun.

        Raises:
            UnreachableError: a machine is gone: nothing was sent yet, and the run does not begin without it.
        """

    def check_there(self) -> None:
        """See that no machine is gone.

        Raises:
            UnreachableError: one is.
        """

    async def look_up(self, name: str, target: Target, known: Addresses) -> Addresses | None:
        """Ask again what the name of a target's host means, wherever there are workers.

        Args:
            name: of the target.
            target: with its URL.
            known: what it meant so far.

        Returns:
            All that it means by now; None: what it meant before, everywhere.

        Raises:
            UnreachableError: nobody knows.
        """

    def machines(self) -> tuple[MachineSample, ...]:
        """How the machines of a cluster are; none: all is on this one."""

    def take_notes(self) -> list[str]:
        """What is worth knowing since the last call."""

    @property
    def lead_ns(self) -> int:
        """How much longer than on this machine it takes until every seat has heard something."""
