"""The machines of a cluster together: found, compared with this one, given seats, heard, and left."""

from __future__ import annotations

import secrets
from collections import Counter
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup
from msgspec.structs import replace

from perftui.engine.clients.client import Addresses
from perftui.engine.fleet.asking import AnswerError, answer_of, raise_together
from perftui.engine.fleet.dask_link import machines_of
from perftui.engine.fleet.link import Link
from perftui.engine.fleet.node import Node
from perftui.engine.fleet.node_facts import NodeFacts, facts
from perftui.engine.fleet.reached import Reached
from perftui.engine.fleet.remote import ANSWER_S, RemoteNode, RemoteSeat
from perftui.model.errors import PerftuiError, UnreachableError, UsageError
from perftui.model.interval import MachineSample
from perftui.model.plan import Target
from perftui.model.text import safe_text
from perftui.store.safe_reading import safe_struct

if TYPE_CHECKING:
    from distributed import Client

_CLOSE_S = 5.0


class Cluster:
    """Seats on other machines, dealt out in turn, for one run."""

    def __init__(self, link: Link) -> None:
        """Prepare; nothing is connected yet.

        Args:
            link: the way there. Whoever made it closes it, after this.
        """
        self._link = link
        self._client: Client | None = None
        self.topic = f"perftui-{secrets.token_hex(8)}"
        """Of what the machines say; nobody else knows it."""
        self.seats: dict[int, RemoteSeat] = {}
        """By number."""
        self.nodes: list[RemoteNode] = []
        self.problems: dict[str, PerftuiError] = {}
        """Why a machine cannot be used, by its address."""
        self._reached = Reached()

    @property
    def is_private(self) -> bool:
        """Whether what is sent stays on this machine, or is encrypted."""
        return self._link.is_private

    async def open(self, tasks: TaskGroup) -> None:
        """Connect, and keep up with every machine.

        Args:
            tasks: for what has to go on as long as the cluster is used.

        Raises:
            PerftuiError: a machine cannot be used, in words.
        """
        await self.connect()
        raise_together(list(self.problems.values()))
        for node in self.nodes:
            tasks.start_soon(node.keep_posted)
            tasks.start_soon(node.keep_beating)

    async def connect(self) -> None:
        """Get to know every machine.

        Raises:
            PerftuiError: none can be reached, in words.
        """
        client, addresses = await self._link.open()
        client.subscribe_topic(self.topic, self._on_event)
        self._client = client
        hired: dict[str, RemoteNode] = {}

        async def hire(address: str) -> None:
            try:
                hired[address] = await self._hire(client, address)
            except PerftuiError as error:
                self.problems[address] = error

        async with anyio.create_task_group() as hiring:
            for address in addresses:
                hiring.start_soon(hire, address)
        self.nodes = [hired[address] for address in addresses if address in hired]
        for node, name in zip(self.nodes, _names([node.facts.host for node in self.nodes]), strict=True):
            node.name = name

    async def _hire(self, client: Client, address: str) -> RemoteNode:
        def loss_of_scheduler() -> str:
            return "" if client.status == "running" else "the scheduler is gone"

        async def loss_of_worker() -> str:
            # what is to be done by a worker that is gone is pending for ever
            if gone := loss_of_scheduler():
                return gone
            try:
                return "" if address in await machines_of(client) else "its Dask worker is gone"
            except OSError:  # it is known in a moment
                return ""

        shown = safe_text(address)
        try:
            # a function of Python's own: a Dask worker that is sent one it has not ends
            theirs = client.submit(version, "perftui", workers=[address], allow_other_workers=False, pure=False)
            _check_version(await answer_of(theirs, loss_of_worker, ANSWER_S))
            future = client.submit(Node, actor=True, workers=[address], allow_other_workers=False, pure=False)

            async def open_node() -> tuple[object, NodeFacts]:
                actor = await future
                return actor, await actor.open(self.topic)

            actor, said = await answer_of(open_node(), loss_of_worker, ANSWER_S)
        except AnswerError as error:
            if isinstance(error.__cause__, PackageNotFoundError):
                raise UsageError(f"{shown}: perftui is not installed there; pip install 'perftui[cluster]'") from error
            raise UsageError(f"{shown}: perftui cannot start there: {error}") from error
        except UnreachableError as error:
            hint = "" if await loss_of_worker() else "; the scheduler must reach it there: is a firewall in between?"
            raise UnreachableError(f"{shown}: {error}{hint}") from error
        except UsageError as error:
            raise UsageError(f"{shown}: {error}") from error

        def loss() -> str:
            return loss_of_scheduler() or ("" if future.status == "finished" else "its Dask worker is gone")

        return RemoteNode(address, actor, replace(safe_struct(said), host=safe_text(said.host, 64)), loss)

    async def compare_clocks(self) -> None:
        """Find out how far every machine's clock is off. Moments are translated with this from now on."""
        async with anyio.create_task_group() as tasks:
            for node in self.nodes:
                tasks.start_soon(self._compare, node)

    async def _compare(self, node: RemoteNode) -> None:
        try:
            await answer_of(node.compare_clocks(), node.loss, ANSWER_S)
        except PerftuiError as error:
            # without an offset it would send at any time but the right one
            node.lose(f"its clock could not be compared: {error}")
        node.begin_clock = node.clock

    async def take(self, number: int, tasks: TaskGroup) -> RemoteSeat:  # noqa: ARG002 - of the interface
        """As Seats."""
        node = self.nodes[number % len(self.nodes)]
        seat = RemoteSeat(number, node)
        node.seats.append(seat)
        self.seats[number] = seat
        try:
            await node.ask("start", number)
        except PerftuiError as error:
            await seat.close()
            raise type(error)(f"machine {node.name}: worker {number} cannot be started: {error}") from error
        return seat

    async def before_begin(self) -> None:
        """As Seats: clocks are compared once more, as late as can be."""
        await self.compare_clocks()
        self.check_there()

    def check_there(self) -> None:
        """As Seats."""
        lost = [f"machine {node.name}: {node.problem}" for node in self.nodes if node.problem]
        if lost:
            raise UnreachableError(*lost)

    async def look_up(self, name: str, target: Target, known: Addresses) -> Addresses | None:  # noqa: ARG002 - each knows
        """As Seats: every machine asks its own name servers. One that finds nothing goes on as before."""
        asked = [node for node in self.nodes if not node.problem]
        before = [node.found.get(name) for node in asked]
        problems: list[UnreachableError] = []

        async def ask(node: RemoteNode) -> None:
            try:
                await node.look_up(name, target)
            except UnreachableError as error:
                problems.append(UnreachableError(f"machine {node.name}: {error}"))

        async with anyio.create_task_group() as tasks:
            for node in asked:
                tasks.start_soon(ask, node)
        if len(problems) == len(asked):
            raise_together(problems)
        if [node.found.get(name) for node in asked] == before:
            return None
        return tuple(dict.fromkeys(address for node in asked for address in node.found.get(name, ())))

    @property
    def lead_ns(self) -> int:
        """As Seats."""
        return 2 * max((node.round_trip_ns for node in self.nodes if not node.problem), default=0)

    def machines(self) -> tuple[MachineSample, ...]:
        """As Seats."""
        return tuple(node.as_sample for node in self.nodes)

    def take_notes(self) -> list[str]:
        """As Seats."""
        for node in self.nodes:
            for heard in node.heard:
                self._reached.add(node.name, heard)
            node.heard.clear()
        return self._reached.take([node.name for node in self.nodes if not node.problem])

    async def close(self) -> None:
        """Leave every machine as it was found; the way there stays open."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(_CLOSE_S):
                async with anyio.create_task_group() as tasks:
                    for node in self.nodes:
                        if not node.problem:
                            tasks.start_soon(self._leave, node)
        if self._client is not None:
            self._client.unsubscribe_topic(self.topic)

    async def _leave(self, node: RemoteNode) -> None:
        with suppress(Exception):  # what is left there ends by itself, as nobody speaks to it
            await node.call("close")

    def _on_event(self, event: tuple[float, dict[str, Any]]) -> None:
        message = event[1]
        seat = self.seats.get(message["seat"])
        if seat is not None:
            seat.take(message)


def _names(hosts: list[str]) -> list[str]:
    """A name for each: the host's, with a number where several are on it."""
    several = Counter(hosts)
    seen: Counter[str] = Counter()
    names = []
    for host in hosts:
        seen[host] += 1
        names.append(f"{host}/{seen[host]}" if several[host] > 1 else host)
    return names


def _check_version(theirs: str) -> None:
    """See that both ends speak the same language.

    Raises:
        UsageError: they do not.
    """
    ours = facts().perftui
    if theirs != ours:
        raise UsageError(f"perftui {safe_text(str(theirs))} is installed there, {ours} here; install the same")
