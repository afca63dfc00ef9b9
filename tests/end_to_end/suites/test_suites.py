"""Five suites as teams write them for a service, its cache, its database and its files, in short, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from perftui.demo.server import start_demo
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.record import Record
from perftui.presets.loading import parse_preset
from perftui.presets.overrides import Overrides
from support import databases
from support.conservation import assert_conserved
from support.databases import Server, redis_calls

pytestmark = pytest.mark.xdist_group("servers of the suites")

HERE = Path(__file__).parent
MOST_LINES = 150
SHOP = """
create table products(id int primary key, name text, category int, price numeric(9, 2), stock int not null);
create table orders(id bigserial primary key, product int references products, price numeric(9, 2));
insert into products select n, 'product ' || n, n % 6, n * 0.5, 1000000 from generate_series(1, 1000) n;
"""


@dataclass(frozen=True)
class Servers:
    """What the suites load."""

    service: str
    cache: Server
    database: Server

    def run(self, name: str, overrides: Overrides) -> Record:
        """A suite against these servers."""
        text = (HERE / f"{name}.toml").read_text()
        assert len(text.splitlines()) < MOST_LINES
        for built, running in (
            ("http://127.0.0.1:8000", self.service),
            ("ws://127.0.0.1:8000", self.service.replace("http:", "ws:")),
            ("redis://127.0.0.1:6379/0", self.cache.url),
            ("postgresql://app@127.0.0.1:5432/postgres", self.database.url),
        ):
            text = text.replace(built, running)
        record = run_plan(RunRequest(plan=parse_preset(text, f"{name}.toml", overrides=overrides)))
        assert_conserved(record)
        total = record.summary.total
        assert record.status == "finished"
        assert total.counts.ok == total.counts.scheduled - total.counts.cancelled > 0, total.error_classes
        assert {name for name, stats in record.summary.operations.items() if not stats.counts.ok} == set()
        assert len(record.objectives) == len(record.plan.objectives)
        assert all(result.value is not None for result in record.objectives)
        return record


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with start_demo() as demo, databases.redis_server() as cache, databases.postgresql() as database:
        database.ask(SHOP)
        yield Servers(demo.url, cache, database)


def orders(servers: Servers) -> int:
    return int(servers.database.ask("select count(*) from orders"))


def test_limits(servers: Servers) -> None:
    before = redis_calls(servers.cache, "get")
    record = servers.run("limits", Overrides(rate=60, duration_s=1.5, timeout_s=10))
    cache = record.summary.operations["cache"]
    assert redis_calls(servers.cache, "get") - before == cache.counts.started
    assert cache.hit_time_ms.count + cache.miss_time_ms.count == cache.counts.ok


def test_user_classes(servers: Servers) -> None:
    before = orders(servers)
    record = servers.run("user_classes", Overrides(users=5, duration_s=1.5, timeout_s=10))
    operations = record.summary.operations
    assert operations["say"].of_protocol.times_ms["round_trip"].count == operations["say"].counts.ok
    made = operations["order"].counts.ok + 100 * operations["bulk of 100"].counts.ok
    assert made <= orders(servers) - before <= made + 5 * 100, "the rest ended while users stopped"


def test_service_levels(servers: Servers) -> None:
    before = orders(servers)
    servers.run("service_levels", Overrides(rate=150, duration_s=1.5, timeout_s=10))
    assert orders(servers) == before, "what was created is gone"


def test_two_levels(servers: Servers) -> None:
    record = servers.run("two_levels", Overrides(users=6, duration_s=1.5, timeout_s=10))
    levels = [stage.to for stage in record.plan.load.stages]
    assert levels[2] == 1.5 * levels[1]


def test_scaling(servers: Servers) -> None:
    record = servers.run("scaling", Overrides(users=20, duration_s=2, timeout_s=10, connections=2))
    cached = record.summary.operations["cached"]
    assert 0.6 < (cached.hit_rate or 0) < 1
    assert record.summary.operations["100 records"].times_ms["queue"] > 0, "more users than connections"
