"""Functions that tests call, as a user would write them."""

from __future__ import annotations

import asyncio
import time
from typing import Any


def open_shop() -> dict[str, Any]:
    return {"orders": [], "threads": set()}


def close_shop(state: dict[str, Any]) -> None:
    state["closed"] = True


async def place_order(ctx: Any) -> dict[str, Any]:
    async with ctx.step("pay"):
        await asyncio.sleep(0.001)
    return {"id": ctx.seq, "word": ctx.values.get("word", ""), "number": ctx.values.get("number", 0)}


def count_stock(ctx: Any) -> dict[str, Any]:
    with ctx.timed("count"):
        time.sleep(0.001)
    return {"id": ctx.seq, "user": ctx.user, "state": ctx.state is not None}


def wait(_ctx: Any) -> None:
    time.sleep(2)


async def wait_async(_ctx: Any) -> None:
    await asyncio.sleep(2)


def sold_out(ctx: Any) -> None:
    raise ctx.fail("out of stock")


def breaks(_ctx: Any) -> None:
    raise LookupError("no \x1b[2J such order")


def leaves(_ctx: Any) -> None:
    raise SystemExit(3)
