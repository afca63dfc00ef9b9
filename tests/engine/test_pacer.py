"""Both pacers wake at the armed moment or after it, and never once disarmed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from time import perf_counter_ns

import pytest

from perftui.engine.pacer import LoopPacer, Pacer, TimerfdPacer, open_pacer
from perftui.engine.worker_cut import Cut
from perftui.metrics.recorder import FOLD_AT, CellRecorder, start_delay_p99_ms

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


def test_recorder_adds_up() -> None:
    recorder = CellRecorder("get", "measure", rate_mode=True)
    for number in range(FOLD_AT + 10):
        recorder.scheduled += 1
        recorder.started += 1
        recorder.delays.append(1_500)
        recorder.plain.append(2_700_000 + number)
        recorder.plain_delays.append(1_500)
    recorder.fold_long()
    assert not recorder.plain
    recorder.record_timeout(5_000_000_000, 1_999, "timeout")
    recorder.record_error("http.500", 1_000_000)
    recorder.record_error("client.ports", 0)
    recorder.record_drop("dropped.late")
    cut = recorder.cut()
    assert cut is not None
    p99_ms = start_delay_p99_ms([cut])
    cell = cut.packed()
    assert cell.counts.ok == FOLD_AT + 10
    assert (cell.counts.errors, cell.counts.timeouts, cell.counts.client_errors, cell.counts.dropped) == (1, 1, 1, 1)
    assert cell.response_time is not None
    assert cell.start_delay is not None
    assert cell.response_time.sum_us == cell.service_time.sum_us + (FOLD_AT + 11)
    assert cell.times["first_byte"].count == cell.times["transfer"].count == FOLD_AT + 10
    assert cell.times["queue"].count == FOLD_AT + 10
    assert cell.error_classes == {"timeout": 1, "http.500": 1, "client.ports": 1, "dropped.late": 1}
    assert p99_ms == 0.001
    assert cell.start_delay.count == FOLD_AT + 10
    assert recorder.cut() is None


def test_a_large_cut_is_packed_bit_by_bit_and_loses_nothing() -> None:
    recorders = [CellRecorder(f"operation {number}", "measure", rate_mode=True) for number in range(100)]
    for recorder in recorders:
        recorder.scheduled = recorder.started = 1
        recorder.delays.append(1_000)
        recorder.plain.append(2_000_000)
        recorder.plain_delays.append(1_000)
    cut = Cut([held for recorder in recorders if (held := recorder.cut()) is not None])
    recorders[0].scheduled += 1  # of the next second
    parts = 1
    while not cut.pack(0):
        assert len(cut.cells["measure"]) == parts
        parts += 1
    assert (parts, cut.started, cut.start_delay_p99_ms) == (100, 100, 0.001)
    cells = cut.cells["measure"]
    assert sorted(cells) == sorted(recorder.operation for recorder in recorders)
    for cell in cells.values():
        assert (cell.counts.scheduled, cell.counts.ok) == (1, 1)
        assert cell.response_time is not None
        assert cell.response_time.sum_us == 2_001
    assert Cut([]).pack(0)
