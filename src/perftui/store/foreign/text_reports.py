"""Text of ab, hey and bombardier."""

from __future__ import annotations

import re

from perftui.model.record import LatencyStats
from perftui.model.text import safe_text
from perftui.store.foreign.json_reports import BOMBARDIER_LACKS
from perftui.store.foreign.result import Result, counts_of

_UNITS = {"us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3, "h": 3600e3}
_FIELDS = {50.0: "p50", 75.0: "p75", 90.0: "p90", 95.0: "p95", 99.0: "p99", 99.9: "p99_9"}
_AB_QUANTILE = re.compile(r"^ +(\d+)% +(\d+)", re.MULTILINE)
_AB_TOTAL = re.compile(r"^Total: +(\d+) +(\d+) +([\d.]+) +(\d+) +(\d+)", re.MULTILINE)
_AB_FAILED = re.compile(r"\(Connect: (\d+), Receive: (\d+), Length: (\d+), Exceptions: (\d+)\)")
_HEY_QUANTILE = re.compile(r"^ +(\d+(?:\.\d+)?)%+ in ([\d.]+) secs", re.MULTILINE)
_HEY_COUNT = re.compile(r"^ +\[(\d+)\]\t(.*)$", re.MULTILINE)
_BOMBARDIER_HEAD = re.compile(
    r"^Bombarding (\S+) (?:for \S+|with \d+ request\(s\)).* using (\d+) connection", re.MULTILINE
)
_BOMBARDIER_ROW = re.compile(
    r"^ +(Reqs/sec|Latency) +([\d.]+)(\D{0,2}?) +([\d.]+)(\D{0,2}?) +([\d.]+)(\D{0,2}?)\s*$", re.MULTILINE
)
_BOMBARDIER_QUANTILE = re.compile(r"^ +(\d+(?:\.\d+)?)% +([\d.]+)(us|µs|μs|ms|s|m|h)\s*$", re.MULTILINE)
_BOMBARDIER_CODES = re.compile(r"([1-5])xx - (\d+)")
_BOMBARDIER_OTHERS = re.compile(r"^ +others - (\d+)", re.MULTILINE)
_BOMBARDIER_ERROR = re.compile(r"^ {4,}(.*\S) - (\d+)\s*$", re.MULTILINE)


def is_ab(text: str) -> bool:
    """Whether the text is what ApacheBench prints."""
    return text.lstrip().startswith("This is ApacheBench") or (
        "Time taken for tests:" in text and "Complete requests:" in text
    )


def ab(text: str) -> Result:
    """The text of `ab` (whole milliseconds).

    Raises:
        ValueError: it has no totals.
    """
    made, seconds = _after(text, "Complete requests"), _after(text, "Time taken for tests")
    if made is None or seconds is None:
        raise ValueError("no line `Complete requests:`: the output is cut off")
    bad = _after(text, "Non-2xx responses") or 0.0
    kinds = _AB_FAILED.search(text)
    connect, receive, length, exceptions = map(int, kinds.groups()) if kinds else (0, 0, 0, 0)
    # A page that is made anew each time has another length and is no failure.
    failed = min(made, connect + receive + exceptions + bad)
    total = _AB_TOTAL.search(text)
    times: dict[str, float] = {}
    if total:
        times = {"min": float(total[1]), "mean": float(total[2]), "stddev": float(total[3]), "max": float(total[5])}
        times["p50"] = float(total[4])
    times |= {_FIELDS[float(share)]: float(ms) for share, ms in _AB_QUANTILE.findall(text) if float(share) in _FIELDS}
    named = {"status": round(bad), "connect": connect, "receive": receive, "exceptions": exceptions}
    host, port, path = (_text_after(text, name) for name in ("Server Hostname", "Server Port", "Document Path"))
    scheme = "https" if "SSL/TLS Protocol:" in text else "http"
    lacks = ["no operations", "times are whole milliseconds", "its times hold failed requests too"]
    lacks += ["timeouts are not told from other errors"]
    if length:
        lacks.append(f"{length:,} answers of another length than the first, failures to ab, are not counted as failed")
    return Result(
        tool="ab",
        url=f"{scheme}://{host}:{port}{path}" if host else "",
        level=_after(text, "Concurrency Level") or 0.0,
        duration_s=seconds,
        counts=counts_of(made, failed),
        error_classes={name: count for name, count in named.items() if count},
        rate_per_s=_after(text, "Requests per second") or 0.0,
        received_bytes=round(_after(text, "Total transferred") or 0.0),
        sent_bytes=round(_after(text, "Total body sent") or 0.0),
        service_time_ms=LatencyStats(count=round(made), **times) if made and times else LatencyStats(),
        lacks=tuple(lacks),
    )


def is_hey(text: str) -> bool:
    """Whether the text is what hey prints."""
    return "Status code distribution:" in text and "Requests/sec:" in text and "Summary:" in text


def hey(text: str) -> Result:
    """The text of `hey` (seconds, four digits).

    Raises:
        ValueError: it has no totals.
    """
    seconds = _after(text, "Total")
    if seconds is None:
        raise ValueError("no line `Total:`: the output is cut off")
    _, _, rest = text.partition("Status code distribution:")
    codes_text, _, errors_text = rest.partition("Error distribution:")
    codes = {
        code: int(said.split()[0])
        for code, said in _HEY_COUNT.findall(codes_text)
        if said.split()[:1] and said.split()[0].isdecimal()
    }
    errors = {safe_text(said, 100): int(count[:15]) for count, said in _HEY_COUNT.findall(errors_text)}
    answered, lost = sum(codes.values()), sum(errors.values())
    late = sum(count for said, count in errors.items() if "timeout" in said.lower() or "deadline" in said.lower())
    bad = {f"http.{code}": count for code, count in codes.items() if int(code[:9]) >= 400}
    times = {
        _FIELDS[float(share)]: float(value) * 1e3
        for share, value in _HEY_QUANTILE.findall(text)
        if float(share) in _FIELDS
    }
    for field, name in (("mean", "Average"), ("min", "Fastest"), ("max", "Slowest")):
        times[field] = (_after(text, name) or 0.0) * 1e3
    return Result(
        tool="hey",
        duration_s=seconds,
        counts=counts_of(answered + lost, sum(bad.values()) + lost, timeouts=late),
        error_classes=bad | errors,
        received_bytes=round(_after(text, "Total data") or 0.0),
        service_time_ms=LatencyStats(count=answered, **times) if answered else LatencyStats(),
        lacks=("no URL, method or number of connections", "its times hold answers with error statuses too"),
    )


def is_bombardier(text: str) -> bool:
    """Whether the text is what bombardier prints."""
    return "Statistics        Avg" in text and "HTTP codes:" in text


def bombardier(text: str) -> Result:
    """The text of `bombardier`, with or without `-l`.

    Raises:
        ValueError: it has no totals.
    """
    codes = {int(first): int(count[:15]) for first, count in _BOMBARDIER_CODES.findall(text)}
    others = _BOMBARDIER_OTHERS.search(text)
    rows = {row[1]: row for row in _BOMBARDIER_ROW.finditer(text)}
    if len(codes) < 5 or others is None or "Reqs/sec" not in rows:
        raise ValueError("no statistics or no `HTTP codes:` in it: the output is cut off")
    errors_text = text.partition("  Errors:")[2].partition("  Throughput:")[0]
    errors = {safe_text(name, 100): int(count[:15]) for name, count in _BOMBARDIER_ERROR.findall(errors_text)}
    answered, unanswered = sum(codes.values()), int(others[1][:15])
    bad = codes[4] + codes[5]
    late = min(unanswered, sum(count for name, count in errors.items() if "timeout" in name or "timed out" in name))
    times: dict[str, float] = {}
    if row := rows.get("Latency"):
        for at, field in ((2, "mean"), (4, "stddev"), (6, "max")):
            times[field] = float(row[at]) * _UNITS.get(row[at + 1].strip(), 1.0)
    for share, value, unit in _BOMBARDIER_QUANTILE.findall(text):
        if float(share) in _FIELDS:
            times[_FIELDS[float(share)]] = float(value) * _UNITS[unit]
    head = _BOMBARDIER_HEAD.search(text)
    rate = float(rows["Reqs/sec"][2])
    made = answered + unanswered
    return Result(
        tool="bombardier",
        url=head[1] if head else "",
        level=float(head[2][:9]) if head else 0.0,
        duration_s=made / rate if rate else 0.0,
        counts=counts_of(made, bad + unanswered, timeouts=late),
        error_classes={f"{first}xx": codes[first] for first in (4, 5) if codes[first]} | errors,
        rate_per_s=rate,
        service_time_ms=LatencyStats(count=made, **times) if answered and times else LatencyStats(),
        lacks=(*BOMBARDIER_LACKS, "how long it took is worked out from its rate"),
    )


def _after(text: str, name: str) -> float | None:
    """The number after a name and a colon at the beginning of a line."""
    found = re.search(rf"^\s*{re.escape(name)}:\s+([\d.]+)", text, re.MULTILINE)
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None


def _text_after(text: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}:[ \t]+(\S+)", text, re.MULTILINE)
    return found[1] if found else ""
