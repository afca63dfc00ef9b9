"""What an objective's text means: metric names and limits such as `< 500ms`, in one place for every layer."""

from __future__ import annotations

import math
import re
from typing import Literal

from perftui.model.plan import Frozen
from perftui.model.units import format_bytes, format_ms, format_percent, parse_duration, parse_size

TIME_METRICS = ("response_time", "service_time", "start_delay", "error_time", "hit_time", "miss_time")
ANSWER_TIMES = ("response_time.", "service_time.")
"""Starts of metrics that no limit survives when nothing was answered."""
STATISTICS = ("p50", "p75", "p90", "p95", "p99", "p99_9", "mean", "max", "min", "stddev", "iqr")
FRACTION_METRICS = ("error_rate", "timeout_rate", "success_rate", "attained", "hit_rate")
RATE_METRICS = ("throughput", "rate")
OWN_TIMES = (
    "connect_time", "round_trip", "first_event", "event_gap", "page_load", "first_paint", "last_long_task",
    "interactive",
)  # fmt: skip
"""Times that only some protocols have."""
OWN_RATES = ("messages_sent", "messages_received", "events")
"""What only some protocols have, counted per second."""
OWN_MEANS: dict[str, str] = {"page_requests": "pages", "page_bytes": "pages"}
"""The same as a mean for each of something that is counted, too."""
OWN_METRICS: tuple[str, ...] = (
    *(f"{time}.{statistic}" for time in OWN_TIMES for statistic in STATISTICS),
    *OWN_RATES,
    *OWN_MEANS,
)
METRICS: tuple[str, ...] = (
    *(f"{time}.{statistic}" for time in TIME_METRICS for statistic in STATISTICS),
    *FRACTION_METRICS,
    *RATE_METRICS,
    *OWN_METRICS,
)
"""Every name that follows from requests alone."""
_HIGHER_IS_BETTER = frozenset({"throughput", "rate", "success_rate", "attained", "hit_rate", *OWN_RATES})
SAMPLED: dict[str, tuple[str, str]] = {
    "host.cpu": ("cpu_percent", "mean"),
    "host.memory": ("memory_percent", "max"),
    "host.disk_read": ("disk_read_bytes", "mean"),
    "host.disk_written": ("disk_write_bytes", "mean"),
    "host.net_received": ("net_received_bytes", "mean"),
    "host.net_sent": ("net_sent_bytes", "mean"),
    "target.cpu": ("target_cpu_percent", "mean"),
    "target.memory": ("target_memory_bytes", "max"),
    "target.threads": ("target_threads", "max"),
    "target.open_files": ("target_open_files", "max"),
    "remote.cpu": ("remote_cpu_percent", "mean"),
    "remote.memory": ("remote_memory_percent", "max"),
    "connections": ("open_connections", "max"),
}
"""What is sampled once a second: its name in a record's `host`, and the statistic that is judged when none is named."""
SAMPLE_STATISTICS = ("mean", "p95", "max")
GROWTH_METRICS = ("target.memory_growth", "target.memory_added")
"""Memory of the target's process by its slope: per hour, and over the run."""
CHECK = "check."
"""`check.NAME`: the share of judged answers on which the check of that name held."""
OBJECTIVE_METRICS: tuple[str, ...] = (
    *METRICS,
    *(name for sampled in SAMPLED for name in (sampled, *(f"{sampled}.{each}" for each in SAMPLE_STATISTICS))),
    *GROWTH_METRICS,
)
"""Every fixed name an objective may have; checks have names of their own."""

Unit = Literal["ms", "fraction", "per_s", "percent", "bytes", "bytes_per_s", "bytes_per_h", "count"]
Operator = Literal["<", "<=", ">", ">="]
_LIMIT = re.compile(r"\s*(<=|>=|<|>)\s*(\S.*?)\s*")
_MARKED = re.compile(r"(?<=\d),(?=\d{3})")
"""Between thousands: records hold limits as they are shown."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Limit(Frozen, frozen=True, kw_only=True):
    """A bound on a metric, in the metric's unit."""

    operator: Operator
    value: float
    """In its unit."""
    unit: Unit

    def holds(self, value: float) -> bool:
        """Whether the measured value keeps the limit."""
        match self.operator:
            case "<":
                return value < self.value
            case "<=":
                return value <= self.value
            case ">":
                return value > self.value
            case ">=":
                return value >= self.value

    @property
    def is_upper(self) -> bool:
        """Whether smaller values are better."""
        return self.operator in {"<", "<="}

    def headroom(self, value: float) -> float:
        """Distance to the breach as a fraction of the limit: 0.2 is 20 % away, below zero is broken."""
        if self.value == 0:
            return 0.0 if value == 0 else -math.inf if self.is_upper else math.inf
        share = value / self.value
        return 1 - share if self.is_upper else share - 1

    def __str__(self) -> str:
        return f"{self.operator} {format_value(self.value, self.unit)}"


def is_metric(metric: str) -> bool:
    """Whether an objective may have this name."""
    return metric in OBJECTIVE_METRICS or (metric.startswith(CHECK) and len(metric) > len(CHECK))


