"""What one runner pays for each seat of a cluster: frames of 64 seats, recorded from a worker, taken as if they came.

    python tests/benchmarks/cluster.py [--seats 64] [--seconds 20]

Goal: at most half a core for 64 seats. Measured is all that the runner does with a frame after Dask has handed it over:
unpacking, moving its moments to this clock, keeping the ledger, merging, judging and writing the interval. What Dask
itself costs the runner is measured apart: as many frames a second come through a scheduler in this process, from Dask
workers of this machine, and are taken to their seats.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import anyio
import msgspec

from perftui.engine.fleet.cluster import Cluster
from perftui.engine.fleet.framing import pack_message
from perftui.engine.fleet.link import Link
from perftui.engine.fleet.merge import IntervalMerger
from perftui.engine.fleet.merge_lost import Ledger
from perftui.engine.fleet.messages import Frame
from perftui.engine.fleet.node_facts import facts
from perftui.engine.fleet.remote import RemoteNode, RemoteSeat
from perftui.engine.load.schedule import Schedule
from perftui.engine.runner.log import RunLog
from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import judge_interval
from perftui.model.interval import HostSample, Interval
from perftui.model.plan import Operation, Plan
from perftui.store.journal_writer import JournalWriter
from support.load_worker import LoadWorkers, make_plan
from support.nginx import nginx

NS = 1_000_000_000
GOAL_PERCENT = 50.0
OPERATIONS = tuple(Operation(name=name, path=f"/{name}") for name in ("list", "item", "search"))


def recorded(rate: float) -> tuple[Plan, list[Frame]]:
    """Frames of a real worker that sends three operations at that rate."""
    with nginx() as server:
        plan = make_plan(server.url, rate=rate, duration_s=4, operations=OPERATIONS)
        with LoadWorkers(plan) as running:
            running.begin()
            frames = running.collect().frames
            origin_ns = running.origin_ns
    whole = [frame for frame in frames if frame.end_ns - frame.start_ns > NS // 2]
    return plan, [
        msgspec.structs.replace(frame, start_ns=frame.start_ns - origin_ns, end_ns=frame.end_ns - origin_ns)
        for frame in whole
    ]


def events_of(second: int, seats: int, frames: list[Frame]) -> list[dict[str, Any]]:
    """What comes from all seats in one second."""
    frame = frames[second % len(frames)]
    return [
        {
            "seat": number,
            "seq": second,
            "message": pack_message(
                msgspec.structs.replace(
                    frame,
                    worker=number,
                    seq=second,
                    start_ns=second * NS,
                    end_ns=(second + 1) * NS,
                    health=msgspec.structs.replace(frame.health, worker=number),
                )
            ),
        }
        for number in range(seats)
    ]


async def merged(plan: Plan, frames: list[Frame], seats: int, seconds: int, folder: Path) -> tuple[float, float]:
    """CPU seconds for a second of all seats, and the bytes that came in it."""
    node = RemoteNode("machine", None, facts())
    held = [RemoteSeat(number, node) for number in range(seats)]
    ledgers = [Ledger() for _ in range(seats)]
    schedule = Schedule(plan.load)
    merger = IntervalMerger(schedule, 0)
    writer = JournalWriter(folder / "journal.jsonl", elsewhere=lambda: folder)
    log = RunLog(writer, Timeline(plan), scrub=lambda text: text, on_line=None)
    recent: list[Interval] = []
    size, used_s = 0, 0.0
    streams = [seat.messages() for seat in held]
    for second in range(seconds):
        events = events_of(second, seats, frames)
        size += sum(len(event["message"]) for event in events)
        began_s = time.process_time()
        for event in events:
            held[event["seat"]].take(event)
        for number, stream in enumerate(streams):
            message = await anext(stream)
            assert isinstance(message, Frame)
            ledgers[number].add(message, 0)
            merger.add(message)
        interval = merger.take((second + 1) * NS, HostSample())
        assert interval is not None
        interval = judge_interval(interval, plan, tuple(recent[-2:]))
        recent.append(interval)
        log.write(interval)
        used_s += time.process_time() - began_s
    for seat in held:
        await seat.close()
    writer.close()
    return used_s / seconds, size / seconds


async def send_frames(topic: str, packed: bytes, seats: tuple[int, ...], seconds: int) -> None:
    """Runs on a machine: what its node would pass on, without workers that measure it."""
    from distributed import get_worker

    worker = get_worker()
    for second in range(seconds):
        for seat in seats:
            worker.log_event(topic, {"seat": seat, "seq": second, "message": packed})
        await asyncio.sleep(1)


async def carried(frame: Frame, seats: int, seconds: int) -> float:
    """CPU seconds of this process for a second of all seats, more than without any frames."""
    link = Link("local:2")
    cluster = Cluster(link)
    packed = pack_message(frame)
    used_s = []
    try:
        await cluster.connect()
        for number in range(seats):
            cluster.seats[number] = RemoteSeat(number, cluster.nodes[number % 2])
        for of_each in ((), tuple(range(seats))):
            began_s = time.process_time()
            async with anyio.create_task_group() as tasks:
                for place, node in enumerate(cluster.nodes):
                    tasks.start_soon(node.call, "ask", send_frames, cluster.topic, packed, of_each[place::2], seconds)
            used_s.append(time.process_time() - began_s)
        assert all(seat.next_seq == seconds for seat in cluster.seats.values()), "not every frame came"
        for seat in cluster.seats.values():
            await seat.close()
    finally:
        await cluster.close()
        await link.close()
    return (used_s[1] - used_s[0]) / seconds


def main() -> None:
    """Print the cost, and from it how many seats a runner carries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=float, default=2000.0, help="of each seat")
    given = parser.parse_args()
    plan, frames = recorded(given.rate)
    with tempfile.TemporaryDirectory() as folder:
        cost_s, size = anyio.run(merged, plan, frames, given.seats, given.seconds, Path(folder))
    dask_s = anyio.run(carried, frames[0], given.seats, 3)
    percent = 100 * (cost_s + dask_s)
    print(f"{given.seats} seats at {given.rate:,.0f}/s each, {size / given.seats / 1e3:.1f} kB a frame")
    for name, used_s in (("merging", cost_s), ("Dask", dask_s)):
        print(f"{name}: {100 * used_s:.1f} % of a core, {1e3 * used_s / given.seats:.3f} ms per seat and second")
    print(f"half a core carries {given.seats * GOAL_PERCENT / percent:,.0f} seats; goal: at least {given.seats}")


if __name__ == "__main__":
    main()
