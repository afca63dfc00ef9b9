"""How a preset went lately, from the list of runs."""

from __future__ import annotations

from pathlib import Path

from perftui.store.index import RunRow
from perftui.tui.preset_history import MOST, histories, newest_by_preset
from perftui.tui.sources import SavedRuns


def row(number: int, p95_ms: float, *, preset: str = "read", url: str = "http://a", **more: object) -> RunRow:
    known = {"status": "finished", **more}
    return RunRow(id=f"r{number}", path=Path(f"r{number}"), preset=preset, url=url, p95_ms=p95_ms, **known)  # type: ignore[arg-type]  # fields by name


def saved(*rows: RunRow, baselines: tuple[str, ...] = ()) -> SavedRuns:
    return SavedRuns(rows=rows, baselines=frozenset(baselines))


def test_newest_runs_oldest_first_and_no_more_than_are_drawn() -> None:
    rows = [row(number, float(number)) for number in range(20, 0, -1)]
    history = histories(saved(*rows))["read", "http://a"]
    assert history.p95_ms == tuple(float(number) for number in range(13, 21))
    assert len(history.line) == MOST


def test_change_is_against_the_baseline_of_that_target() -> None:
    runs = saved(row(3, 12.0), row(2, 10.0), row(1, 99.0, url="http://b"), baselines=("r2", "r1"))
    assert histories(runs)["read", "http://a"].change.plain == "+20 %"
    assert newest_by_preset(runs)["read"].baseline_ms == 10.0


def test_without_a_baseline_no_change_is_claimed() -> None:
    history = histories(saved(row(2, 12.0), row(1, 10.0)))["read", "http://a"]
    assert history.change.plain == ""
    assert "baseline" not in history.sentence("read").plain


def test_runs_that_prove_nothing_are_left_out() -> None:
    runs = saved(row(4, 0.0), row(3, 5.0, trust="invalid"), row(2, 6.0, status="running"), row(1, 7.0))
    assert histories(runs)["read", "http://a"].p95_ms == (7.0,)