def higher_is_better(metric: str) -> bool:
    """Whether more of it is what one wants: of answers, messages and hits, not of times, errors and bytes."""
    return metric in _HIGHER_IS_BETTER or metric.startswith(CHECK)


def sampled_as(metric: str) -> tuple[str, str] | None:
    """Name in a record's `host` and statistic of a sampled metric; None when it is none."""
    if metric in SAMPLED:
        return SAMPLED[metric]
    name, _, statistic = metric.rpartition(".")
    return (SAMPLED[name][0], statistic) if name in SAMPLED and statistic in SAMPLE_STATISTICS else None


def metric_unit(metric: str) -> Unit:
    """The unit of a metric's values.

    Raises:
        ValueError: there is no such metric.
    """
    if not is_metric(metric):
        raise ValueError(f"{metric!r} is not a metric")
    if metric in FRACTION_METRICS or metric.startswith(CHECK):
        return "fraction"
    if metric in RATE_METRICS or metric in OWN_RATES:
        return "per_s"
    if metric in OWN_MEANS:
        return "bytes" if metric.endswith("_bytes") else "count"
    if metric in GROWTH_METRICS:
        return "bytes_per_h" if metric == "target.memory_growth" else "bytes"
    sampled = sampled_as(metric)
    return "ms" if sampled is None else _sampled_unit(sampled[0], metric)


def _sampled_unit(name: str, metric: str) -> Unit:
    if name.endswith("_percent"):
        return "percent"
    if name.endswith("_bytes"):
        return "bytes" if metric.startswith("target.") else "bytes_per_s"
    return "count"


def format_value(value: float, unit: Unit) -> str:
    """A metric's value with its unit, as shown beside its limit."""
    match unit:
        case "fraction":
            return format_percent(value)
        case "percent":
            return f"{value:,.4g} %" if value < 1000 else f"{value:,.0f} %"
        case "ms":
            return f"{format_ms(value)} ms"
        case "bytes" | "bytes_per_s" | "bytes_per_h":
            sign = "-" if value < 0 else ""
            return f"{sign}{format_bytes(abs(value))}{ {'bytes': '', 'bytes_per_s': '/s', 'bytes_per_h': '/h'}[unit] }"
        case "count":
            return f"{value:,.6g}"
        case "per_s":
            return f"{value:,.6g}/s"


def parse_limit(text: str, metric: str) -> Limit:
    """The limit in a text such as `< 500ms`, `<= 0.1%`, `> 100/s`.

    Raises:
        ValueError: no such metric, or the text is no limit of its unit; the message says what is expected.
    """
    unit = metric_unit(metric)
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a limit; write <, <=, > or >= and a value, such as {example_limit(metric)!r}"
        )
    operator, value = match[1], _MARKED.sub("", match[2])
    if unit == "ms":
        try:
            number = parse_duration(value) * 1e3
        except ValueError as error:
            raise ValueError(f"{error} (a limit of {metric} is {example_limit(metric)!r})") from error
    elif unit in {"bytes", "bytes_per_s", "bytes_per_h"}:
        number = _size(value, unit, metric)
    elif unit == "percent":
        number = _number(value.removesuffix("%").rstrip(), text, metric)
    elif unit == "fraction":
        number = _number(value.removesuffix("%").rstrip(), text, metric) / (100 if value.endswith("%") else 1)
        if number > 1:
            raise ValueError(f"{text!r} is more than 100 %; write per cent, such as {example_limit(metric)!r}")
    else:
        number = _number(re.sub(r"\s*(/s|per second|req/s)$", "", value), text, metric)
    return Limit(operator=_operator(operator), value=number, unit=unit)


def example_limit(metric: str) -> str:
    """A limit as one would write it for this metric."""
    if metric == "hit_rate":
        return "> 80%"
    if metric in {"success_rate", "attained"} or metric.startswith(CHECK):
        return "> 99%"
    return {
        "ms": "< 500ms",
        "fraction": "< 0.1%",
        "per_s": "> 100/s",
        "percent": "< 80%",
        "bytes": "< 512MB",
        "bytes_per_s": "< 10MB/s",
        "bytes_per_h": "< 50MB/h",
        "count": "< 100",
    }[metric_unit(metric)]


def _size(text: str, unit: Unit, metric: str) -> float:
    per = {"bytes": "", "bytes_per_s": "/s", "bytes_per_h": "/h"}[unit]
    if not text.endswith(per):
        raise ValueError(f"{text!r} has no {per!r}; a limit of {metric} is {example_limit(metric)!r}")
    try:
        return float(parse_size(text.removesuffix(per).rstrip()))
    except ValueError as error:
        raise ValueError(f"{error} (a limit of {metric} is {example_limit(metric)!r})") from error


def _number(digits: str, text: str, metric: str) -> float:
    if not _NUMBER.fullmatch(digits):
        raise ValueError(f"{text!r} is not a limit of {metric}; write it as {example_limit(metric)!r}")
    return float(digits)


def _operator(text: str) -> Operator:
    match text:
        case "<" | "<=" | ">" | ">=":
            return text
        case _:
            raise ValueError(f"{text!r} does not compare; use <, <=, > or >=")
