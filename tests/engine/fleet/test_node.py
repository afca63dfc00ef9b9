"""What a machine does while nobody hears it: its worker sends on schedule, and all that it measured is there later."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import anyio
import msgspec
import pytest

from perftui.engine.fleet import node as node_module
from perftui.engine.fleet.dask_settings import Certificates
from perftui.engine.fleet.framing import pack_message, runner_unpacker
from perftui.engine.fleet.messages import Begin, Frame, FromWorker, Job
from perftui.engine.fleet.node import Node
from perftui.engine.fleet.node_process import NodeSettings
from perftui.engine.fleet.reached import Heard, Reached
from perftui.metrics.host import HostSampler
from support.load_worker import make_plan
from support.nginx import nginx
from support.waiting import free_port

pytestmark = pytest.mark.xdist_group("cluster")


def test_what_nobody_has_heard_waits_where_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "MOST_UNHEARD_BYTES", 0)
    with nginx() as server:
        said = anyio.run(_unheard_load, server.port)
        unpacker = runner_unpacker()
        messages: list[FromWorker] = [message for each in said for message in unpacker.feed(each.get("message", b""))]
        frames = [message for message in messages if isinstance(message, Frame)]
        counts = [cell.counts for frame in frames for cells in frame.cells.values() for cell in cells.values()]

        assert server.requests() == sum(one.ok for one in counts) == 300
    assert [each["seq"] for each in said] == list(range(len(said)))
    assert frames[-1].final
    assert "end" in said[-1]
    assert max(frame.health.start_delay_p99_ms for frame in frames) < 500


async def _unheard_load(port: int) -> list[dict[str, Any]]:
    """A load of 1.5 s whose frames nobody acknowledges before it is over; everything that the machine said."""
    said: list[dict[str, Any]] = []
    node = Node()
    node._say = said.append
    node._sampler = HostSampler()
    plan = make_plan(f"http://127.0.0.1:{port}", rate=200, duration_s=1.5)
    await node.start(0)
    await node.tell([(0, pack_message(Job(worker=0, workers=1, plan=plan, addresses={"": (("127.0.0.1", port),)})))])
    with anyio.fail_after(20):
        while not said:  # noqa: ASYNC110 - what it says sets no event
            await anyio.sleep(0.02)
    await node.tell([(0, pack_message(Begin(origin_ns=time.perf_counter_ns() + 50_000_000)))])
    await anyio.sleep(2.2)
    assert len(said) == 1, "it said more than could be heard"
    with anyio.fail_after(20):
        while "end" not in said[-1]:
            await node.beat({0: len(said)})
            await anyio.sleep(0.02)
    await node.close()
    return said


def test_a_dask_worker_of_ours_ends_with_its_input_also_where_there_is_no_scheduler() -> None:
    settings = NodeSettings(port=free_port(), host="127.0.0.1", certificates=Certificates.made(), name="alone")
    command = [sys.executable, "-m", "perftui.engine.fleet.node_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        process.stdin.flush()
        time.sleep(1.5)
        assert process.poll() is None, "it waits for its scheduler"
        process.stdin.close()

        assert process.wait(10) == 0


def test_a_command_is_told_when_every_machine_has_heard_of_it() -> None:
    reached = Reached()
    reached.add("a", Heard("pause", 100, 30_000_000))
    assert reached.take(["a", "b"]) == []

    reached.add("b", Heard("pause", 100, 12_000_000))
    reached.add("a", Heard("stop", 900, -7_000_000))
    reached.add("a", Heard("begin", 0, 5_000_000))

    assert reached.take(["a", "b"]) == [
        "pause: all 2 machines applied it at its moment, known 12 ms before at the latest"
    ]
    # b is lost: nobody waits for it
    assert reached.take(["a"]) == ["stop: machine a heard of it 7 ms too late, and applied it then"]
    assert reached.take(["a"]) == []
