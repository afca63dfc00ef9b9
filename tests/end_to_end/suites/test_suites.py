"""Five suites as teams write them for a service, its cache, its database and its files, in short, on real servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from perftui.demo.server import start_demo
from perftui.model.record import Record
from perftui.pytest_plugin.performance import Performance
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
class Suites:
    """The suites, run by the fixture of the plugin, as a team would, against these servers."""

    performance: Performance
    service: str
    cache: Server
    database: Server

    def run(self, name: str, *, settings: Sequence[str] = (), **load: Any) -> Record:
        """A suite, whose objectives are looked at here: how quick this machine is now is not asked."""
        preset = HERE / f"{name}.toml"
        text = preset.read_text()
        assert len(text.splitlines()) < MOST_LINES
        addresses = {
            "targets.room.url": self.service.replace("http:", "ws:"),
            "targets.cache.url": self.cache.url,
            "targets.db.url": self.database.url,
        }
        here = [f"{key}={url}" for key, url in addresses.items() if f"[{key.removesuffix('.url')}]" in text]
        url = self.service if '[target]\nurl = "http://' in text else self.database.url
        record = self.performance.run(
            preset, url, duration=1.5, check=False, settings=[*here, "target.timeout=10s", *settings], **load
        )
        assert_conserved(record)
        total = record.summary.total
        assert record.status == "finished"
        assert total.counts.ok == total.counts.scheduled - total.counts.cancelled > 0, total.error_classes
        assert {name for name, stats in record.summary.operations.items() if not stats.counts.ok} == set()
        assert len(record.objectives) == len(record.plan.objectives)
        assert all(result.value is not None for result in record.objectives)
        return record


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, Server, Server]]:
    with start_demo() as demo, databases.redis_server() as cache, databases.postgresql() as database:
        database.ask(SHOP)
        yield demo.url, cache, database


@pytest.fixture
def suites(perftui: Performance, servers: tuple[str, Server, Server]) -> Suites:
    return Suites(perftui, *servers)


def orders(suites: Suites) -> int:
    return int(suites.database.ask("select count(*) from orders"))


@pytest.mark.slow
def test_limits(suites: Suites) -> None:
    before = redis_calls(suites.cache, "get")
    record = suites.run("limits", rate=60)
    cache = record.summary.operations["cache"]
    assert redis_calls(suites.cache, "get") - before == cache.counts.started
    assert cache.hit_time_ms.count + cache.miss_time_ms.count == cache.counts.ok


@pytest.mark.slow
def test_user_classes(suites: Suites) -> None:
    before = orders(suites)
    record = suites.run("user_classes", users=5)
    operations = record.summary.operations
    assert operations["say"].of_protocol.times_ms["round_trip"].count == operations["say"].counts.ok
    made = operations["order"].counts.ok + 100 * operations["bulk of 100"].counts.ok
    assert made <= orders(suites) - before <= made + 5 * 100, "the rest ended while users stopped"


def test_service_levels(suites: Suites) -> None:
    before = orders(suites)
    suites.run("service_levels", rate=150)
    assert orders(suites) == before, "what was created is gone"


@pytest.mark.slow
def test_two_levels(suites: Suites) -> None:
    record = suites.run("two_levels", users=6)
    levels = [stage.to for stage in record.plan.load.stages]
    assert levels[2] == 1.5 * levels[1]


@pytest.mark.slow
def test_scaling(suites: Suites) -> None:
    record = suites.run("scaling", users=20, settings=["load.connections=2"])
    cached = record.summary.operations["cached"]
    assert 0.6 < (cached.hit_rate or 0) < 1
    assert record.summary.operations["100 records"].times_ms["queue"] > 0, "more users than connections"
