"""The machines of a cluster together: found, compared with this one, given seats, heard, and left."""

from __future__ import annotations

import secrets
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup
from msgspec.structs import replace

from perftui.engine.fleet.dask_link import connected, machines_of
from perftui.engine.fleet.dask_settings import need_dask
from perftui.engine.fleet.node import Node
from perftui.engine.fleet.node_facts import facts
from perftui.engine.fleet.reached import Reached
from perftui.engine.fleet.remote import RemoteNode, RemoteSeat
from perftui.model.errors import PerftuiError, UnreachableError, UsageError
from perftui.model.interval import MachineSample
from perftui.model.text import safe_text
from perftui.presets.cluster import parse_cluster
from perftui.store.safe_reading import safe_struct

if TYPE_CHECKING:
    from distributed import Client

_ANSWER_S = 15.0
_CLOSE_S = 5.0


class Cluster:
    """Seats on other machines, dealt out in turn. An asynchronous context manager."""

    def __init__(self, where: str, *, insecure: bool = False) -> None:
        """Prepare; nothing is connected yet.

        Args:
            where: `local:2`, `tcp://host:8786`, …
            insecure: also over a network without TLS.

        Raises:
            UsageError: packages are missing, or that is no cluster.
        """
        need_dask()
        try:
            self._place = parse_cluster(where)
        except ValueError as error:
            raise UsageError(f"--cluster {where}: {error}") from error
        self._insecure = insecure
        self._stack = AsyncExitStack()
        self._client: Client | None = None
        self.topic = f"perftui-{secrets.token_hex(8)}"
        """Of what the machines say; nobody else knows it."""
        self.seats: dict[int, RemoteSeat] = {}
        """By number."""
        self.nodes: list[RemoteNode] = []
        self._reached = Reached()

    @property
    def is_private(self) -> bool:
        """Whether what is sent stays on this machine, or is encrypted."""
        return not self._insecure or self._place.kind != "scheduler" or self._place.address.startswith("tls://")

    async def open(self, tasks: TaskGroup) -> None:
        """Connect, and keep up with every machine.

        Args:
            tasks: for what has to go on as long as the cluster is used.

        Raises:
            PerftuiError: a machine cannot be used, in words.
        """
        await self.connect()
        self.check_versions()
        for node in self.nodes:
            tasks.start_soon(node.keep_posted)
            tasks.start_soon(node.keep_beating)

    async def connect(self) -> None:
        """Get to know every machine.

        Raises:
            PerftuiError: one cannot be used, in words.
        """
        self._client = client = await self._stack.enter_async_context(connected(self._place, insecure=self._insecure))
        client.subscribe_topic(self.topic, self._on_event)
        addresses = await machines_of(client)
        hired: dict[str, RemoteNode] = {}

        async def hire(address: str) -> None:
            hired[address] = await self._hire(client, address)

        async with anyio.create_task_group() as hiring:
            for address in addresses:
                hiring.start_soon(hire, address)
        self.nodes = [hired[address] for address in addresses]
        for node, name in zip(self.nodes, _names([node.facts.host for node in self.nodes]), strict=True):
            node.name = name

    async def _hire(self, client: Client, address: str) -> RemoteNode:
        try:
            with anyio.fail_after(_ANSWER_S):
                actor = await client.submit(Node, actor=True, workers=[address], allow_other_workers=False, pure=False)
                said = await actor.open(self.topic)
        except TimeoutError as error:
            raise UnreachableError(f"{address}: does not answer within {_ANSWER_S:.0f} s") from error
        except Exception as error:
            what = "is not installed there" if isinstance(error, ImportError) else f"cannot start there: {error}"
            raise UsageError(f"{address}: perftui {what}; pip install 'perftui[cluster]'") from error
        said = replace(safe_struct(said), host=safe_text(said.host, 64))
        return RemoteNode(address, actor, said, self._link_problem)

    def _link_problem(self) -> str:
        return "" if self._client is not None and self._client.status == "running" else "the scheduler is gone"

    def check_versions(self) -> None:
        """See that both ends speak the same language.

        Raises:
            UsageError: a machine has another version.
        """
        ours = facts().perftui
        if problems := [
            f"machine {node.name} has perftui {node.facts.perftui}, this one {ours}; install the same"
            for node in self.nodes
            if node.facts.perftui != ours
        ]:
            raise UsageError(*problems)

    async def compare_clocks(self) -> None:
        """Find out how far every machine's clock is off. Moments are translated with this from now on."""
        async with anyio.create_task_group() as tasks:
            for node in self.nodes:
                tasks.start_soon(self._compare, node)

    async def _compare(self, node: RemoteNode) -> None:
        try:
            with anyio.fail_after(_ANSWER_S):
                await node.compare_clocks()
        except Exception as error:  # noqa: BLE001 - whatever Dask or its far end raises
            # without an offset it would send at any time but the right one
            node.lose(f"its clock could not be compared ({type(error).__name__})")
        node.begin_clock = node.clock

    async def take(self, number: int, tasks: TaskGroup) -> RemoteSeat:  # noqa: ARG002 - of the interface
        """As Seats."""
        node = self.nodes[number % len(self.nodes)]
        seat = RemoteSeat(number, node)
        node.seats.append(seat)
        self.seats[number] = seat
        try:
            with anyio.fail_after(_ANSWER_S):
                await node.call("start", number)
        except Exception as error:
            raise PerftuiError(f"machine {node.name}: worker {number} cannot be started: {error}") from error
        return seat

    async def before_begin(self) -> None:
        """As Seats: clocks are compared once more, as late as can be."""
        await self.compare_clocks()

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
        """Leave every machine as it was found."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(_CLOSE_S):
                async with anyio.create_task_group() as tasks:
                    for node in self.nodes:
                        if not node.problem:
                            tasks.start_soon(self._leave, node)
            await self._stack.aclose()

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
