"""Results as the tools write them (shortened), each number looked up again in the record."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from perftui.analysis.comparison import compare
from perftui.model.errors import UsageError
from perftui.model.interval import Counts
from perftui.store import foreign
from perftui.store.loading import LoadedRun
from support.nginx import nginx
from support.programs import need_program

OHA: dict[str, Any] = {
    "summary": {
        "successRate": 0.98, "total": 10.0, "slowest": 0.25, "fastest": 0.001, "average": 0.02,
        "requestsPerSec": 100.2, "totalData": 50_000, "sizePerRequest": 50, "sizePerSec": 5000.0,
    },
    "responseTimeHistogram": {"0.001": 1, "0.25": 1},
    "latencyPercentiles": {
        "p10": 0.01, "p25": 0.012, "p50": 0.018, "p75": 0.022, "p90": 0.03, "p95": 0.04, "p99": 0.08, "p99.9": 0.2,
        "p99.99": 0.24,
    },
    "rps": {},
    "details": {},
    "statusCodeDistribution": {"200": 950, "503": 40},
    "errorDistribution": {"timeout": 10, "aborted due to deadline": 2},
}  # fmt: skip
K6_EXPORT: dict[str, Any] = {
    "root_group": {},
    "metrics": {
        "http_req_duration": {"avg": 20.5, "min": 1.5, "med": 18.0, "max": 250.0, "p(90)": 30.0, "p(95)": 40.0},
        "http_reqs": {"count": 1000, "rate": 100.0},
        "http_req_failed": {"passes": 50, "fails": 950, "value": 0.05},
        "dropped_iterations": {"count": 20, "rate": 2.0},
        "data_received": {"count": 123456, "rate": 12345.6},
        "data_sent": {"count": 789, "rate": 78.9},
        "vus_max": {"value": 25, "min": 25, "max": 25},
    },
}
K6_SUMMARY: dict[str, Any] = {
    "metrics": {
        name: {"type": "any", "contains": "default", "values": values} for name, values in K6_EXPORT["metrics"].items()
    },
    "state": {"testRunDurationMs": 10_000.0},
}
K6_SUMMARY["metrics"]["http_req_failed"]["values"] = {"rate": 0.05, "passes": 50, "fails": 950}
K6_MACHINE_READABLE: dict[str, Any] = {
    "version": "1.0.0",
    "metadata": {"k6_version": "2.1.0", "generated_at": "2026-01-01T00:00:10Z"},
    "config": {"duration": 10.0, "execution": "local", "script": "script.js"},
    "results": {
        "checks": {"metrics": [], "results": []},
        "metrics": [
            {"name": name, "type": "any", "contains": "default", "values": values}
            for name, values in (
                ("http_req_duration", K6_EXPORT["metrics"]["http_req_duration"]),
                ("http_reqs", {"count": 1000}),
                ("http_req_failed", {"matches": 50, "rate": 0.05, "total": 1000}),
                ("dropped_iterations", {"count": 20}),
                ("data_received", {"count": 123456}),
                ("vus_max", {"value": 25, "min": 25, "max": 25}),
            )
        ],
    },
}
VEGETA: dict[str, Any] = {
    "latencies": {
        "total": 20_000_000_000, "mean": 20_000_000, "50th": 18_000_000, "90th": 30_000_000, "95th": 40_000_000,
        "99th": 80_000_000, "max": 250_000_000, "min": 1_000_000,
    },
    "bytes_in": {"total": 50_000, "mean": 50.0}, "bytes_out": {"total": 100, "mean": 0.1},
    "earliest": "2026-01-01T00:00:00Z", "duration": 10_000_000_000, "wait": 5_000_000, "requests": 1000, "rate": 100.0,
    "throughput": 95.0, "success": 0.95, "status_codes": {"0": 10, "200": 950, "503": 40}, "errors": ["503"],
}  # fmt: skip
AUTOCANNON: dict[str, Any] = {
    "url": "http://127.0.0.1:3000", "connections": 25, "duration": 10.0, "start": "2026-01-01T00:00:00.000Z",
    "errors": 10, "timeouts": 10, "mismatches": 0, "non2xx": 40, "resets": 0, "2xx": 950, "4xx": 0, "5xx": 40,
    "latency": {
        "average": 20.0, "mean": 20.0, "stddev": 5.0, "min": 1, "max": 250, "p25": 12, "p50": 18, "p75": 22, "p90": 30,
        "p97_5": 60, "p99": 80, "p99_9": 200, "totalCount": 990,
    },
    "requests": {"total": 990, "sent": 1015, "average": 99.0},
    "throughput": {"total": 50_000},
}  # fmt: skip
WRK = """Running 10s test @ http://127.0.0.1:8080/index.html
  2 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    20.00ms    5.00ms 250.00ms   93.69%
    Req/Sec     5.00k     1.00k    6.00k    86.54%
  Latency Distribution
     50%   18.00ms
     75%   22.00ms
     90%   30.00ms
     99%   80.00ms
  990 requests in 10.00s, 1.50MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 40
