"""What only some protocols have: messages, events, pages. From sums to what a record says of them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from perftui.metrics.time_sum import TimeSum
from perftui.model.interval import Cell, HistogramData, TimePart
from perftui.model.objectives import OWN_MEANS, OWN_RATES
from perftui.model.record import Amount, Asset, Own
from perftui.model.units import to_digits

MOST_ASSETS = 200
"""Names of assets that are kept apart; further ones count as REST."""
REST = "(others)"
_SAID_ASSETS = 20


def asset_name(name: str, known: Mapping[str, object]) -> str:
    """The name under which an asset is kept."""
    return name if name in known or len(known) < MOST_ASSETS else REST


class OwnSum:
    """A sum of what cells have of it."""

    def __init__(self) -> None:
        self.amounts: dict[str, int] = {}
        self._times: dict[str, TimeSum] = {}
        self._assets: dict[str, list[int]] = {}

    def add(self, cell: Cell) -> None:
        """Add a cell."""
        for name, data in cell.own_times.items():
            self._times.setdefault(name, TimeSum()).add(data)
        self._add_amounts(cell.amounts)
        for name, part in cell.assets.items():
            self._add_asset(name, part.count, part.sum_us, part.max_us)

    def add_sum(self, other: OwnSum) -> None:
        """Add another sum."""
        for name, held in other._times.items():
            self._times.setdefault(name, TimeSum()).add_sum(held.merged())
        self._add_amounts(other.amounts)
        for name, (count, sum_us, max_us) in other._assets.items():
            self._add_asset(name, count, sum_us, max_us)

    def _add_amounts(self, amounts: Mapping[str, int]) -> None:
        for name, amount in amounts.items():
            self.amounts[name] = self.amounts.get(name, 0) + amount

    def _add_asset(self, name: str, count: int, sum_us: int, max_us: int) -> None:
        part = self._assets.setdefault(asset_name(name, self._assets), [0, 0, 0])
        part[0] += count
        part[1] += sum_us
        part[2] = max(part[2], max_us)

    def said(self, duration_s: float) -> Own | UnsetType:
        """What a record says of it over so many seconds; nothing where there is nothing."""
        if not (self.amounts or self._times or self._assets):
            return UNSET
        assets = {
            name: Asset(count=count, mean_ms=to_digits(sum_us / count / 1e3), max_ms=to_digits(max_us / 1e3))
            for name, (count, sum_us, max_us) in self._assets.items()
            if count
        }
        slowest = sorted(assets.items(), key=lambda item: (-item[1].mean_ms, item[0]))
        return Own(
            times_ms={name: held.merged().stats() for name, held in sorted(self._times.items())},
            amounts={
                name: Amount(total=total, per_s=to_digits(total / duration_s) if duration_s > 0 else 0.0)
                for name, total in sorted(self.amounts.items())
            },
            assets=dict(slowest[:_SAID_ASSETS]),
            left_alone=tuple(sorted(name for name, (count, *_) in self._assets.items() if not count)),
        )

    @property
    def times_data(self) -> dict[str, HistogramData]:
        """The times as a cell holds them."""
        return {name: held.merged().data for name, held in self._times.items()}

    @property
    def assets_data(self) -> dict[str, TimePart]:
        """The assets as a cell holds them."""
        return {
            name: TimePart(count=count, sum_us=sum_us, max_us=max_us)
            for name, (count, sum_us, max_us) in self._assets.items()
        }


def own_value(own: Own, metric: str) -> float | None:
    """The value of one of OWN_METRICS, in its unit; None when there is nothing of it."""
    if metric in OWN_RATES:
        return own.amounts[metric].per_s if metric in own.amounts else None
    if metric in OWN_MEANS:
        each = own.amounts.get(OWN_MEANS[metric])
        return own.amounts[metric].total / each.total if metric in own.amounts and each and each.total else None
    time, _, statistic = metric.partition(".")
    times = own.times_ms.get(time)
    return float(getattr(times, statistic)) if times is not None and times.count else None
