"""Hits, and what only some protocols measure, in every export of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.report.formats import FORMATS
from perftui.report.otlp import metrics_request
from perftui.store.loading import LoadedRun
from support.simulated_runs import Model, simulated_run

MODEL = Model(seconds=4, rate=50, mode="users", own=("round_trip",), hit_share=0.8)
WANTED = {
    "text": ("hit rate", "misses", "round trip"),
    "json": ("hit_time_ms", "miss_time_ms", "round_trip"),
    "toml": ("hits.hit_time_ms", "hits.miss_time_ms", "round_trip"),
    "csv": ("hit_rate", "miss_time_p95_ms", "round_trip_p95_ms"),
    "series": ("hit_rate", "miss_time_p95_ms", "round_trip_p95_ms"),
    "md": ("hit rate", "miss", "round trip"),
    "html": ("hits", "misses", "round trip"),
    "junit": ('name="hit rate"', "miss p50", 'name="round trip"'),
    "hlog": ("Tag=list:hit_time", "Tag=list:miss_time", "Tag=list:round_trip"),
}


def loaded() -> LoadedRun:
    run = simulated_run(MODEL, "exported")
    return LoadedRun(record=run.record, intervals=tuple(run.intervals), path=Path("nowhere"))


@pytest.mark.parametrize("style", WANTED)
def test_they_are_in_every_export(style: str) -> None:
    text = FORMATS[style].run(loaded())
    for words in WANTED[style]:
        assert words in text, words


def test_no_format_is_forgotten() -> None:
    assert set(FORMATS) == set(WANTED)


def test_a_collector_gets_them_too() -> None:
    scope = metrics_request(loaded().record).resource_metrics[0].scope_metrics[0]
    names = {metric.name: metric for metric in scope.metrics}
    assert {"perftui.hit_rate", "perftui.hit_time", "perftui.miss_time", "perftui.round_trip"} <= names.keys()
    assert names["perftui.hit_rate"].gauge.data_points[0].as_double == pytest.approx(0.8, abs=0.01)
    assert names["perftui.messages_received"].gauge.data_points[0].as_double == pytest.approx(100, rel=0.01)
