"""How long a function takes: rounds of calls, and what they say."""

from __future__ import annotations

import asyncio
import inspect
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from perftui.engine.clients.function_context import is_async

FEWEST_ROUNDS = 5
_MOST_ROUNDS = 100_000
_LEAST_ROUND_S = 20e-6
"""A shorter round is made of several calls: the clock itself takes a tenth of a microsecond."""


class Timing(Struct, frozen=True, kw_only=True):
    """The times of a function, in seconds per call."""

    rounds: int
    iterations: int
    """Calls per round."""
    min: float
    max: float
    mean: float
    stddev: float
    median: float
    iqr: float
    q1: float
    q3: float
    p95: float
    p99: float
    outliers: str
    """Rounds more than one standard deviation from the mean; rounds beyond the quartiles by 1.5 IQR: `2;1`."""
    ops: float
    """Calls per second: 1 / mean."""
    value: Any = None
    """What the function gave in the last round; not written anywhere."""


def measure(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    options: Mapping[str, Any],
    *,
    rounds: int = 0,
    warmup: int = 1,
    max_time_s: float = 1.0,
) -> Timing:
    """Time a function; one that is asynchronous is awaited, in a loop of its own.

    Args:
        function: what is timed.
        arguments: its arguments.
        options: its named arguments.
        rounds: so many; 0: as many as fit into max_time_s, at least 5.
        warmup: rounds before them that are not kept.
        max_time_s: for the rounds together, when their number is not given.
    """
    if is_async(function):
        with asyncio.Runner() as runner:
            return _measured(lambda: runner.run(function(*arguments, **options)), rounds, warmup, max_time_s)
    return _measured(lambda: function(*arguments, **options), rounds, warmup, max_time_s)


def _measured(call: Callable[[], Any], rounds: int, warmup: int, max_time_s: float) -> Timing:
    started_s = time.perf_counter()
    value = call()  # the first call tells how many make a round
    once_s = time.perf_counter() - started_s
    if inspect.iscoroutine(value):
        value.close()
        raise TypeError("it returned a coroutine, of which nothing was run: time an `async def`, or what awaits it")
    iterations = max(1, round(_LEAST_ROUND_S / max(once_s, 1e-9))) if once_s < _LEAST_ROUND_S else 1
    for _ in range(warmup - 1):
        _round(call, iterations)
    times: list[float] = []
    ends_s = time.perf_counter() + max_time_s
    while len(times) < (rounds or FEWEST_ROUNDS) or (
        not rounds and time.perf_counter() < ends_s and len(times) < _MOST_ROUNDS
    ):
        took_s, value = _round(call, iterations)
        times.append(took_s / iterations)
    return timing_of(times, iterations, value)


def _round(call: Callable[[], Any], iterations: int) -> tuple[float, Any]:
    value = None
    started_s = time.perf_counter()
    for _ in range(iterations):
        value = call()
    return time.perf_counter() - started_s, value


def timing_of(times: Sequence[float], iterations: int = 1, value: object = None) -> Timing:
    """What some rounds say."""
    ordered = sorted(times)
    mean = statistics.fmean(ordered)
    stddev = statistics.stdev(ordered) if len(ordered) > 1 else 0.0
    q1, median, q3 = statistics.quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else ordered * 3
    iqr = q3 - q1
    far = sum(abs(each - mean) > stddev for each in ordered)
    beyond = sum(not q1 - 1.5 * iqr <= each <= q3 + 1.5 * iqr for each in ordered)
    return Timing(
        rounds=len(ordered), iterations=iterations, min=ordered[0], max=ordered[-1], mean=mean, stddev=stddev,
        median=median, iqr=iqr, q1=q1, q3=q3, p95=_quantile(ordered, 0.95), p99=_quantile(ordered, 0.99),
        outliers=f"{far};{beyond}", ops=1 / mean if mean else 0.0, value=value,
    )  # fmt: skip


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, -(-round(share * 1000) * len(ordered) // 1000) - 1)]
