"""Limits on the generator itself, second by second: the table of what degrades a run and what makes it invalid.

    signal                                   degraded                  invalid
    start_delay p99 (rate mode)              > max(2 ms, 5 % of p50)   > max(20 ms, 25 % of p50)
    loop lag                                 p99 > 10 ms, or > 100 ms  > 100 ms twice
    CPU of a worker, 3 s in a row            > 80 %                    > 95 %
    busiest core of the host, 3 s in a row   > 80 % (remote target)    -
    control group throttled                  > 0                       > 10 % of its periods
    CPU stolen by the hypervisor             > 5 %                     -
    requests waiting at the in-flight cap    > 0                       > 5 % of the time
    GC pause                                 > 5 ms                    > 100 ms
    errors of the generator itself           -                         >= 1
    machine was suspended                    -                         > 0
    worker unresponsive or lost              yes                       -

p50 is that of the service times. While requests wait at the cap (or at the plan's limit of connections), their start
delay is the cap's doing and is judged there: it would otherwise make a run invalid long before 5 % of its time.
How seconds add up to a run: metrics/trust.py.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from perftui.metrics.sparse import Sparse
from perftui.model.interval import Interval, TrustReason, TrustVerdict, WorkerHealth
from perftui.model.plan import Plan
from perftui.model.units import format_ms

START_DELAY_MS = (2.0, 20.0)
START_DELAY_OF_P50 = (0.05, 0.25)
LAG_P99_MS = 10.0
LAG_TWICE_MS = 100.0
WORKER_CPU = (80.0, 95.0)
HOST_CORE = 80.0
IN_A_ROW = 3
THROTTLED = (0.0, 10.0)
STEAL = 5.0
AT_CAP = (0.0, 0.05)
GC_PAUSE_MS = (5.0, 100.0)


def is_local(plan: Plan) -> bool:
    """Whether the target shares this machine, as far as its URL tells."""
    return bool(plan.target.unix_socket) or _is_loopback(plan.target.url)


@lru_cache(maxsize=64)
def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def start_delay_limits(p50_ms: float) -> tuple[float, float]:
    """Limits of the start delay's p99 in ms (degraded, invalid), given the median service time."""
    degraded, invalid = (
        max(least, share * p50_ms) for least, share in zip(START_DELAY_MS, START_DELAY_OF_P50, strict=True)
    )
    return degraded, invalid


def above(value: float, limits: tuple[float, float]) -> TrustVerdict:
    """Which of two limits (degraded, invalid) a value exceeds."""
    if value > limits[1]:
        return "invalid"
    return "degraded" if value > limits[0] else "valid"


def client_errors_text(count: int) -> str:
    """What failed requests of the generator's own are called."""
    return f"{count:,} request{'s' if count != 1 else ''} failed in the generator itself"


def cap_text(plan: Plan) -> str:
    """What requests wait at when too many are on their way: the limit that the plan sets is the lower one."""
    load = plan.load
    if 0 < load.connections < load.in_flight_cap:
        return f"the limit of {load.connections:,} connection{'s' if load.connections != 1 else ''}"
    return f"the in-flight cap of {load.in_flight_cap:,}"


def median_service_ms(interval: Interval) -> float:
    """Median service time of everything answered in an interval; 0 when nothing was."""
    held = [cell.service_time for cells in interval.cells.values() for cell in cells.values()]
    return Sparse.merged((), held).quantiles_us((0.5,))[0] / 1e3


