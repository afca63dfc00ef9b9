"""A run that ends within a second has a last one that is shorter: rates are of the time that was."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from perftui.analysis.comparison import compare
from support.simulated_runs import Model, SimulatedRun, change_of, simulated_run


def test_a_last_second_that_was_cut_off_is_no_whole_one() -> None:
    model = replace(Model(), mode="users", seconds=4)
    before, after = (simulated_run(model, seed) for seed in ("a", "b"))
    # the same number of answers in less time: 3.1 s instead of 4
    summary = msgspec.structs.replace(after.record.summary, duration_s=3.1)
    total = summary.total
    faster = msgspec.structs.replace(total, throughput_per_s=total.throughput_per_s * 4 / 3.1)
    after = SimulatedRun(
        msgspec.structs.replace(after.record, summary=msgspec.structs.replace(summary, total=faster)), after.intervals
    )
    throughput = change_of(compare([before], [after]), "throughput")
    assert throughput.change == pytest.approx(4 / 3.1 - 1, abs=0.03)
    assert throughput.run / throughput.baseline - 1 == pytest.approx(throughput.change, abs=0.03)
