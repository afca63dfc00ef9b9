"""Results as other tools write them, shortened."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

AB = """This is ApacheBench, Version 2.3 <$Revision$>
Benchmarking 127.0.0.1 (be patient)

Server Software:        SimpleHTTP/0.6
Server Hostname:        127.0.0.1
Server Port:            8799

Document Path:          /nope
Document Length:        335 bytes

Concurrency Level:      4
Time taken for tests:   2.500 seconds
Complete requests:      200
Failed requests:        9
   (Connect: 0, Receive: 1, Length: 7, Exceptions: 1)
Non-2xx responses:      20
Total transferred:      104000 bytes
HTML transferred:       67000 bytes
Requests per second:    80.00 [#/sec] (mean)
Time per request:       50.000 [ms] (mean)
Time per request:       12.500 [ms] (mean, across all concurrent requests)
Transfer rate:          242.79 [Kbytes/sec] received

Connection Times (ms)
              min  mean[+/-sd] median   max
Connect:        0    0   1.3      0      13
Processing:     1    7   7.2      4      42
Waiting:        0    7   6.5      4      30
Total:          1    8   7.5      4      46

Percentage of the requests served within a certain time (ms)
  50%      4
  66%      7
  75%     12
  80%     14
  90%     21
  95%     24
  98%     27
  99%     31
 100%     46 (longest request)
"""
HEY = """
Summary:
  Total:\t2.0000 secs
  Slowest:\t0.0139 secs
  Fastest:\t0.0008 secs
  Average:\t0.0039 secs
  Requests/sec:\t105.0000
  \n  Total data:\t97000 bytes
  Size/request:\t485 bytes

Response time histogram:
  0.001 [1]\t|
  0.014 [199]\t|■■■■

Latency distribution:
  10% in 0.0020 secs
  25% in 0.0026 secs
  50% in 0.0036 secs
  75% in 0.0046 secs
  90% in 0.0064 secs
  95% in 0.0069 secs
  99% in 0.0109 secs

Details (average, fastest, slowest):
  DNS+dialup:\t0.0003 secs, 0.0008 secs, 0.0139 secs

Status code distribution:
  [200]\t195 responses
  [503]\t5 responses

Error distribution:
  [7]\tGet "http://127.0.0.1:8799/": dial tcp 127.0.0.1:8799: connect: connection refused
  [3]\tGet "http://127.0.0.1:8799/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)
"""
BOMBARDIER = """Bombarding http://127.0.0.1:8080/x for 10s using 125 connection(s)
[==========================================================================] 10s
Done!
Statistics        Avg      Stdev        Max
  Reqs/sec       100.50      12.34     150.00
  Latency        2.77ms     1.12ms      1.05s
  Latency Distribution
     50%     2.50ms
     75%     3.00ms
     90%     4.00ms
     95%   500.00us
     99%      8.00s
  HTTP codes:
    1xx - 0, 2xx - 980, 3xx - 0, 4xx - 5, 5xx - 10
    others - 10
  Errors:
    timeout - 6
    dial tcp 127.0.0.1:8080: connect: connection refused - 4
  Throughput:    50.12MB/s
"""
BOMBARDIER_JSON: dict[str, Any] = {
    "spec": {
        "numberOfConnections": 125, "testType": "timed", "testDurationSeconds": 10, "method": "GET",
        "url": "http://127.0.0.1:8080/x", "timeoutSeconds": 2, "client": "fasthttp",
    },
    "result": {
        "bytesRead": 1000, "bytesWritten": 500, "timeTakenSeconds": 10.0, "req1xx": 0, "req2xx": 980, "req3xx": 0,
        "req4xx": 5, "req5xx": 10, "others": 10,
        "errors": [{"description": "timeout", "count": 6}, {"description": "refused", "count": 4}],
        "latency": {
            "mean": 2770.0, "stddev": 1120.0, "max": 50_000,
            "percentiles": {"50": 2500, "75": 3000, "90": 4000, "95": 5000, "99": 8000},
        },
        "rps": {"mean": 100.5, "stddev": 1.0, "max": 150.0, "percentiles": {}},
    },
}  # fmt: skip
JTL_HEAD = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,"
    "grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
)
JTL = (
    JTL_HEAD
    + "".join(
        f"{1_700_000_000_000 + place * 10},{20 + place % 10},{'Home' if place % 2 else 'Buy, now'},200,OK,T 1-1,text,"
        f"true,,615,119,5,{5 + place % 3},http://h/,{10 + place % 10},0,1\n".replace("Buy, now", '"Buy, now"')
        for place in range(400)
    )
    + "1700000004000,10,Home,503,Service Unavailable,T 1-1,text,false,,10,1,5,5,http://h/,9,0,1\n"
    + "1700000004010,9,Home,200,OK,T 1-1,text,false,expected to contain /x/,10,1,5,5,http://h/,9,0,1\n"
    + "1700000004020,2000,Home,Non HTTP response code: java.net.SocketTimeoutException,"
    + "Non HTTP response message: Read timed out,T 1-1,,false,,0,0,5,5,http://h/,0,0,1\n"
    + '1700000004030,50,Whole,,"Number of samples in transaction : 2, number of failing samples : 0",T 1-1,,true'
    + ",,1,1,5,5,null,1,0,0\n"
)
JTL_XML = """<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="20" it="0" lt="11" ct="3" ts="1700000000000" s="true" lb="Home" rc="200" rm="OK" tn="T 1-1" na="3">
  <httpSample t="5" lt="4" ts="1700000000010" s="true" lb="logo.png" rc="200" rm="OK"/>
</httpSample>
<sample t="70" ts="1700000000100" s="false" lb="Buy all" rc="" rm="Number of samples in transaction : 2" na="4">
  <httpSample t="30" ts="1700000000100" s="true" lb="Cart" rc="200" rm="OK" na="4"/>
  <httpSample t="40" ts="1700000001130" s="false" lb="Pay" rc="500" rm="Internal Server Error" na="4">
    <assertionResult><name>x</name><failure>true</failure></assertionResult>
  </httpSample>
</sample>
<sample t="9" ts="1700000001500" s="true" lb="Query" rc="200" rm="OK" na="2"/>
</testResults>
"""


def k6_point(metric: str, at_s: float, value: float, **tags: str) -> str:
    """One line of k6."""
    moment = datetime.fromtimestamp(1_700_000_000 + at_s, tz=UTC).isoformat()
    return json.dumps({"metric": metric, "type": "Point", "data": {"time": moment, "value": value, "tags": tags}})


K6_TAGS = {"method": "GET", "name": "http://h/items", "status": "200", "expected_response": "true"}
K6 = "\n".join(
    [
        json.dumps({"type": "Metric", "data": {"name": "http_reqs", "type": "counter"}, "metric": "http_reqs"}),
        k6_point("vus", 0.5, 7),
        *[k6_point("http_req_duration", 0.1 + place / 100, 20 + place % 10, **K6_TAGS) for place in range(300)],
        k6_point("http_req_duration", 3.2, 40, **{**K6_TAGS, "status": "503", "expected_response": "false"}),
        k6_point(
            "http_req_duration",
            3.3,
            900,
            **{**K6_TAGS, "status": "0", "error": "request timeout", "error_code": "1050"},
        ),
        k6_point("dropped_iterations", 3, 4),
    ]
)
K6_CSV = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,"
    "status,subproto,tls_version,url,extra_tags,metadata\n"
    + "".join(
        f"http_reqs,{1_700_000_000 + place // 100},1.0,,,,true,,GET,http://h/,HTTP/1.1,default,,200,,,http://h/,,\n"
        f"http_req_duration,{1_700_000_000 + place // 100},{20 + place % 10}.5,,,,true,,GET,http://h/,HTTP/1.1,default,,200,,,http://h/,,\n"
        for place in range(300)
    )
)
GATLING = (
    "RUN\tshop.Simulation\tshop\t1700000000000\t \t3.9.5\n"
    "USER\tShop\tSTART\t1700000000000\nUSER\tShop\tSTART\t1700000000001\n"
    + "".join(
        f"REQUEST\t\tHome\t{1_700_000_000_000 + place * 10}\t{1_700_000_000_020 + place * 10}\tOK\t \n"
        for place in range(200)
    )
    + "REQUEST\t\tBuy\t1700000002000\t1700000002100\tKO\tstatus.find.in(200,201), but actually found 503\n"
    + "REQUEST\tgroup\tBuy\t1700000002000\t1700000002100\tKO\tRequest timeout to h after 60000 ms\n"
    + "USER\tShop\tEND\t1700000002200\nGROUP\tgroup\t1700000002000\t1700000002100\t100\tOK\n"
)
GATLING_OLD = (
    "shop.Simulation\tshop\tRUN\t1700000000000\t \t2.0\n"
    "Shop\t1\tREQUEST\t\tHome\t1700000000000\t1700000000010\t1700000000020\t1700000000030\tOK\t \n"
)


def gatling_stats(total: int, ko: int) -> dict[str, Any]:
    """Statistics as Gatling has them."""
    every = {"total": 20, "ok": 20, "ko": "-"}
    return {
        "name": "x", "numberOfRequests": {"total": total, "ok": total - ko, "ko": ko},
        "minResponseTime": {**every, "total": 1}, "maxResponseTime": {**every, "total": "250"},
        "meanResponseTime": every, "standardDeviation": {**every, "total": 5}, "percentiles1": {**every, "total": 18},
        "percentiles2": {**every, "total": 22}, "percentiles3": {**every, "total": 40},
        "percentiles4": {**every, "total": 80},
        "meanNumberOfRequestsPerSecond": {"total": total / 10, "ok": 1, "ko": 0},
    }  # fmt: skip


GATLING_JSON = {
    "type": "GROUP", "name": "All Requests", "path": "", "stats": gatling_stats(1000, 50),
    "contents": {
        "a": {"type": "REQUEST", "name": "Home", "stats": gatling_stats(600, 0)},
        "g": {
            "type": "GROUP", "name": "shop", "stats": gatling_stats(400, 50),
            "contents": {"b": {"type": "REQUEST", "name": "Buy", "stats": gatling_stats(400, 50)}},
        },
    },
}  # fmt: skip


def benchmark(name: str, data: list[float] | None = None) -> dict[str, Any]:
    """A benchmark as pytest-benchmark has it."""
    times = {
        "min": 0.001,
        "max": 0.25,
        "mean": 0.02,
        "stddev": 0.005,
        "median": 0.018,
        "q1": 0.012,
        "q3": 0.022,
        "iqr": 0.01,
    }
    stats = {**times, "rounds": 500, "iterations": 1, "ops": 50.0, "total": 10.0}
    return {
        "group": None,
        "name": name,
        "fullname": f"tests/t.py::{name}",
        "stats": stats | ({"data": data} if data else {}),
    }


PYTEST = {
    "machine_info": {},
    "commit_info": {},
    "benchmarks": [benchmark("test_a")],
    "datetime": "2026-01-01",
    "version": "5",
}
WRK2 = """Running 10s test @ http://127.0.0.1:8080/
  2 threads and 50 connections
  Thread calibration: mean lat.: 1.001ms, rate sampling interval: 10ms
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.00s     1.00s    4.00s    93.69%
    Req/Sec    50.00     10.00    60.00     86.54%
  1000 requests in 10.00s, 1.50MB read
Requests/sec:    100.00
Transfer/sec:    153.60KB
"""
EVERY: dict[str, str | dict[str, Any]] = {
    "ab": AB, "hey": HEY, "bombardier": BOMBARDIER, "bombardier JSON": BOMBARDIER_JSON, "JTL": JTL, "JTL XML": JTL_XML,
    "k6": K6, "k6 CSV": K6_CSV, "Gatling": GATLING, "Gatling 2": GATLING_OLD, "Gatling JSON": GATLING_JSON,
    "Gatling global": gatling_stats(1000, 50), "pytest-benchmark": PYTEST, "wrk2": WRK2,
}  # fmt: skip
