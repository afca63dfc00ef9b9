"""What a worker says of itself: held up, stopped by the garbage collector, busy."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest

from perftui.engine.worker.health import HealthSampler
from perftui.engine.worker.lag import Lags
from perftui.model.interval import WorkerHealth

pytestmark = pytest.mark.quick


@pytest.fixture
def sampler() -> Iterator[HealthSampler]:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    sampler = HealthSampler(3)
    sampler.settle()
    yield sampler
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def taken(sampler: HealthSampler) -> WorkerHealth:
    return sampler.take(
        Lags(p99_ms=30, max_ms=150, over_100ms=1), in_flight=5, queued=2, at_cap_s=0.25, start_delay_p99_ms=1.5
    )


def test_garbage_collection_is_rare_looks_at_nothing_old_and_is_told(sampler: HealthSampler) -> None:
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == 50_000
    taken(sampler)
    gc.collect()
    assert 0 < taken(sampler).gc_pause_max_ms < 1000
    assert taken(sampler).gc_pause_max_ms == 0


def test_what_the_lag_timer_noted_is_passed_on(sampler: HealthSampler) -> None:
    health = taken(sampler)
    assert (health.loop_lag_p99_ms, health.loop_lag_max_ms, health.loop_lag_over_100ms) == (30, 150, 1)
    assert (health.worker, health.in_flight, health.queued, health.at_cap_s) == (3, 5, 2, 0.25)
    assert health.memory_bytes > 1_000_000


def test_busy_is_the_time_that_it_ran_or_waited_for_a_core(sampler: HealthSampler) -> None:
    until = time.perf_counter() + 0.3
    while time.perf_counter() < until:
        pass
    assert taken(sampler).busy_percent > 90
    time.sleep(0.3)
    assert taken(sampler).busy_percent < 50