def second_reasons(interval: Interval, plan: Plan, earlier: Sequence[Interval] = ()) -> Iterator[TrustReason]:
    """What is wrong with the generator in one interval.

    Args:
        interval: The interval to judge.
        plan: What the run does.
        earlier: The intervals before it, oldest first; the last two are needed for what must last 3 s.
    """
    at_s = interval.at_s
    recent = (*earlier, interval)[-IN_A_ROW:] if len(earlier) >= IN_A_ROW - 1 else ()
    p50_ms: float | None = None
    for health in interval.workers:
        who = f"worker {health.worker}"
        if health.state != "ok":
            yield TrustReason(code="worker", verdict="degraded", detail=f"{who} is {health.state}", at_s=at_s)
            continue
        if plan.load.mode == "rate" and health.start_delay_p99_ms > START_DELAY_MS[0] and health.at_cap_s <= 0:
            p50_ms = median_service_ms(interval) if p50_ms is None else p50_ms
            limits = start_delay_limits(p50_ms)
            verdict = above(health.start_delay_p99_ms, limits)
            if verdict != "valid":
                yield TrustReason(
                    code="start_delay",
                    verdict=verdict,
                    detail=f"{who} started requests {format_ms(health.start_delay_p99_ms)} ms late (p99), "
                    f"limit {format_ms(limits[verdict == 'invalid'])} ms",
                    at_s=at_s,
                )
        yield from _process_reasons(health, interval, plan, who)
        if recent:
            busy = min(_cpu_of(health.worker, second) for second in recent)
            if (verdict := above(busy, WORKER_CPU)) != "valid":
                yield TrustReason(
                    code="worker_cpu",
                    verdict=verdict,
                    detail=f"{who} used {busy:.0f} % of its core or more for {IN_A_ROW} s, "
                    f"limit {WORKER_CPU[verdict == 'invalid']:.0f} %",
                    at_s=at_s,
                )
    yield from _host_reasons(interval, plan, recent)
    failures = sum(cell.counts.client_errors for cells in interval.cells.values() for cell in cells.values())
    if failures:
        yield TrustReason(code="client_errors", verdict="invalid", detail=client_errors_text(failures), at_s=at_s)


def _process_reasons(health: WorkerHealth, interval: Interval, plan: Plan, who: str) -> Iterator[TrustReason]:
    at_s = interval.at_s
    if health.loop_lag_p99_ms > LAG_P99_MS or health.loop_lag_over_100ms:
        verdict: TrustVerdict = "invalid" if health.loop_lag_over_100ms > 1 else "degraded"
        worst = max(health.loop_lag_p99_ms, health.loop_lag_max_ms)
        limit = LAG_TWICE_MS if health.loop_lag_over_100ms else LAG_P99_MS
        detail = f"{who} was held up for {format_ms(worst)} ms, limit {limit:.0f} ms"
        yield TrustReason(code="loop_lag", verdict=verdict, detail=detail, at_s=at_s)
    if (verdict := above(health.gc_pause_max_ms, GC_PAUSE_MS)) != "valid":
        limit = GC_PAUSE_MS[verdict == "invalid"]
        detail = f"{who} paused {format_ms(health.gc_pause_max_ms)} ms for garbage collection, limit {limit:.0f} ms"
        yield TrustReason(code="gc", verdict=verdict, detail=detail, at_s=at_s)
    share = health.at_cap_s / interval.duration_s if interval.duration_s > 0 else 0.0
    if (verdict := above(share, AT_CAP)) != "valid":
        detail = f"requests of {who} waited at {cap_text(plan)} for {health.at_cap_s:.2g} s"
        yield TrustReason(code="at_cap", verdict=verdict, detail=detail, at_s=at_s)


def _host_reasons(interval: Interval, plan: Plan, recent: Sequence[Interval]) -> Iterator[TrustReason]:
    host, at_s = interval.host, interval.at_s
    if recent and not is_local(plan):
        busy = min(second.host.cpu_max_core_percent for second in recent)
        if busy > HOST_CORE:
            detail = f"a core of this machine was {busy:.0f} % busy or more for {IN_A_ROW} s, limit {HOST_CORE:.0f} %"
            yield TrustReason(code="host_cpu", verdict="degraded", detail=detail, at_s=at_s)
    if (verdict := above(host.throttled_percent, THROTTLED)) != "valid":
        detail = f"the CPU quota held this machine back in {host.throttled_percent:.1f} % of its periods"
        yield TrustReason(code="throttled", verdict=verdict, detail=detail, at_s=at_s)
    if host.steal_percent > STEAL:
        detail = f"the hypervisor took {host.steal_percent:.1f} % of the CPU, limit {STEAL:.0f} %"
        yield TrustReason(code="steal", verdict="degraded", detail=detail, at_s=at_s)
    if host.suspended_s > 0:
        detail = f"this machine was suspended for {host.suspended_s:.1f} s"
        yield TrustReason(code="suspended", verdict="invalid", detail=detail, at_s=at_s)


def _cpu_of(worker: int, interval: Interval) -> float:
    return next((health.cpu_percent for health in interval.workers if health.worker == worker), 0.0)
