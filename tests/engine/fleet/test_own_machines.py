"""Two machines as far as the system can make them: networks, clocks and known hosts of their own, and TLS between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from perftui.model.plan import Plan, Target
from support.cable import cable
from support.certificates import Authority
from support.cluster_runs import WatchedRun, cluster_plan
from support.dask_processes import certificates, dask_processes, machine_apart
from support.nginx import Nginx, nginx

pytestmark = pytest.mark.xdist_group("cluster")

DELAY_S = 0.02
NAME = "shop.test"


class Apart(msgspec.Struct, frozen=True):
    """Both machines, the server that they reach at addresses of their own, and what each knows of names."""

    server: Nginx
    address: str
    addresses: tuple[str, ...]
    hosts: tuple[Path, ...]

    def name(self, machine: int, address: str) -> None:
        """Let the name mean this on one of the machines, from now on."""
        self.hosts[machine].write_text(f"127.0.0.1 localhost\n{address} {NAME}\n", encoding="ascii")

    def plan(self, duration_s: float) -> Plan:
        """200 requests a second, each over a new connection to what the name means by then."""
        plan = cluster_plan("http://unused", self.address, duration_s=duration_s, workers=2)
        target = Target(url=f"http://{NAME}:{self.server.port}", keep_alive=False, re_resolve_s=0.3, timeout_s=5)
        return msgspec.structs.replace(plan, target=target)


@pytest.fixture
def apart(tmp_path: Path, empty_home: Path) -> Iterator[Apart]:
    authority = Authority(tmp_path)
    with ExitStack() as stack:
        cables = [stack.enter_context(cable(number, DELAY_S)) for number in range(2)]
        addresses = tuple(one.here for one in cables)
        server = stack.enter_context(nginx(addresses=addresses))
        running = stack.enter_context(
            dask_processes(0, certificate=authority.issue("all"), authority=authority.certificate, host=addresses[0])
        )
        hosts = tuple(
            stack.enter_context(machine_apart(running, one, clock_ahead_s=5000 * one.number)) for one in cables
        )
        stack.enter_context(certificates(authority))
        made = Apart(server, running.address, addresses, hosts)
        for machine, address in enumerate(addresses):
            made.name(machine, address)
        yield made


@pytest.mark.slow
def test_each_machine_goes_its_own_way_to_the_target(apart: Apart) -> None:
    """One finds another address in mid-run, where nothing listens; then the other one finds a public address."""
    run = WatchedRun(apart.plan(1.5))

    assert apart.server.requests() == run.record.whole_run.ok == run.record.whole_run.scheduled == 300
    assert run.record.summary.total.service_time_ms.p50 >= 2e3 * DELAY_S  # a connection is made first, then it is asked
    bounds = sorted(machine.clock_bound_ms for machine in run.record.cluster)
    assert bounds[0] == 0, "its clock is this machine's"
    assert 1e3 * DELAY_S <= bounds[1] < 5e3 * DELAY_S
    assert min(machine.round_trip_ms for machine in run.record.cluster) >= 2e3 * DELAY_S

    moved = WatchedRun(apart.plan(2.5), lambda: apart.name(0, "10.231.0.2"))

    assert moved.record.summary.total.error_classes == {"connect.refused": moved.record.whole_run.errors}
    assert 10 < moved.record.whole_run.errors <= 250, "of half of the requests, once the name was looked up again"
    assert any("addresses are now 10.231.0.2, 10.231.1.1" in note.detail for note in moved.events("note"))

    apart.name(0, apart.addresses[0])
    guarded = WatchedRun(apart.plan(10), lambda: apart.name(1, "93.184.216.34"))

    assert guarded.record.status == "stopped"
    assert guarded.record.status_detail.startswith(f"guard: {NAME} is a public host")
    assert guarded.record.summary.duration_s < 4
    assert guarded.record.whole_run.ok == guarded.record.whole_run.scheduled
