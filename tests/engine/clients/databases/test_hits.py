"""What counts as a hit: counted, timed apart, an objective, and in everything that is written about a run."""

from __future__ import annotations

import csv
import io
import json

import pytest
from msgspec.structs import replace

from perftui.demo.server import start_demo
from perftui.model.plan import Objective
from perftui.model.units import format_percent
from perftui.report.formats import export
from perftui.store.interchange import read_document
from perftui.store.loading import LoadedRun, load_run
from support.databases import Server
from support.short_runs import plan_of, ran

pytestmark = pytest.mark.xdist_group("one run with hits")

GET = 'name = "get"\nredis = ["GET", "hit:${rand:1..4}"]\nhit = { not_nil = true }'


@pytest.fixture(scope="module")
def run(redis: Server) -> LoadedRun:
    """A run whose operation `get` hits three keys of four."""
    for number in (1, 2, 3):
        redis.ask(f"SET hit:{number} there")
    objectives = (
        Objective(metric="hit_rate", operation="get", target="> 50%", critical="> 10%"),
        Objective(metric="hit_rate", operation="get", target="> 95%", critical="> 90%"),
        Objective(metric="hit_time.p95", operation="get", target="< 2s"),
        Objective(metric="hit_rate", operation="ping", target="> 1%"),
    )
    plan = plan_of(redis.url, GET, 'name = "ping"\nredis = ["PING"]', load="users = 2\nmax_requests = 1000")
    ran(replace(plan, objectives=objectives))
    return load_run("latest")


def test_hits_and_misses_are_all_the_good_answers(run: LoadedRun) -> None:
    get, ping = run.record.summary.operations["get"], run.record.summary.operations["ping"]
    hits, misses = get.hit_time_ms.count, get.miss_time_ms.count
    assert hits + misses == get.counts.ok > 400
    assert get.hit_rate == pytest.approx(hits / get.counts.ok, abs=1e-6)
    assert 0.65 < hits / get.counts.ok < 0.85
    assert ping.hit_rate is None
    assert run.record.summary.total.hit_rate == get.hit_rate


def test_redis_counted_the_same(redis: Server) -> None:
    def keyspace() -> tuple[int, int]:
        lines = dict(line.split(":") for line in redis.ask("INFO stats").split() if line.count(":") == 1)
        return int(lines["keyspace_hits"]), int(lines["keyspace_misses"])

    before = keyspace()
    get = ran(plan_of(redis.url, GET)).summary.operations["get"]
    after = keyspace()
    assert (get.hit_time_ms.count, get.miss_time_ms.count) == (after[0] - before[0], after[1] - before[1])


def test_a_rate_of_hits_is_an_objective(run: LoadedRun) -> None:
    assert [result.verdict for result in run.record.objectives] == ["pass", "fail", "pass", "none"]


def test_every_export_says_it(run: LoadedRun) -> None:
    rate = run.record.summary.operations["get"].hit_rate
    assert rate is not None
    assert f"get: {format_percent(rate)} of" in export(run, "text")
    assert f"hit rate get: {format_percent(rate)} of" in export(run, "md")
    assert "<td>misses</td>" in export(run, "html").replace(' class="l"', "")
    (row,) = (row for row in csv.DictReader(io.StringIO(export(run, "csv"))) if row["operation"] == "get")
    assert float(row["hit_rate"]) == pytest.approx(rate)
    assert int(row["hit_time_count"]) + int(row["miss_time_count"]) == int(row["ok"])
    document = json.loads(export(run, "json"))
    assert document["summary"]["operations"]["get"]["hits"]["rate"] == pytest.approx(rate)
    record, intervals, _, _ = read_document(document, "export")
    assert record.summary == run.record.summary
    cells = [cell["get"] for interval in intervals for cell in interval.cells.values() if "get" in cell]
    assert sum(cell.hit_time.count for cell in cells if cell.hit_time) > 0
    assert intervals == run.intervals


def test_a_page_is_a_hit_by_what_it_holds() -> None:
    with start_demo() as demo:
        record = ran(
            plan_of(
                demo.url,
                'name = "item"\npath = "/api/items/${rand:1..2}"\nhit = { json = "$.id", equals = 2 }',
                'name = "typed"\npath = "/health"\nhit = { header = "no-such-header" }',
                load="rate = 100",
            )
        )
    item, typed = (record.summary.operations[name] for name in ("item", "typed"))
    assert item.hit_time_ms.count + item.miss_time_ms.count == item.counts.ok > 20
    assert 0.2 < (item.hit_rate or 0.0) < 0.8
    assert typed.hit_rate == 0.0
    assert typed.counts.ok == typed.miss_time_ms.count > 20
