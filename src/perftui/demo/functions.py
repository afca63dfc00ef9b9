"""Functions for the preset `function`, as one writes them beside a preset of one's own.

Each is called with a context: `values` (the preset's params, made anew), `state` (what `setup` returned), `user`,
`seq`, `random`; `step` and `timed` time a part of a call, and `raise ctx.fail("...")` is a failed check.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

ITEMS = 1_000


def open_shop() -> dict[int, dict[str, Any]]:
    """What every call may use; made once in each worker."""
    return {number: {"id": number, "name": f"item {number}", "price": number / 4} for number in range(1, ITEMS + 1)}


async def look_up(ctx: Any) -> dict[str, Any]:  # noqa: ANN401 - a user's file has nothing to import
    """Waits as for a server, then finds an item."""
    async with ctx.step("wait"):
        await asyncio.sleep(ctx.random.uniform(0.001, 0.005))
    item: dict[str, Any] | None = ctx.state.get(ctx.values["item"])
    if item is None:
        raise ctx.fail(f"there is no item {ctx.values['item']}")
    return item


def pack(ctx: Any) -> dict[str, int]:  # noqa: ANN401 - as above
    """Computes: some items as packed JSON."""
    chosen = ctx.random.sample(sorted(ctx.state), ctx.values["items"])
    with ctx.timed("pack"):
        data = zlib.compress(json.dumps([ctx.state[number] for number in chosen]).encode())
    return {"bytes": len(data)}
