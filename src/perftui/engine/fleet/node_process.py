"""A Dask worker that perftui starts itself, here or over SSH: `python -m perftui.engine.fleet.node_process`.

Its settings come as one line of JSON on stdin, so that certificates stand in no file and no command line. The end of
stdin means that the runner is gone, or does not need it any more.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from perftui.engine.fleet.dask_settings import Certificates, quiet_dask

if TYPE_CHECKING:
    from distributed import Worker


class NodeSettings(Struct, frozen=True, kw_only=True):
    """What such a worker is told."""

    port: int
    """Of the scheduler."""
    host: str = ""
    """Of the scheduler; empty: where the SSH connection came from."""
    certificates: Certificates
    name: str


async def _serve(settings: NodeSettings, folder: str) -> None:
    quiet_dask()
    from distributed import Worker

    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not os.read(0, 4096) and not over.done():
            over.set_result(None)

    loop.add_reader(0, end)
    scheduler = settings.host or _ssh_client()
    worker = Worker(
        f"tls://{'[' + scheduler + ']' if ':' in scheduler else scheduler}:{settings.port}",
        nthreads=1,
        name=settings.name,
        host="127.0.0.1" if settings.host else None,
        protocol="tls://",
        security=settings.certificates.security(),
        memory_limit=0,
        dashboard=False,
        dashboard_address="127.0.0.1:0",
        local_directory=folder,
    )
    serving = asyncio.ensure_future(_until_closed(worker))
    await asyncio.wait([serving, over], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()  # why it could not begin
    else:
        serving.cancel()  # also while it waits for a scheduler that is gone
    await worker.close()


async def _until_closed(worker: Worker) -> None:
    await worker
    await worker.finished()


def _ssh_client() -> str:
    """The runner's address, as this machine sees it."""
    words = os.environ.get("SSH_CONNECTION", "").split()
    if not words:
        sys.exit("perftui starts this itself, over SSH; try: perftui --help")
    return words[0]


def _first_line() -> bytes:
    """Without a buffer, in which the end of stdin would be missed."""
    line = b""
    while not line.endswith(b"\n") and (piece := os.read(0, 1)):
        line += piece
    return line


def main() -> None:
    """Serve until stdin ends or the scheduler is gone."""
    try:
        settings = msgspec.json.decode(_first_line(), type=NodeSettings)
    except msgspec.DecodeError:
        sys.exit("perftui starts this itself; try: perftui --help")
    with tempfile.TemporaryDirectory(prefix="perftui-node-") as folder:
        asyncio.run(_serve(settings, folder))


if __name__ == "__main__":
    main()
