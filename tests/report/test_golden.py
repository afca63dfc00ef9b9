"""Every format of a recorded run and of a comparison, byte for byte.

`PERFTUI_WRITE_GOLDEN=1 pytest tests/report/test_golden.py` writes them anew: look at what changed before it is kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from perftui.analysis.trend import trend
from perftui.model.comparison import Comparison
from perftui.model.record import Record
from perftui.report.formats import FORMATS, OF_COMPARISONS, export, render
from perftui.report.rounds import rounds_text
from perftui.report.trend import trend_csv, trend_text
from perftui.store.loading import LoadedRun

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("PERFTUI_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{name} changed"


@pytest.mark.parametrize("style", [style for style in FORMATS if style != "json"])
def test_run(style: str, shop: LoadedRun) -> None:
    name = f"{'series' if style == 'series' else 'run'}.{FORMATS[style].ending}"
    assert_golden(name, export(shop, style))


def test_run_as_json_is_what_was_read(shop: LoadedRun) -> None:
    """The recorded run is itself an export: reading and writing it changes nothing."""
    assert export(shop, "json") == shop.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("style", OF_COMPARISONS)
def test_comparison(style: str, comparison: Comparison) -> None:
    assert_golden(f"comparison.{FORMATS[style].ending}", render(comparison, style))


def test_rounds(shop: LoadedRun) -> None:
    assert_golden("rounds.txt", rounds_text([shop, shop]))


def test_trend(shop: LoadedRun) -> None:
    """Nine runs around 45 ms, then one of 90."""
    records = [_run_of_day(shop.record, day, 44.0 + day % 3) for day in range(1, 10)]
    found = trend([*records, _run_of_day(shop.record, 10, 90.0)], baseline_id="run-01")
    assert [point.jump for point in found.points] == [""] * 9 + ["worse"]
    assert_golden("trend.txt", trend_text(found))
    assert_golden("trend.csv", trend_csv(found))


def _run_of_day(record: Record, day: int, p95: float) -> Record:
    total = replace(record.summary.total, response_time_ms=replace(record.summary.total.response_time_ms, p95=p95))
    return replace(
        record,
        id=f"run-{day:02}",
        label=f"1.{day}",
        started_at=f"2026-11-{day:02}T09:00:00.000+00:00",
        steered=False,
        summary=replace(record.summary, total=total),
    )