Requests/sec:     99.00
Transfer/sec:    153.60KB
"""
WRK2 = """Running 10s test @ http://127.0.0.1:8080/
  2 threads and 50 connections
  Thread calibration: mean lat.: 1.001ms, rate sampling interval: 10ms
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.00s     1.00s    4.00s    93.69%
    Req/Sec    50.00     10.00    60.00     86.54%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%    1.80s
 75.000%    2.20s
 90.000%    3.00s
 99.000%    3.80s
 99.900%    3.90s
 99.990%    4.00s
100.000%    4.00s

  Latency Distribution (HdrHistogram - Uncorrected Latency (measured without taking delayed starts into account))
 50.000%    1.00ms
 75.000%    1.20ms
 90.000%    1.50ms
 99.000%    3.00ms
 99.900%    9.00ms
100.000%   10.00ms
  1000 requests in 10.00s, 1.50MB read
Requests/sec:    100.00
Transfer/sec:    153.60KB
"""
HEY = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n" + "".join(
    f"{0.010 + 0.001 * (place % 10):.4f},0.0,0.0,0.0,0.01,0.0,{503 if place % 50 == 0 else 200},{place / 100:.4f}\n"
    for place in range(3000)
)
LOCUST = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n"
    'GET,"/items, all",600,0,18,20.0,1,250,50.0,60.0,0.0,18,20,22,24,30,40,60,80,200,240,250\n'
    "POST,/items,400,50,18,20.0,1,250,50.0,40.0,5.0,18,20,22,24,30,40,60,80,200,240,250\n"
    ",Aggregated,1000,50,18,20.0,1,250,50.0,100.0,5.0,18,20,22,24,30,40,60,80,200,N/A,250\n"
)


def _read(tmp_path: Path, content: str | dict[str, Any], name: str = "result") -> LoadedRun:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return foreign.read(path)


@pytest.mark.parametrize(
    ("content", "tool", "counts", "p95", "rate"),
    [
        (OHA, "oha", Counts(scheduled=1002, started=1002, ok=950, errors=40, timeouts=10, cancelled=2), 40.0, 100.2),
        (K6_EXPORT, "k6", Counts(scheduled=1020, started=1000, ok=950, errors=50, dropped=20), 40.0, 100.0),
        (K6_SUMMARY, "k6", Counts(scheduled=1020, started=1000, ok=950, errors=50, dropped=20), 40.0, 100.0),
        (K6_MACHINE_READABLE, "k6", Counts(scheduled=1020, started=1000, ok=950, errors=50, dropped=20), 40.0, 100.0),
        (VEGETA, "vegeta", Counts(scheduled=1000, started=1000, ok=950, errors=50), 40.0, 100.0),
        (AUTOCANNON, "autocannon", Counts(scheduled=1000, started=1000, ok=950, errors=40, timeouts=10), 0.0, 100.0),
        (WRK, "wrk", Counts(scheduled=1000, started=1000, ok=950, errors=46, timeouts=4), 0.0, 99.0),
        (WRK2, "wrk2", Counts(scheduled=1000, started=1000, ok=1000), 0.0, 100.0),
        (HEY, "hey", Counts(scheduled=3000, started=3000, ok=2940, errors=60), 19.0, 100.0),
        (LOCUST, "locust", Counts(scheduled=1000, started=1000, ok=950, errors=50), 40.0, 100.0),
    ],
    ids=("oha", "k6 export", "k6 summary", "k6 machine", "vegeta", "autocannon", "wrk", "wrk2", "hey", "locust"),
)  # fmt: skip
def test_numbers_of_each_tool(  # noqa: PLR0917 - columns of a table
    tmp_path: Path, content: str | dict[str, Any], tool: str, counts: Counts, p95: float, rate: float
) -> None:
    record = _read(tmp_path, content).record
    total = record.summary.total
    assert record.plan.name == tool
    assert record.id.startswith(f"{tool}-result-")
    assert total.counts == record.whole_run == counts
    assert counts.conserved
    assert total.service_time_ms.p95 == pytest.approx(p95, rel=1e-3)
    assert total.rate_per_s == pytest.approx(rate, rel=0.01)
    assert 9.9 <= record.summary.duration_s <= 32


def test_times_that_several_tools_tell(tmp_path: Path) -> None:
    contents: tuple[str | dict[str, Any], ...] = (OHA, AUTOCANNON, LOCUST)
    for place, content in enumerate(contents):
        times = _read(tmp_path, content, str(place)).record.summary.total.service_time_ms
        assert (times.p50, times.p75, times.p90, times.p99, times.p99_9, times.max) == pytest.approx(
            (18, 22, 30, 80, 200, 250)
        )
    wrk = _read(tmp_path, WRK).record.summary.total
    assert (wrk.service_time_ms.p50, wrk.service_time_ms.stddev, wrk.service_time_ms.max) == (18.0, 5.0, 250.0)
    assert wrk.received_bytes == round(1.5 * 1024**2)
    assert wrk.error_classes == {"status": 40, "connect": 1, "read": 2, "write": 3, "timeout": 4}


def test_wrk2_tells_both_latencies_and_they_are_not_confused(tmp_path: Path) -> None:
    total = _read(tmp_path, WRK2).record.summary.total
    assert (total.response_time_ms.p50, total.response_time_ms.p99_9) == (1800.0, 3900.0)
    assert (total.service_time_ms.p50, total.service_time_ms.p99_9) == (1.0, 9.0)
    only_corrected = _read(tmp_path, WRK2.partition("  Latency Distribution (HdrHistogram - Unc")[0] + WRK2[-90:])
    assert only_corrected.record.summary.total.service_time_ms.count == 0


def test_results_of_wrk2_are_compared_by_what_both_have(tmp_path: Path) -> None:
    """Corrected times, or where one side has only others, those of the service; how much was asked for neither says."""
    only_corrected = _read(tmp_path, WRK2.partition("  Latency Distribution (HdrHistogram - Unc")[0] + WRK2[-90:], "a")
    both = _read(tmp_path, WRK2, "b")
    for sides, time in (((only_corrected, both), "response_time"), ((both, _read(tmp_path, WRK, "c")), "service_time")):
        metrics = {change.metric: change for change in compare([sides[0]], [sides[1]]).metrics}
        assert {f"{time}.p50", f"{time}.p99"} <= metrics.keys()
        assert "attained" not in metrics
        assert metrics["throughput"].gated


def test_locust_has_operations(tmp_path: Path) -> None:
    operations = _read(tmp_path, LOCUST).record.summary.operations
    assert list(operations) == ["GET /items, all", "POST /items"]
    assert operations["POST /items"].counts == Counts(scheduled=400, started=400, ok=350, errors=50)
    assert operations["POST /items"].rate_per_s == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("content", "lack"),
    [
        (OHA, "oha: no stddev of the times"),
        (K6_EXPORT, "k6: no p75, p99, p99.9, stddev of the times"),
        (VEGETA, "vegeta: no p75, p99.9, stddev of the times"),
        (AUTOCANNON, "autocannon: no p95 of the times"),
        (AUTOCANNON, "autocannon: times are whole milliseconds"),
        (WRK, "wrk: no p95, p99.9, min of the times"),
        (LOCUST, "locust: its times are rounded to two digits and hold failed requests too"),
        (HEY, "hey: requests without an answer are not in its CSV"),
        (WRK, "wrk: no time series: how sure a change is cannot be said"),
        (WRK, "wrk: times count from the actual, not the intended start"),
        (WRK, "wrk: does not say whether the generator itself kept up"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 100 else "",
)
def test_what_a_tool_does_not_tell_is_said(tmp_path: Path, content: str | dict[str, Any], lack: str) -> None:
    assert lack in _read(tmp_path, content).foreign_lacks


def test_hey_has_seconds_and_says_so(tmp_path: Path) -> None:
    run = _read(tmp_path, HEY)
    assert len(run.intervals) == 31
    assert sum(interval.cells["measure"]["requests"].counts.scheduled for interval in run.intervals) == 3000
    assert not any("time series" in lack for lack in run.foreign_lacks)


def test_a_comparison_shows_what_both_sides_have_and_invents_nothing(tmp_path: Path) -> None:
    slower = json.loads(json.dumps(OHA))
    slower["latencyPercentiles"]["p95"] = 0.06
    comparison = compare([_read(tmp_path, OHA, "a")], [_read(tmp_path, slower, "b")])
    assert comparison.verdict == "inconclusive"
    assert any("no time series" in note for note in comparison.notes)
    p95 = next(change for change in comparison.metrics if change.metric == "service_time.p95")
    assert (p95.baseline, p95.run, p95.verdict, p95.interval_known) == (40.0, 60.0, "inconclusive", False)
    assert p95.change == pytest.approx(0.5)
    errors = next(change for change in comparison.metrics if change.metric == "error_rate")
    assert (errors.verdict, errors.interval_known) == ("no_difference" if errors.high < 0.01 else "inconclusive", True)
    no_p95 = compare([_read(tmp_path, WRK, "w")], [_read(tmp_path, OHA, "o")])
    shown = {change.metric for change in no_p95.metrics}
    assert "service_time.p99" in shown
    assert "service_time.p95" not in shown


DAMAGED = {
    "no tool": '{"hello": 1}',
    "no JSON": '{"summary": ',
    "a text": "hello world\n",
    "nothing": "",
    "binary": "\x00\x01\x02",
    "oha without numbers": '{"summary": {"total": "fast"}, "latencyPercentiles": {}}',
    "oha with a list": '{"summary": [], "latencyPercentiles": {}}',
    "negative count": '{"latencies": {}, "status_codes": {"200": -5}, "requests": -5, "success": 1}',
    "nan": '{"latency": {}, "requests": {"total": 1e400}, "non2xx": 0}',
    "more failures than requests": '{"latency": {}, "requests": {"total": 5}, "non2xx": 9}',
    "wrk cut off": WRK.partition("  990 requests")[0],
    "hey with words": HEY.replace("0.0100", "soon", 1),
    "hey with a time of years": HEY.replace("0.0100", "1e12", 1),
    "hey without requests": HEY.partition("\n")[0] + "\n",
    "hey cut off in a line": HEY.rpartition(",")[0],
    "locust cut off in a line": LOCUST.partition(",400,50")[0] + "\n",
    "locust with words": LOCUST.replace(",600,", ",many,", 1),
    "locust without a total": LOCUST.replace("Aggregated", "All"),
    "deep": "[" * 100_000,
    "deep table": '{"a":' * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_is_no_result_is_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "result"
    path.write_text(content)
    with pytest.raises(UsageError) as refused:
        foreign.read(path)
    [problem] = refused.value.problems
    assert problem.startswith(f"{path}: ")
    assert len(problem) < 400
    assert not re.search(r"NoneType|could not convert|float\(\)|int\(\)", problem), "words of Python"


def test_what_is_wrong_in_a_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "locust_stats.csv"
    path.write_text(LOCUST.replace(",600,", ",many,", 1))
    with pytest.raises(UsageError, match=r"line 2: 'Request Count' is no number: 'many'"):
        foreign.read(path)
    path.write_text(LOCUST.partition(",400,50")[0] + "\n")
    with pytest.raises(UsageError, match=r"line 3: ends before the column 'Request Count'"):
        foreign.read(path)


def test_hostile_text_is_made_safe(tmp_path: Path) -> None:
    document = json.loads(json.dumps(OHA))
    document["errorDistribution"] = {"\x1b[31mred\u202e": 10}
    classes = _read(tmp_path, document, "na\u202eme").record.summary.total.error_classes
    assert sorted(classes.values()) == [10, 40]
    assert not any("\x1b" in name or "\u202e" in name for name in classes)
    assert "\u202e" not in _read(tmp_path, document, "na\u202eme").record.label


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        foreign.read(tmp_path / "missing")


@pytest.mark.slow
def test_what_the_installed_wrk_prints_is_read(tmp_path: Path) -> None:
    wrk = need_program("wrk")
    with nginx() as server:
        command = [str(wrk), "-t1", "-c4", "-d1s", "--latency", server.url]
        text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout
        before = server.requests()
    record = _read(tmp_path, text).record
    total = record.summary.total
    assert total.counts.started <= before
    assert total.counts.started > 100
    assert total.counts.ok == total.counts.started
    assert 0 < total.service_time_ms.p50 <= total.service_time_ms.p99 <= total.service_time_ms.max
    assert record.plan.load.start_level == 4
