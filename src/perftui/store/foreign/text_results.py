"""Text of wrk and wrk2."""

from __future__ import annotations

import re

from perftui.model.interval import Counts
from perftui.model.record import LatencyStats
from perftui.store.foreign.result import Result, counts_of

_TIMES = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3, "h": 3600e3}
_SIZES = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_HEAD = re.compile(r"^Running (\S+) test @ (\S+)", re.MULTILINE)
_LOAD = re.compile(r"^\s+(\d+) threads and (\d+) connections", re.MULTILINE)
_LATENCY = re.compile(r"^\s+Latency\s+(\S+)\s+(\S+)\s+(\S+)", re.MULTILINE)
_QUANTILE = re.compile(r"^\s*(\d+(?:\.\d+)?)%\s+([\d.]+(?:us|ms|s|m|h))\s*$", re.MULTILINE)
_TOTAL = re.compile(r"^\s+(\d+) requests in ([\d.]+\w+), ([\d.]+)(\wB|B) read", re.MULTILINE)
_SOCKETS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_STATUSES = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
_UNCORRECTED = "Uncorrected Latency"
_CORRECTED = "Recorded Latency"
_OF_WRK2 = re.compile(r"^\s+Thread calibration: |^\s+Thread Stats\s+Avg\s+Stdev\s+99%", re.MULTILINE)
"""What only wrk2 prints, with and without --latency."""
_FIELDS = {50.0: "p50", 75.0: "p75", 90.0: "p90", 95.0: "p95", 99.0: "p99", 99.9: "p99_9"}


def is_wrk(text: str) -> bool:
    """Whether the text is what wrk or wrk2 prints."""
    return _HEAD.search(text) is not None and "Thread Stats" in text


def wrk(text: str) -> Result:
    """The text of `wrk` or `wrk2`, with or without `--latency` and `--u_latency`.

    Raises:
        ValueError: it has no totals.
    """
    head, total = _HEAD.search(text), _TOTAL.search(text)
    if head is None or total is None:
        raise ValueError("no line `... requests in ...`: the output is cut off")
    corrected, _, uncorrected = text.partition(_UNCORRECTED)
    is_wrk2 = _CORRECTED in text or _UNCORRECTED in text or _OF_WRK2.search(text) is not None
    sockets, statuses = _SOCKETS.search(text), _STATUSES.search(text)
    connect, read, write, late = (int(found) for found in sockets.groups()) if sockets else (0, 0, 0, 0)
    bad = int(statuses[1]) if statuses else 0
    answered = int(total[1])
    shown = _times(corrected, answered)
    load = _LOAD.search(text)
    rate = _RATE.search(text)
    lacks = ["no operations", "its times hold answers with error statuses too"]
    if late:
        lacks.append("requests that timed out may be counted in its requests as well, once they were answered")
    if is_wrk2:
        lacks.append("not the asked rate")
    return Result(
        tool="wrk2" if is_wrk2 else "wrk",
        url=head[2],
        mode="rate" if is_wrk2 else "users",
        level=float(rate[1]) if is_wrk2 and rate else float(load[2]) if load else 0.0,
        duration_s=_ms(total[2]) / 1e3,
        counts=_counts(answered, bad, connect + read + write, late),
        error_classes=_classes(bad, connect, read, write, late),
        rate_per_s=float(rate[1]) if rate else 0.0,
        received_bytes=round(float(total[3]) * _SIZES.get(total[4], 1)),
        service_time_ms=_times(uncorrected, answered)
        if is_wrk2 and uncorrected
        else LatencyStats()
        if is_wrk2
        else shown,
        response_time_ms=shown if is_wrk2 else LatencyStats(),
        lacks=tuple(lacks),
    )


def _counts(answered: int, bad: int, sockets: int, late: int) -> Counts:
    return counts_of(answered + sockets + late, bad + sockets + late, timeouts=late)


def _classes(bad: int, connect: int, read: int, write: int, late: int) -> dict[str, int]:
    named = {"status": bad, "connect": connect, "read": read, "write": write, "timeout": late}
    return {name: count for name, count in named.items() if count}


def _times(text: str, answered: int) -> LatencyStats:
    if not answered:
        return LatencyStats()
    fields: dict[str, float] = {}
    latency = _LATENCY.search(text)
    if latency:
        # wrk2 has the 99th percentile where wrk has the maximum.
        last = "p99" if re.search(r"Thread Stats\s+Avg\s+Stdev\s+99%", text) else "max"
        fields = {"mean": _ms(latency[1]), "stddev": _ms(latency[2]), last: _ms(latency[3])}
    for share, value in _QUANTILE.findall(text):
        name = _FIELDS.get(float(share))
        if name and name not in fields:
            fields[name] = _ms(value)
    return LatencyStats(count=answered, **fields) if fields else LatencyStats()


def _ms(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text)
    return float(found[1]) * _TIMES[found[2]] if found else 0.0
