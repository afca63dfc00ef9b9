"""Rules on made-up seconds: what does not count as a cause."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from perftui.analysis.causes import outages, reconnects, saturation, stalls
from perftui.analysis.course import Course
from perftui.analysis.modes import modes_of
from perftui.metrics.sparse import Sparse
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Cell, Connections, Counts, Event, Interval, WorkerHealth
from support.simulated_runs import Model, plan_of, simulated_run


def _course(*changes: tuple[int, dict[str, Any]], seconds: int = 20, event: Event | None = None) -> Course:
    """A quiet run in which some seconds are changed."""
    model = Model(seconds=seconds, spread=0.05, second_spread=0.01, round_spread=0)
    intervals = list(simulated_run(model, "a").intervals)
    for at, fields in changes:
        intervals[at] = replace(intervals[at], **fields)
    timeline = Timeline(plan_of(model))
    for interval in intervals:
        timeline.add(interval)
    if event is not None:
        timeline.add(event)
    return Course(timeline)


def _slow(median_ms: float) -> dict[str, Any]:
    slow: Interval = simulated_run(Model(seconds=1, median_ms=median_ms), "slow").intervals[0]
    return {"cells": slow.cells}


def _failing() -> dict[str, Any]:
    counts = Counts(scheduled=200, started=200, errors=200)
    return {"cells": {"measure": {"list": Cell(counts=counts, error_classes={"connect.refused": 200})}}}


def test_an_outage_at_the_end_did_not_recover() -> None:
    [finding] = outages(_course((18, _failing()), (19, _failing())))
    assert finding.detail.startswith("00:18–00:20 the target was down: 400 requests lost (connect.refused 400); it did")


def test_of_several_outages_the_worst_is_told() -> None:
    [finding] = outages(_course((3, _failing()), (10, _failing()), (11, _failing())))
    assert finding.detail.startswith("00:10–00:12 the target was down: 400 requests lost")
    assert "normal again at once (and 1 more such stretches)" in finding.detail


def test_a_run_that_only_fails_has_no_outage() -> None:
    assert list(outages(_course(*((at, _failing()) for at in range(20))))) == []


@pytest.mark.parametrize(
    ("at", "code", "words"),
    [
        ((12,), "stall", "00:12 answers took up to "),
        ((4, 9, 14, 19), "periodic_stalls", "00:04 and every 5 s from then on"),
        ((2, 4, 15), "stall", "00:02, and 2 times more, answers took"),
    ],
)
def test_stalls(at: tuple[int, ...], code: str, words: str) -> None:
    [finding] = stalls(_course(*((second, _slow(400)) for second in at)))
    assert (finding.code, finding.detail[: len(words)]) == (code, words)


def test_what_the_generator_was_held_up_for_is_no_stall_of_the_target() -> None:
    held_up = {"workers": (WorkerHealth(worker=0, loop_lag_max_ms=2_000),)}
    assert list(stalls(_course((12, _slow(400) | held_up)))) == []
    steered = Event(at_s=5, kind="level", level=100)
    assert list(stalls(_course((12, _slow(400)), event=steered))) == []


def _half_sent(at: int, *, unsent_class: str) -> tuple[int, dict[str, Any]]:
    """A second in which twice as much was due as in the others; half of it was not sent, the rest came late."""
    late = _slow(400)["cells"]["measure"]["list"]
    counts = replace(late.counts, scheduled=400, dropped=200)
    cell = replace(late, counts=counts, error_classes={unsent_class: 200})
    return at, {"cells": {"measure": {"list": cell}}, "asked": 400.0}


def test_what_the_generator_did_not_send_saturates_nothing() -> None:
    usual = {"level": 100.0, "asked": 200.0}
    light = [(at, usual) for at in range(10)]
    course = _course(*light, *(_half_sent(at, unsent_class="dropped.late") for at in range(10, 20)))
    assert [finding.code for finding in saturation(course)] == ["saturation"]
    course = _course(*light, *(_half_sent(at, unsent_class="dropped.generator") for at in range(10, 20)))
    assert list(saturation(course)) == []


def test_what_the_generator_did_not_send_is_no_outage() -> None:
    def none_sent(unsent_class: str) -> dict[str, Any]:
        cell = Cell(counts=Counts(scheduled=200, dropped=200), error_classes={unsent_class: 200})
        return {"cells": {"measure": {"list": cell}}}

    assert [finding.code for finding in outages(_course((9, none_sent("dropped.late"))))] == ["outage"]
    assert list(outages(_course((9, none_sent("dropped.generator"))))) == []


def test_connections_that_more_load_needs_are_no_reconnects() -> None:
    more = [(at, {"connections": Connections(opened=40, reused=60, open_now=40 * at)}) for at in range(20)]
    assert list(reconnects(_course(*more))) == []
    closed = [(at, {"connections": Connections(opened=40, reused=60, open_now=1)}) for at in range(20)]
    [finding] = reconnects(_course(*closed))
    assert finding.detail.startswith("720 connections were made for 1,800 requests")


@pytest.mark.parametrize(("share", "apart", "found"), [(0.3, 8, True), (0.3, 1.3, False), (0.02, 8, False)])
def test_modes(share: float, apart: float, *, found: bool) -> None:
    random = np.random.default_rng(2)
    high = random.random(3000) < share
    times = np.exp(random.normal(0, 0.15, 3000)) * np.where(high, 10_000 * apart, 10_000)
    modes = modes_of(Sparse.counted(times.astype(np.int64)))
    assert (modes is not None) == found
    if modes is not None:
        assert modes.high_ms / modes.low_ms == pytest.approx(apart, rel=0.25)
        assert modes.high_share == pytest.approx(share, abs=0.05)


def test_a_long_tail_is_no_second_mode() -> None:
    times = np.random.default_rng(3).lognormal(9, 0.9, 5000).astype(np.int64)
    assert modes_of(Sparse.counted(times)) is None
