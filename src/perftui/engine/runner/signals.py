"""Signals to the runner: the first stops, the second aborts, the third ends at once."""

from __future__ import annotations

import signal
from collections.abc import Callable

import anyio

from perftui.engine.clients.leaving import leave

_STOPPING = (signal.SIGINT, signal.SIGTERM)


async def watch(
    stop: Callable[[str], None],
    abort: Callable[[str], None],
    hang_up: Callable[[], None],
    end_workers: Callable[[], None],
) -> None:
    """Act on signals until cancelled. A hang-up that the parent told us to ignore stays ignored.

    Args:
        stop: called with the signal's name, the first time: no new requests, drain, save.
        abort: the second time: cancel now, save.
        hang_up: the terminal is gone.
        end_workers: the third time, just before the process ends without saving anything more.
    """
    received = 0
    wanted = list(_STOPPING)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    with anyio.open_signal_receiver(*wanted) as signals:
        async for number in signals:
            if number == signal.SIGHUP:
                hang_up()
                continue
            received += 1
            name = signal.Signals(number).name.removeprefix("SIG")
            if received == 1:
                stop(name)
            elif received == 2:
                abort(name)
            else:
                end_workers()
                leave(128 + number)
