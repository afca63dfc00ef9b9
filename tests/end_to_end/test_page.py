"""`perftui page`: Chromium's figures are those that the page itself reports, and the run is one like any other."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from perftui.engine.clients.browser.client import BrowserClient
from perftui.model.plan import Target
from perftui.report.formats import OF_COMPARISONS
from support.cli import Result, run_cli
from support.home import Home, new_home
from support.page_server import PageServer, page_server
from support.programs import need_program

PAGE = """<!doctype html><link rel=icon href="data:,"><link rel=stylesheet href="/a.css?bytes=0"><h1>hello</h1>
<img src="/c.png?bytes=300&ms=150"><script>
let task = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => task = entry.startTime + entry.duration))
  .observe({ type: "longtask", buffered: true });
addEventListener("load", () => {
  setTimeout(() => { const until = performance.now() + 200; while (performance.now() < until); }, 100);
  setTimeout(() => {
    const [visit] = performance.getEntriesByType("navigation");
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    fetch(`/report?paint=${paint.startTime}&load=${visit.loadEventEnd}&task=${task}`);
  }, 800);
});
</script>"""
LONG = ("--objective", "first_paint.p50 < 60s", "--objective", "interactive.p50 < 60s")


class Visited:
    """One run of some rounds, with what the server was told meanwhile."""

    def __init__(self, home: Home, server: PageServer, result: Result) -> None:
        self.home = home
        self.server = server
        self.result = result


@pytest.fixture(scope="module")
def visited() -> Iterator[Visited]:
    """Two rounds; the load is not allowed to be as slow as it is."""
    need_program("chromium")
    with page_server() as server, new_home() as home:
        elsewhere = f'<img src="/moved?to=http://localhost:{server.server_address[1]}/elsewhere.png">'
        server.documents["/shop"] = PAGE + elsewhere
        arguments = ("page", f"{server.url}/shop", "--rounds", "2", "--objective", "page_load.p50 < 1ms", *LONG)
        result = run_cli(home, *arguments, "-H", "X-Shop: yes", "--format", "json", timeout_s=110)
        yield Visited(home, server, result)


@pytest.mark.slow
def test_figures_are_those_that_the_page_reports_itself(visited: Visited) -> None:
    record = visited.result.record
    times = record.summary.total.of_protocol.times_ms
    told = visited.server.reports

    assert record.whole_run.ok == len(told) == 2
    for name, word in (("first_paint", "paint"), ("page_load", "load"), ("last_long_task", "task")):
        own = sorted(float(report[word]) for report in told)
        assert times[name].count == 2
        assert times[name].min == pytest.approx(own[0], rel=0.002, abs=0.2)
        assert times[name].max == pytest.approx(own[-1], rel=0.002, abs=0.2)
    assert times["page_load"].min >= 150
    assert times["interactive"].min >= times["page_load"].min + 100 + 200 - 1
    assert record.summary.total.service_time_ms.max == pytest.approx(times["page_load"].max, rel=0.01)
    assert visited.server.paths["/c.png"] == 2  # nothing is kept from one round to the next
    assert visited.server.headers_of["/shop"]["X-Shop"] == "yes"


@pytest.mark.slow
def test_headers_go_to_the_host_of_the_page_only(visited: Visited) -> None:
    assert visited.server.headers_of["/moved"]["X-Shop"] == "yes"
    assert visited.server.paths["/elsewhere.png"] == 2
    assert "X-Shop" not in visited.server.headers_of["/elsewhere.png"]


def test_what_gives_credentials_is_found_by_no_name() -> None:
    """Chromium takes these rules for addresses, too, however they are written."""
    told = SimpleNamespace(target=Target(url="http://shop.example"), addresses=(("127.0.0.1", 80),))
    [rules] = BrowserClient._arguments(cast("BrowserClient", told))

    for place in ("169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal"):
        assert f"MAP {place} ~NOTFOUND" in rules
    assert rules.endswith("MAP shop.example 127.0.0.1")


@pytest.mark.slow
def test_an_objective_that_fails_is_exit_13_and_others_stay(visited: Visited) -> None:
    verdicts = {result.metric: result.verdict for result in visited.result.record.objectives}

    assert visited.result.code == 13
    assert verdicts == {"page_load.p50": "fail", "first_paint.p50": "pass", "interactive.p50": "pass"}
    assert "page_load.p50" in visited.result.stderr
    assert "round 2 of 2: first paint" in visited.result.stderr


@pytest.mark.slow
def test_the_run_is_kept_compared_and_exported(visited: Visited) -> None:
    home, run = visited.home, visited.result.record.id
    for style in OF_COMPARISONS[1:]:
        assert run_cli(home, "export", run, "--format", style).code == 0
    csv = run_cli(home, "export", run, "--format", "csv").stdout.splitlines()
    row = dict(zip(csv[0].split(","), csv[1].split(","), strict=False))
    assert float(row["first_paint_p50_ms"]) > 0
    compared = run_cli(home, "compare", run, run, "--force", "--warn-only")
    assert compared.code == 0
    assert run in compared.stdout


def test_a_public_host_needs_its_name(home: Home) -> None:
    need_program("chromium")
    result = run_cli(home, "page", "http://8.8.8.8/")

    assert result.code == 15
    assert "--confirm-host 8.8.8.8" in result.stderr


@pytest.mark.slow
def test_without_a_browser_there_is_one_line() -> None:
    with new_home(PATH="/nonexistent") as home:
        result = run_cli(home, "page", "http://127.0.0.1:9/")

    assert result.code == 2
    assert result.stderr.strip().splitlines() == [
        "perftui: no Chromium is installed here: none of chromium, chromium-browser, google-chrome is found"
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ws://127.0.0.1/",), "is no page"),
        (("http://127.0.0.1:9/", "--objective", "first_paint.p50 < 3 apples"), "apples"),
        (("http://127.0.0.1:9/", "--objective", "speed < 3s"), "speed"),
        (("http://127.0.0.1:9/", "--rounds", "0"), "rounds"),
    ],
)
def test_what_cannot_be_asked_is_said(home: Home, arguments: tuple[str, ...], said: str) -> None:
    result = run_cli(home, "page", *arguments)

    assert result.code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
