"""The demo service in this process: socket, uvicorn, end."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import sys
import threading

import uvicorn

from perftui.demo.app import Shop
from perftui.demo.database import Database

_BACKLOG = 4096
_READ_SIZE = 4096


def serve(port: int, *, until_eof: bool = False, database: str = "") -> int:
    """Serve on loopback until SIGINT or SIGTERM; the first line on stdout is the URL.

    Args:
        port: port on 127.0.0.1; 0 takes a free one.
        until_eof: also stop when standard input ends, that is when the process that started this one is gone.
        database: SQLite file to make for the data; empty: a temporary one.

    Returns:
        The exit code: 0, or 2 when the port or the file cannot be used.
    """
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits for an acknowledgement
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        sys.stderr.write(f"port {port} on 127.0.0.1 cannot be used: {getattr(error, 'strerror', None) or error}\n")
        return 2
    try:
        data = Database(database)
    except sqlite3.Error as error:
        listener.close()
        sys.stderr.write(f"{database} cannot be made: {error}\n")
        return 2
    listener.listen(_BACKLOG)
    # clients may connect from here on: the system queues them until the first accept
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server = uvicorn.Server(
        uvicorn.Config(
            Shop(data).counted,
            # not uvloop: it accepts one connection per turn of its loop, so that most of a thousand users starve
            loop="asyncio",
            ws="websockets-sansio",  # uvicorn's other one is built on what that library has given up
            access_log=False,
            log_level="error",
            lifespan="off",
            backlog=_BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )
    if until_eof:
        threading.Thread(target=_stop_at_eof, args=(server,), daemon=True).start()
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listener]))
    except KeyboardInterrupt:
        # uvicorn raises the signal that stopped it once more, after its orderly end
        return 0
    finally:
        data.close()
        listener.close()
    return 0


def _stop_at_eof(server: uvicorn.Server) -> None:
    while os.read(0, _READ_SIZE):
        pass
    server.should_exit = True
