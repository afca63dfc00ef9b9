"""The invariants that hold in every run, whatever happened to it."""

from __future__ import annotations

from perftui.model.interval import Counts
from perftui.model.record import Record, Stats

_OUTCOMES = ("ok", "errors", "timeouts", "dropped", "cancelled", "client_errors")


def assert_conserved(record: Record) -> None:
    """Every scheduled request has exactly one outcome, in the whole run, in the total and in each operation."""
    _assert_counts("whole run", record.whole_run)
    _assert_stats("total", record.summary.total)
    for name, stats in record.phases.items():
        _assert_stats(f"phase {name}", stats)
    for name, stats in record.summary.operations.items():
        _assert_stats(f"operation {name}", stats)
    if record.summary.operations:
        parts = sum((stats.counts for stats in record.summary.operations.values()), Counts())
        assert parts == record.summary.total.counts, f"operations add up to {parts}, not {record.summary.total.counts}"
    if record.phases:
        phases = sum((stats.counts for stats in record.phases.values()), Counts())
        assert phases == record.whole_run, f"phases add up to {phases}, not {record.whole_run}"


def _assert_counts(where: str, counts: Counts) -> None:
    outcomes = {name: getattr(counts, name) for name in _OUTCOMES}
    assert all(value >= 0 for value in outcomes.values()), f"{where}: negative count: {counts}"
    assert counts.scheduled == sum(outcomes.values()), f"{where}: {counts.scheduled} scheduled, outcomes {outcomes}"
    most = counts.scheduled - counts.dropped
    assert most - counts.cancelled <= counts.started <= most, f"{where}: {counts.started} started of {counts}"


def _assert_stats(where: str, stats: Stats) -> None:
    counts = stats.counts
    _assert_counts(where, counts)
    failed = counts.errors + counts.timeouts + counts.dropped + counts.client_errors
    booked = sum(number for name, number in stats.error_classes.items() if name != "cancelled")
    assert booked == failed, f"{where}: {failed} failed, classes {stats.error_classes}"
    assert stats.service_time_ms.count == counts.ok + counts.timeouts, f"{where}: service times of {counts}"
    assert stats.response_time_ms.count == counts.ok + counts.timeouts, f"{where}: response times of {counts}"
    for times in (stats.service_time_ms, stats.response_time_ms, stats.start_delay_ms, stats.error_time_ms):
        ordered = (times.min, times.p50, times.p75, times.p90, times.p95, times.p99, times.p99_9, times.max)
        assert times.min >= 0, f"{where}: negative time {times}"
        assert list(ordered) == sorted(ordered), f"{where}: percentiles out of order: {times}"
    assert stats.response_time_ms.mean >= stats.service_time_ms.mean - 0.001, f"{where}: answered before it was sent"
