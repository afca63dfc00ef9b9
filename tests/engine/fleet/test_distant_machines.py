"""Machines whose clock is another one, or whose link is slow: what is sent and counted is the same."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import anyio
import pytest

from perftui.engine.fleet.clocks import Reading, compare, same_clock
from support.cluster_runs import WatchedRun, cluster_plan
from support.dask_processes import Elsewhere, dask_processes, distant_worker
from support.nginx import nginx
from support.true_server import true_server

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.mark.parametrize("there_s", [0.0, 0.004, 0.01])
def test_a_clock_is_known_to_half_of_the_shortest_round_trip(there_s: float) -> None:
    """Also where one way takes longer than the other: the true offset is within the bound."""
    ahead_ns, slow = 5_000_000_000, iter([0.03, *[0.0] * 9])

    async def ask() -> tuple[int, int]:
        await asyncio.sleep(there_s + next(slow))
        told = time.perf_counter_ns() + ahead_ns, time.time_ns()
        await asyncio.sleep(0.002)
        return told

    reading = anyio.run(lambda: compare(ask, calls=10))

    assert abs(reading.offset_ns + ahead_ns) <= reading.bound_ns
    assert reading.bound_ns == -(-reading.round_trip_ns // 2)
    assert reading.slowest_ns >= reading.round_trip_ns + 20_000_000
    assert abs(reading.wall_offset_ns) <= reading.bound_ns


def test_two_processes_of_a_machine_read_one_clock_unless_they_contradict() -> None:
    near = Reading(offset_ns=-400, bound_ns=1000, round_trip_ns=2000)
    far = Reading(offset_ns=-5_000_000, bound_ns=1000, round_trip_ns=2000)

    assert same_clock(near) == Reading(round_trip_ns=2000)
    assert same_clock(far) == far


@pytest.mark.slow
def test_a_machine_far_away_with_another_clock_sends_on_time(empty_home: Path) -> None:
    """Its perf_counter is 5,000 s ahead, and everything takes 20 ms each way."""
    with nginx() as server, dask_processes(1) as running:
        with distant_worker(running, Elsewhere(link_delay_s=0.02, clock_ahead_s=5000)):
            run = WatchedRun(cluster_plan(server.url, running.address, rate=400, duration_s=2))

        assert server.requests() == run.record.whole_run.ok == run.record.whole_run.scheduled == 800
    assert [interval.duration_s for interval in run.intervals[:2]] == [1.0, 1.0]
    bounds = sorted(machine.clock_bound_ms for machine in run.record.cluster)
    assert bounds[0] == 0
    assert 20 <= bounds[1] < 100
    assert max(machine.round_trip_ms for machine in run.record.cluster) >= 40
    # sent when it was due on the runner's clock: within what the clock is known by
    assert run.record.summary.total.start_delay_ms.p50 < 20
    assert not run.events("note"), [event.detail for event in run.events("note")]


@pytest.mark.slow
def test_a_link_that_is_held_up_slows_no_seat_and_loses_nothing(empty_home: Path) -> None:
    with nginx() as server, dask_processes(1) as running, distant_worker(running, Elsewhere()) as link:

        def hold() -> None:
            link.hold()
            threading.Timer(4.5, link.release).start()

        run = WatchedRun(cluster_plan(server.url, running.address, duration_s=6), hold)

        assert server.requests() == run.record.whole_run.ok == run.record.whole_run.scheduled == 1200
    assert not run.events("worker_lost")
    assert len(run.events("worker_slow")) == len(run.events("worker_back")) == 1


@pytest.mark.slow
@pytest.mark.alone
def test_the_servers_own_median_lies_within_the_bounds_of_one_seat_and_of_four(empty_home: Path) -> None:
    bounds = []
    for cluster, workers in (("", 1), ("local:2", 4)):
        with true_server(20) as server:
            run = WatchedRun(cluster_plan(server.url, cluster, duration_s=2, workers=workers))
            took = sorted(took for _, took in server.times())
        true_ms = took[len(took) // 2 - 1] / 1e6
        bounds.append(run.record.summary.total.response_time_bounds["p50"])
        assert bounds[-1].lower <= true_ms <= bounds[-1].upper, (cluster, true_ms, bounds[-1])
    assert bounds[0].lower <= bounds[1].upper
    assert bounds[1].lower <= bounds[0].upper
