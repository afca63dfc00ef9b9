"""Quantiles of the normal and of Student's distribution, without a statistics package."""

from __future__ import annotations

import math
from statistics import NormalDist

_NORMAL = NormalDist()
_MOST_STEPS = 200


def normal_quantile(p: float) -> float:
    """The value that a standard normal variable stays below with probability p."""
    return _NORMAL.inv_cdf(p)


def t_quantile(p: float, df: float) -> float:
    """The value that a Student variable with df degrees of freedom stays below with probability p.

    Closed forms for 1 and 2 degrees; else Newton's steps on the distribution function to 12 digits. It rises ever more
    slowly, and the normal quantile lies below: the steps come from one side, and never go beyond what is looked for.
    """
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -t_quantile(1 - p, df)
    if math.isinf(df):
        return normal_quantile(p)
    if df == 1:
        return math.tan(math.pi * (p - 0.5))
    if df == 2:
        return (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    found = normal_quantile(p)
    for _ in range(_MOST_STEPS):
        step = (p - t_below(found, df)) / _density(found, df)
        found += step
        if abs(step) <= 1e-12 * found:
            break
    return found


def t_below(t: float, df: float) -> float:
    """Probability that a Student variable with df degrees of freedom stays below t."""
    if t == 0:
        return 0.5
    tail = _incomplete_beta(df / 2, 0.5, df / (df + t * t)) / 2
    return 1 - tail if t > 0 else tail


def _density(t: float, df: float) -> float:
    log_peak = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(log_peak - (df + 1) / 2 * math.log1p(t * t / df))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function by its continued fraction (Lentz's evaluation)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return 1 - front * _fraction(b, a, 1 - x) / b
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 / max(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, 400):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _away(1 + even * d, tiny)
        c = _away(1 + even / c, tiny)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _away(1 + odd * d, tiny)
        c = _away(1 + odd / c, tiny)
        step = d * c
        value *= step
        if abs(step - 1) < 1e-15:
            break
    return value


def _away(number: float, tiny: float) -> float:
    return number if abs(number) > tiny else tiny
