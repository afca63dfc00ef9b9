"""What a worker counted: added up, handed over at once, packed bit by bit."""

from __future__ import annotations

import pytest

from perftui.engine.worker.cut import Cut
from perftui.metrics.recorder import FOLD_AT, CellRecorder, start_delay_p99_ms

pytestmark = pytest.mark.quick


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
