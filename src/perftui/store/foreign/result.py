"""What a result of another tool says, as a record of ours."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from perftui.model.interval import Counts, Interval
from perftui.model.plan import Load, Mode, Plan, Stage, Target
from perftui.model.record import Environment, LatencyStats, Record, Stats, Summary, Trust
from perftui.model.text import safe_text
from perftui.model.units import fraction_of, to_digits
from perftui.store.loading import LoadedRun
from perftui.store.safe_reading import safe_struct

UNKNOWN_URL = "http://unknown.invalid"
_NO_SERIES = "no time series: how sure a change is cannot be said"
_NO_TRUST = "does not say whether the generator itself kept up"


class Result(Struct, frozen=True, kw_only=True):
    """The numbers of one result. Times are milliseconds; what is unknown stays 0 and is named in `lacks`."""

    tool: str
    url: str = ""
    mode: Mode = "users"
    level: float = 0.0
    """Users (connections) or arrivals per second; 0: unknown."""
    duration_s: float = 0.0
    counts: Counts = Counts()
    error_classes: dict[str, int] = {}
    rate_per_s: float = 0.0
    received_bytes: int = 0
    sent_bytes: int = 0
    service_time_ms: LatencyStats = LatencyStats()
    response_time_ms: LatencyStats = LatencyStats()
    operations: dict[str, Stats] = {}
    intervals: tuple[Interval, ...] = ()
    started_at: str = ""
    lacks: tuple[str, ...] = ()


def loaded(result: Result, path: Path, data: bytes) -> LoadedRun:
    """The result as a run. Its id is made from the file's name and content."""
    total = stats(
        result.counts, result.duration_s, result.service_time_ms, result.response_time_ms, result.error_classes
    )
    if result.rate_per_s > 0:
        share = result.counts.ok / result.counts.started if result.counts.started else 0.0
        total = replace(
            total, rate_per_s=to_digits(result.rate_per_s), throughput_per_s=to_digits(result.rate_per_s * share)
        )
    total = replace(total, received_bytes=result.received_bytes, sent_bytes=result.sent_bytes)
    stage = Stage(duration_s=result.duration_s, to=result.level)
    plan = Plan(
        name=result.tool,
        title=f"result of {result.tool}",
        target=Target(url=_url(result.url)),
        load=Load(mode=result.mode, stages=(stage,), start_level=result.level),
    )
    record = Record(
        id=f"{result.tool}-{_name(path)}-{hashlib.sha256(data).hexdigest()[:8]}",
        label=safe_text(path.name),
        status="finished",
        started_at=safe_text(result.started_at),
        plan=plan,
        environment=Environment(metric_definitions=0, workers=0),
        trust=Trust(),
        whole_run=result.counts,
        summary=Summary(duration_s=result.duration_s, total=total, operations=result.operations),
    )
    lacks = [*result.lacks, *_lacking_times(result), _NO_TRUST]
    if not result.intervals:
        lacks.append(_NO_SERIES)
    return LoadedRun(
        record=safe_struct(record),
        intervals=result.intervals,
        path=path,
        foreign_lacks=tuple(safe_text(f"{result.tool}: {lack}") for lack in lacks),
    )


def _url(text: str) -> str:
    """The URL as it is shown; the unknown one where there is none, or it is none."""
    url = safe_text(text)
    try:
        return url if urlsplit(url).port != 0 and url else UNKNOWN_URL
    except ValueError:
        return UNKNOWN_URL


def _name(path: Path) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in safe_text(path.stem, 40))
    return kept.encode("ascii", "ignore").decode().strip("-").lower() or "result"


def _lacking_times(result: Result) -> list[str]:
    times = result.service_time_ms if result.service_time_ms.count else result.response_time_ms
    missing = [
        name.replace("_", ".")
        for name in ("p50", "p75", "p90", "p95", "p99", "p99_9", "mean", "stddev", "min", "max")
        if not getattr(times, name)
    ]
    lines = [f"no {', '.join(missing)} of the times"] if missing and times.count else []
    if not times.count:
        lines.append("no times")
    if not result.response_time_ms.count:
        lines.append("times count from the actual, not the intended start")
    return lines


def stats(
    counts: Counts,
    duration_s: float,
    service: LatencyStats,
    response: LatencyStats | None = None,
    error_classes: Mapping[str, int] | None = None,
) -> Stats:
    """Counts and times as the statistics of an operation or of the total."""
    failed = counts.errors + counts.timeouts + counts.dropped
    judged = counts.ok + failed
    return Stats(
        counts=counts,
        error_classes={safe_text(name): count for name, count in (error_classes or {}).items()},
        rate_per_s=to_digits(counts.started / duration_s) if duration_s > 0 else 0.0,
        throughput_per_s=to_digits(counts.ok / duration_s) if duration_s > 0 else 0.0,
        attained=fraction_of(counts.ok, counts.scheduled),
        error_rate=fraction_of(failed, judged),
        timeout_rate=fraction_of(counts.timeouts, judged),
        service_time_ms=service,
        response_time_ms=response or LatencyStats(),
    )


def counts_of(requests: float, failed: float, *, timeouts: float = 0, dropped: float = 0) -> Counts:
    """Outcomes of requests of which some failed; timeouts are part of the failed ones, dropped are not of the requests.

    Raises:
        ValueError: a number is negative, not finite, or more failed than were made.
    """
    numbers = (requests, failed, timeouts, dropped)
    if not all(math.isfinite(number) and 0 <= number < 2**53 for number in numbers):
        raise ValueError("a count is negative or not finite")
    made, bad, late, never = (round(number) for number in numbers)
    if bad > made or late > bad:
        raise ValueError(f"{bad:,} of {made:,} requests failed")
    return Counts(scheduled=made + never, started=made, ok=made - bad, errors=bad - late, timeouts=late, dropped=never)


def number(value: object, where: str) -> float:
    """A finite number that is not negative.

    Raises:
        ValueError: it is none; the message has the place.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{where}: {safe_text(repr(value), 40)} is not a number of zero or more")
    return float(value)
