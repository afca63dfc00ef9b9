"""The table at the end of a session, and a timing in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from perftui.model.units import format_count, format_ms, format_percent
from perftui.pytest_plugin.session import Measured
from perftui.pytest_plugin.timing import Timing
from perftui.report.tables import Column, table
from perftui.report.words import number_text, percentile_texts, verdict_mark

_WIDTH = 118
_TIMES = ("min", "max", "mean", "stddev", "median", "iqr")
_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))


def summary_lines(results: Sequence[Measured]) -> list[str]:
    """A table of the timings, and one of the runs."""
    names = _names([one.test for one in results])
    timings = [(one, one.timing) for one in results if one.timing is not None]
    runs = [(one, one.run.record) for one in results if one.run is not None]
    lines: list[str] = []
    if timings:
        columns = [Column(" "), Column("test", least=24), *(Column(title, right=True) for title in _TIMES)]
        columns += [Column(title, right=True) for title in ("outliers", "ops/s", "rounds", "baseline")]
        rows = [
            [verdict_mark(one.verdict), names[one.test], *_times(timing), timing.outliers, format_count(timing.ops),
             f"{timing.rounds:,}", one.compared.partition(" against")[0]]
            for one, timing in timings
        ]  # fmt: skip
        lines += table(columns, rows, width=_WIDTH)
    if runs:
        titles = ("ok/s", "p50 ms", "p95 ms", "p99 ms", "errors", "trust", "baseline")
        rows = [
            [verdict_mark(one.verdict), names[one.test], number_text(record.summary.total.throughput_per_s),
             *percentile_texts(record, record.summary.total), format_percent(record.summary.total.error_rate),
             record.trust.verdict, one.compared]
            for one, record in runs
        ]  # fmt: skip
        columns = [Column(" "), Column("test", least=24), *(Column(title, right=True) for title in titles)]
        lines += ["", *table(columns, rows, width=_WIDTH)] if lines else table(columns, rows, width=_WIDTH)
    return lines


def timing_text(name: str, timing: Timing) -> str:
    """Every number of a timing."""
    columns = [Column("function"), *(Column(title, right=True) for title in (*_TIMES, "p95", "outliers", "rounds"))]
    row = [name, *_times(timing), _time(timing.p95), timing.outliers, f"{timing.rounds:,}"]
    return "\n".join(table(columns, [row], width=_WIDTH))


def _names(tests: Sequence[str]) -> dict[str, str]:
    """What tells the tests apart: the function, and its file where another has one of that name."""
    short = {test: test.partition("::")[2] or test for test in tests}
    often = Counter(short.values())
    return {test: name if often[name] == 1 else test for test, name in short.items()}


def _times(timing: Timing) -> list[str]:
    return [_time(getattr(timing, name)) for name in _TIMES]


def _time(seconds: float) -> str:
    """Three significant digits in the unit that suits them: functions take nanoseconds, runs take minutes."""
    unit, size = next((one for one in _UNITS if seconds >= one[1]), _UNITS[-1])
    return f"{format_ms(seconds / size)} {unit}" if seconds else "0"
