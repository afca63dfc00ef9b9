"""A MySQL server whose every word is nearly right, given to a real connection: each question ends once, in a class."""

from __future__ import annotations

import asyncio
import warnings
from functools import cache

from msgspec.structs import replace

from contract.wrong_mysql import GOOD, HEAD, OK, failed, greeting, packet
from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Client
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.registry import driver_for
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.error_classes import error_class
from perftui.model.plan import PHASES, Check, Load, Operation, Plan, Stage, Target
from perftui.model.text import safe_text
from perftui.presets.values import ValueStream

_LONGEST_S = 60
"""Nothing takes so long; on a busy machine a process may have to wait."""
_TURNS = 20
"""Of the loop that both sides share: who then has said nothing waits for the other."""
_LOGGED_IN = packet(2, OK)
_SHA2 = b"caching_sha2_password\0"
_KEY = b"""-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKrbeqkuRk8VcRmWFmtP+LviMB3+6diz
WyojjPnKqJ8m2MhMnDhIEfKqMGmVu4+S8r3V5PXBqMCZjPR27ApuUE8CAwEAAQ==
-----END PUBLIC KEY-----
"""
CONVERSATIONS = [
    *[greeting() + _LOGGED_IN + GOOD] * 3,
    greeting() + _LOGGED_IN + packet(1, OK),
    greeting() + _LOGGED_IN + failed(1064, b"42000", b"no such thing"),
    greeting() + _LOGGED_IN + HEAD + failed(1317, b"70100", b"over", number=4),
    greeting() + packet(2, b"\xfe" + b"mysql_native_password\0" + b"saltsaltsaltsaltsalt\0") + packet(4, OK) + GOOD,
    greeting(_SHA2) + packet(2, b"\1\3") + packet(3, OK) + GOOD,
    greeting(_SHA2) + packet(2, b"\1\4") + packet(4, b"\1" + _KEY) + packet(6, OK) + GOOD,
    greeting() + failed(1045, b"28000", b"Access denied", number=2),
]
"""All that a server says, from its greeting on; the client's part is not looked at."""


class _Server(asyncio.Protocol):
    """Says all at once, and leaves when the other one has nothing to say any more: asyncmy asks nobody who has left."""

    data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._turns = 0
        transport.write(self.data)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """It goes on."""
        self._turns = 0

    def _wait(self) -> None:
        self._turns += 1
        if self._transport.is_closing():
            return
        if self._turns < _TURNS:
            self._loop.call_soon(self._wait)
        else:
            self._transport.write_eof()


class _Asked:
    """A client of the driver, and what became of its question."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        server = self.loop.run_until_complete(self.loop.create_server(_Server, "127.0.0.1", 0))
        plan = Plan(
            name="fuzz",
            target=Target(url="mysql://me:secret@127.0.0.1/a"),
            load=Load(stages=(Stage(duration_s=1, to=1),)),
            operations=(Operation(name="ask", driver="sql", request={"sql": "select a from b"}),),
        )
        checked = replace(plan.operations[0], checks=(Check(contains="a"), Check(json="$[0]", min_rows=1)))
        driver = driver_for(plan.target)
        preparer = driver.preparer(plan, ValueStream(), {}, CleanUpValues(frozenset()))
        self._cell = CellRecorder("ask", "measure", rate_mode=False)
        cells = dict.fromkeys(PHASES, self._cell)
        self._operations = [preparer.prepare(one, cells, in_journey=False) for one in (plan.operations[0], checked)]
        addresses = (("127.0.0.1", server.sockets[0].getsockname()[1]),)
        self._client = driver.connect(self.loop, plan, addresses, most=1, done=self._done, sample=self._sample)
        self._ended: list[str | None] = []
        self._end: asyncio.Future[None] = self.loop.create_future()

    def _done(self, _client: Client, lane: Lane | None, _user: VirtualUser | None, failure: str | None) -> None:
        self._ended.append(failure)
        if lane is not None:
            lane.close()
        if not self._end.done():
            self._end.set_result(None)

    def _sample(self, _operation: object, name: str, detail: str, *_: object) -> None:
        assert error_class(name)
        assert detail == safe_text(detail, 10_000)

    async def ask(self) -> None:
        """One question on a new connection."""
        self._ended.clear()
        self._end = self.loop.create_future()
        self._client.submit(self._operations[len(_Server.data) % 2], self._cell, 0, None)
        async with asyncio.timeout(_LONGEST_S):
            await self._end
            await self._client.close()  # which waits for the session's end; the client goes on
        assert len(self._ended) == 1, self._ended
        assert self._ended[0] != "client.driver"
        assert self._cell.cut() is not None


@cache
def _asked() -> _Asked:
    return _Asked()


def use_conversation(data: bytes) -> None:
    """Have a server say it."""
    asked = _asked()
    _Server.data = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asked.loop.run_until_complete(asked.ask())
