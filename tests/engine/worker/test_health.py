"""What a worker says of itself: held up, stopped by the garbage collector, busy."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from perftui.engine.worker.health import HealthSampler
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
    return sampler.take(in_flight=5, queued=2, at_cap_s=0.25, start_delay_p99_ms=1.5)


def test_garbage_collection_is_rare_looks_at_nothing_old_and_is_told(sampler: HealthSampler) -> None:
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == 50_000
    taken(sampler)
    gc.collect()
    assert 0 < taken(sampler).gc_pause_max_ms < 1000
    assert taken(sampler).gc_pause_max_ms == 0


def test_lag_is_that_since_the_last_take(sampler: HealthSampler) -> None:
    for lag_ms in [1] * 98 + [30, 150]:
        sampler.add_lag(lag_ms * 1_000_000)
    health = taken(sampler)
    assert (health.loop_lag_p99_ms, health.loop_lag_max_ms, health.loop_lag_over_100ms) == (30, 150, 1)
    assert (health.worker, health.in_flight, health.queued, health.at_cap_s) == (3, 5, 2, 0.25)
    assert health.memory_bytes > 1_000_000
    sampler.add_lag(-5)
    health = taken(sampler)
    assert (health.loop_lag_p99_ms, health.loop_lag_max_ms, health.loop_lag_over_100ms) == (0, 0, 0)
