"""Error rate and attained share: the difference of two shares, its interval, its verdict."""

from __future__ import annotations

from typing import NamedTuple

from perftui.analysis.log_change import EQUIVALENCE_ALPHA
from perftui.analysis.proportions import Share, newcombe
from perftui.analysis.student import normal_quantile
from perftui.model.comparison import ComparisonVerdict
from perftui.model.units import format_percent


class ShareChange(NamedTuple):
    """Difference of two shares: positive is larger in the run."""

    change: float
    low: float
    high: float
    verdict: ComparisonVerdict
    reason: str


def share_change(before: Share, after: Share, *, confidence: float, margin: float, worse: int) -> ShareChange:
    """Compare two shares.

    Args:
        before: Of the baseline, all rounds together.
        after: Of the run.
        confidence: Of the interval, such as 0.99.
        margin: Difference from which on it matters.
        worse: 1 when larger is worse, -1 when smaller is.
    """
    z = normal_quantile(1 - (1 - confidence) / 2)
    change, low, high = newcombe(before, after, z)
    if not before.trials or not after.trials:
        return ShareChange(change, low, high, "inconclusive", "nothing was measured")
    loss, least, most = (change, low, high) if worse > 0 else (-change, -high, -low)
    fewest = min(before.trials, after.trials)
    if _none_bad(before, worse) and _none_bad(after, worse):
        return ShareChange(change, low, high, "no_difference", f"none in either: below {format_percent(3 / fewest)}")
    if least > 0 and loss >= margin:
        return ShareChange(change, low, high, "regression", "")
    if most < 0 and loss <= -margin:
        return ShareChange(change, low, high, "improvement", "")
    _, likely_low, likely_high = newcombe(before, after, normal_quantile(1 - EQUIVALENCE_ALPHA))
    if -margin < likely_low and likely_high < margin:
        sure = least > 0 or most < 0
        small = f"small: {change * 100:+.2f} points, below {margin * 100:.2g}" if sure else ""
        return ShareChange(change, low, high, "no_difference", small)
    reason = f"the interval of the difference holds both 0 and {margin * 100:.2g} points"
    clustering = max(before.clustering, after.clustering)
    if clustering > 2:
        reason += f"; failures come in bursts, as sure as {fewest / clustering:,.0f} requests would be"
    return ShareChange(change, low, high, "inconclusive", reason)


def _none_bad(share: Share, worse: int) -> bool:
    return share.hits == (0 if worse > 0 else share.trials)
