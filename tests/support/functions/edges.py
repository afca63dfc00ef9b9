"""Functions that are called once, before the first call or after the last one, and do there what they should not."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

_STAYS_S = 60


async def call(_ctx: Any) -> None:
    """Nothing is wrong with this one."""
    await asyncio.sleep(0.01)


async def leaves(_ctx: Any) -> NoReturn:
    """A call that ends the process."""
    os._exit(0)


def begins_by_exit() -> NoReturn:
    """No Exception."""
    sys.exit(0)


async def begins_by_exit_async() -> NoReturn:
    """The same on the loop."""
    sys.exit(0)


def begins_by_leaving() -> NoReturn:
    """Without any clean-up."""
    os._exit(0)


def ends_by_error(_state: object) -> NoReturn:
    """The simplest."""
    raise ValueError("the table is not there")


async def ends_by_exit(_state: object) -> NoReturn:
    """No Exception, on the loop."""
    sys.exit(0)


def ends_by_leaving(_state: object) -> NoReturn:
    """Without any clean-up."""
    os._exit(0)


async def hardly_ends(_state: object) -> None:
    """Not even when it is cancelled once."""
    for _ in range(2):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(_STAYS_S)


def hardly_returns(_state: object) -> None:
    """The same in a thread, which cannot be cancelled."""
    time.sleep(1)


async def takes_its_time(_state: object) -> None:
    """Longer than one waits without a word."""
    await asyncio.sleep(1.5)
