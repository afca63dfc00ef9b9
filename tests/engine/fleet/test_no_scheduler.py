"""Something listens where the scheduler should be, and is none: said in words, in bounded time, and nothing is left."""

from __future__ import annotations

import gc
import time

import anyio
import pytest

from perftui.engine.fleet.link import Link
from perftui.model.errors import UnreachableError
from support.fault_server import Connection, fault_server

pytestmark = pytest.mark.xdist_group("dask")
GREETING = (500).to_bytes(8, "little")


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (b"", "said nothing for 1 s: it is no Dask scheduler, one that hangs, or one that speaks tls://"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no Dask scheduler; it begins with HTTP/1.1"),
        (b"\0" * 64, r"is no Dask scheduler; it begins with \x00\x00"),
        (b"\1\0\0\0\0\0\0\0" + b"\xff" * 64, "is no Dask scheduler"),
        (GREETING + b"\xff" * 500, "it does not speak to us; is it a Dask scheduler of this version?"),
        (GREETING, "it does not speak to us; is it a Dask scheduler of this version?"),
        (None, "hung up at once; is it a Dask scheduler?"),
    ],
    ids=["silent", "http", "zeros", "rubbish", "rubbish of the right length", "silent in the middle", "hangs up"],
)
def test_what_is_no_scheduler_is_said(says: bytes | None, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.engine.fleet.dask_link._CONNECT_S", 1.0)

    def answer(connection: Connection) -> None:
        if says is not None:
            connection.send(says)
            connection.hold()

    async def opened(url: str) -> None:
        link = Link(url.replace("http://", "tcp://"))
        try:
            await link.open()
        finally:
            await link.close()

    with fault_server(answer) as server:
        started = time.monotonic()
        with pytest.raises(UnreachableError) as error:
            anyio.run(opened, server.url)
    assert told in str(error.value)
    assert time.monotonic() - started < 10
    gc.collect()  # a client or a connection that was forgotten complains
