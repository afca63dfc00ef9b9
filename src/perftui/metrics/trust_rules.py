"""What may have made the generator late, second by second: causes, each with the limit from which on it is named.

    cause                                    named from
    start_delay p99 (rate mode)              > max(2 ms, 5 % of p50)
    loop lag                                 p99 > 10 ms, or > 100 ms once
    CPU of a worker, 3 s in a row            > 80 %
    busiest core of the host, 3 s in a row   > 80 % (remote target)
    control group throttled                  > 0
    CPU stolen by the hypervisor             > 5 %
    requests waiting at the in-flight cap    > 0
    GC pause                                 > 5 ms
    worker unresponsive or lost              yes
    errors of the generator itself           >= 1: the second, and the run, are invalid
    machine was suspended                    > 0:  the second, and the run, are invalid

p50 is that of the service times. While requests wait at the cap (or at the plan's limit of connections), their start
delay is the cap's doing and is named there. What all this did to the numbers: metrics/trust.py.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from perftui.metrics.machines import which
from perftui.metrics.sparse import Sparse
from perftui.model.interval import Interval, TrustReason, WorkerHealth
from perftui.model.plan import Plan
from perftui.model.units import format_ms

START_DELAY_MS = 2.0
START_DELAY_OF_P50 = 0.05
LAG_P99_MS = 10.0
LAG_ONCE_MS = 100.0
WORKER_CPU = 80.0
HOST_CORE = 80.0
IN_A_ROW = 3
STEAL = 5.0
GC_PAUSE_MS = 5.0
BUSY = 0.9
"""Share of the time that workers ran or waited for a core, above which they are the limit of users at full speed."""
AT_ONCE = frozenset({"client_errors", "suspended", "worker", "worker_cpu", "host_cpu", "throttled", "held_up"})
"""Named for a run that had them in any second; the others in more than 5 % of its seconds."""


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


def start_delay_limit(p50_ms: float) -> float:
    """From which start delay (p99, ms) on it is named, given the median service time."""
    return max(START_DELAY_MS, START_DELAY_OF_P50 * p50_ms)


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


def second_causes(interval: Interval, plan: Plan, earlier: Sequence[Interval] = ()) -> Iterator[TrustReason]:
    """What was not as it should be with the generator in one interval.

    Args:
        interval: The interval to judge.
        plan: What the run does.
        earlier: The intervals before it, oldest first; the last two are needed for what must last 3 s.
    """
    recent = (*earlier, interval)[-IN_A_ROW:] if len(earlier) >= IN_A_ROW - 1 else ()
    for code, detail in _causes(interval, plan, recent):
        yield TrustReason(code=code, verdict="valid", detail=detail, at_s=interval.at_s)
    failures = sum(cell.counts.client_errors for cells in interval.cells.values() for cell in cells.values())
    if failures:
        detail = client_errors_text(failures)
        yield TrustReason(code="client_errors", verdict="invalid", detail=detail, at_s=interval.at_s)
    if interval.host.suspended_s > 0:
        detail = f"{which(interval, 'suspended_s')} was suspended for {interval.host.suspended_s:.1f} s"
        yield TrustReason(code="suspended", verdict="invalid", detail=detail, at_s=interval.at_s)


def _causes(interval: Interval, plan: Plan, recent: Sequence[Interval]) -> Iterator[tuple[str, str]]:
    """Codes and words."""
    p50_ms: float | None = None
    for health in interval.workers:
        who = f"worker {health.worker}"
        if health.state != "ok":
            yield "worker", f"{who} is {health.state}"
            continue
        if plan.load.mode == "rate" and health.start_delay_p99_ms > START_DELAY_MS and health.at_cap_s <= 0:
            p50_ms = median_service_ms(interval) if p50_ms is None else p50_ms
            limit = start_delay_limit(p50_ms)
            if health.start_delay_p99_ms > limit:
                late = f"{who} started requests {format_ms(health.start_delay_p99_ms)} ms late (p99)"
                yield "start_delay", f"{late}, limit {format_ms(limit)} ms"
        yield from _of_process(health, plan, who)
        if recent:
            busy = min(_cpu_of(health.worker, second) for second in recent)
            if busy > WORKER_CPU:
                used = f"{who} used {busy:.0f} % of its core or more for {IN_A_ROW} s"
                yield "worker_cpu", f"{used}, limit {WORKER_CPU:.0f} %"
    yield from _of_host(interval, plan, recent)


def _of_process(health: WorkerHealth, plan: Plan, who: str) -> Iterator[tuple[str, str]]:
    if health.loop_lag_over_100ms:
        yield "held_up", f"{who} was held up for {format_ms(health.loop_lag_max_ms)} ms, limit {LAG_ONCE_MS:.0f} ms"
    elif health.loop_lag_p99_ms > LAG_P99_MS:
        late = f"{who} was {format_ms(health.loop_lag_p99_ms)} ms late (p99) to look at answers"
        yield "loop_lag", f"{late}, limit {LAG_P99_MS:.0f} ms"
    if health.gc_pause_max_ms > GC_PAUSE_MS:
        paused = f"{who} paused {format_ms(health.gc_pause_max_ms)} ms for garbage collection"
        yield "gc", f"{paused}, limit {GC_PAUSE_MS:.0f} ms"
    if health.at_cap_s > 0:
        yield "at_cap", f"requests of {who} waited at {cap_text(plan)} for {health.at_cap_s:.2g} s"


def _of_host(interval: Interval, plan: Plan, recent: Sequence[Interval]) -> Iterator[tuple[str, str]]:
    host = interval.host
    if recent and not is_local(plan):
        busy = min(second.host.cpu_max_core_percent for second in recent)
        if busy > HOST_CORE:
            used = f"a core of {which(interval, 'cpu_max_core_percent')} was {busy:.0f} % busy or more for {IN_A_ROW} s"
            yield "host_cpu", f"{used}, limit {HOST_CORE:.0f} %"
    if host.throttled_percent > 0:
        held = which(interval, "throttled_percent")
        yield "throttled", f"the CPU quota held {held} back in {host.throttled_percent:.1f} % of its periods"
    if host.steal_percent > STEAL:
        yield "steal", f"the hypervisor took {host.steal_percent:.1f} % of the CPU, limit {STEAL:.0f} %"


def _cpu_of(worker: int, interval: Interval) -> float:
    return next((health.cpu_percent for health in interval.workers if health.worker == worker), 0.0)
