"""Runs as rows of a table: the same columns on the home screen and in the list of all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from perftui.model.units import format_count, format_percent
from perftui.report.words import p95_text
from perftui.tui.describe import host_text, when_text
from perftui.tui.marks import quiet, status_mark, trust_mark, verdict_mark
from perftui.tui.table import Column, Row

if TYPE_CHECKING:
    from perftui.store.index import RunRow


def run_columns(*, marks: bool = False) -> tuple[Column, ...]:
    """The columns; `marks` adds one in front for runs that are chosen for comparison and for baselines."""
    front = (Column("mark", "", 2),) if marks else ()
    return (
        *front,
        Column("when", "when", 12),
        Column("name", "preset", 8, grow=1),
        Column("verdict", "verdict", 12),
        Column("trust", "trust", 8, rank=3),
        Column("rate", "req/s", 6, right=True, rank=2),
        Column("p95", "p95 ms", 6, right=True),
        Column("errors", "errors", 7, right=True, rank=1),
        Column("target", "target", 16, grow=1, rank=4),
        Column("label", "label", 8, grow=3, rank=5),
        Column("id", "run", 28, rank=6),
    )


def run_row(run: RunRow, mark: str | None = None) -> Row:
    """One run. The verdict's place says the state while there is no verdict."""
    done = run.status == "finished"
    verdict = verdict_mark(run.outcome) if done else status_mark(state_of(run))
    measured = run.rate > 0 or done
    cells: tuple[Content | str, ...] = (
        when_text(run.started_at),
        run.preset,
        verdict,
        trust_mark(run.trust) if measured else quiet("–"),
        format_count(run.rate) if measured else quiet("–"),
        p95_text(run) if measured and run.p95_ms else quiet("–"),
        _errors(run.error_rate) if measured else quiet("–"),
        quiet(host_text(run.url)),
        quiet(run.label),
        quiet(run.id),
    )
    return Row(run.id, cells if mark is None else (Content.styled(mark, "bold $accent"), *cells))


def state_of(run: RunRow) -> str:
    """The status; a run whose runner is gone before its end is `unfinished`."""
    return "unfinished" if run.status == "interrupted" and run.problem else run.status


def _errors(rate: float) -> Content:
    text = format_percent(rate)
    return Content.styled(text, "$error" if rate >= 0.01 else "$warning" if rate else "$foreground")
