"""Both pacers wake at the armed moment or after it, and never once disarmed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from time import perf_counter_ns

import pytest

from perftui.engine.load.pacer import LoopPacer, Pacer, TimerfdPacer, open_pacer

MAKERS: list[Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Pacer]] = [LoopPacer, open_pacer]
if sys.platform == "linux":
    MAKERS.append(TimerfdPacer)


@pytest.mark.parametrize("make", MAKERS)
def test_waking(make: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Pacer]) -> None:
    async def run() -> tuple[int, int, int]:
        loop = asyncio.get_running_loop()
        woken: list[int] = []

        def wake() -> None:
            woken.append(perf_counter_ns())
            pacer.disarm()

        pacer = make(loop, wake)
        began = perf_counter_ns()
        pacer.arm(began + 3_600_000_000_000)
        pacer.arm(began + 20_000_000)
        await asyncio.sleep(0.1)
        late_ns = woken[0] - began - 20_000_000
        pacer.arm(began)  # a moment that has passed
        await asyncio.sleep(0.05)
        times = len(woken)
        pacer.arm(perf_counter_ns() + 10_000_000)
        pacer.disarm()
        pacer.arm(perf_counter_ns() + 10_000_000)
        pacer.close()
        await asyncio.sleep(0.05)
        return late_ns, times, len(woken)

    late_ns, times, in_the_end = asyncio.run(run())
    assert -1_000_000 < late_ns < 500_000_000
    assert times == in_the_end == 2
