"""What an objective's text means: metric names and limits such as `< 500ms`, in one place for every layer."""

from __future__ import annotations

import math
import re
from typing import Literal

from perftui.model.plan import Frozen
from perftui.model.units import format_ms, format_percent, parse_duration

TIME_METRICS = ("response_time", "service_time", "start_delay", "error_time", "hit_time", "miss_time")
STATISTICS = ("p50", "p75", "p90", "p95", "p99", "p99_9", "mean", "max", "min", "stddev", "iqr")
FRACTION_METRICS = ("error_rate", "timeout_rate", "success_rate", "attained", "hit_rate")
RATE_METRICS = ("throughput", "rate")
METRICS: tuple[str, ...] = (
    *(f"{time}.{statistic}" for time in TIME_METRICS for statistic in STATISTICS),
    *FRACTION_METRICS,
    *RATE_METRICS,
)
"""Every name an objective may have."""

Unit = Literal["ms", "fraction", "per_s"]
Operator = Literal["<", "<=", ">", ">="]
_LIMIT = re.compile(r"\s*(<=|>=|<|>)\s*(\S.*?)\s*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Limit(Frozen, frozen=True, kw_only=True):
    """A bound on a metric, in the metric's unit."""

    operator: Operator
    value: float
    """Milliseconds, fraction of one, or per second."""
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


def metric_unit(metric: str) -> Unit:
    """The unit of a metric's values.

    Raises:
        ValueError: there is no such metric.
    """
    if metric not in METRICS:
        raise ValueError(f"{metric!r} is not a metric")
    if metric in FRACTION_METRICS:
        return "fraction"
    return "per_s" if metric in RATE_METRICS else "ms"


def format_value(value: float, unit: Unit) -> str:
    """A metric's value with its unit, as shown beside its limit."""
    if unit == "fraction":
        return format_percent(value)
    return f"{format_ms(value)} ms" if unit == "ms" else f"{value:,.6g}/s"


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
    operator, value = match[1], match[2]
    if unit == "ms":
        try:
            number = parse_duration(value) * 1e3
        except ValueError as error:
            raise ValueError(f"{error} (a limit of {metric} is {example_limit(metric)!r})") from error
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
    if metric in {"success_rate", "attained"}:
        return "> 99%"
    unit = metric_unit(metric)
    return {"ms": "< 500ms", "fraction": "< 0.1%", "per_s": "> 100/s"}[unit]


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
