"""What a search for the highest level found, in words and as the rows of a table."""

from __future__ import annotations

from perftui.model.record import Record
from perftui.model.search import FEWEST_FOR_KNEE, Search, SearchStep
from perftui.model.units import format_count, format_ms, format_percent
from perftui.report.words import number_text

TITLES = ("level", "ok/s", "p50 ms", "p95 ms", "errors", "", "")
KIND_WORDS = {"rise": "", "narrow": "", "beyond": "half as much again", "confirm": "confirmation"}


def level_words(level: float, search: Search) -> str:
    """`1,200/s`, or `50 users`."""
    if search.mode == "rate":
        return f"{format_count(level)}/s"
    return f"{level:,.0f} user{'' if level == 1 else 's'}"


def answer_words(record: Record) -> str:
    """The answer in a sentence, with its interval; empty for a run that ends no search."""
    search = record.search
    if search is None:
        return ""
    if not search.answer:
        return "no level was found at which the objectives hold"
    words = f"the objectives hold up to {level_words(search.answer, search)}"
    if search.limited_by != "target":
        words += f" at least: {search.detail}"
    elif search.above is not None:
        words += f", and no longer at {level_words(search.above, search)}"
    if record.verdict in {"warn", "fail"}:
        words += "; this confirmation did not hold"
    knee = knee_words(search)
    return f"{words}; {knee}" if knee else words


def knee_words(search: Search) -> str:
    """Where the curve bends, or that it does not; empty where too few levels were tried to say."""
    tried = {step.level for step in search.steps if step.throughput_per_s > 0}
    if search.knee is not None:
        words = f"most throughput for its p95 at {level_words(search.knee, search)}"
        return "" if search.knee == search.answer else words
    return f"no knee up to {level_words(max(tried), search)}" if len(tried) >= FEWEST_FOR_KNEE else ""


def step_rows(record: Record) -> list[list[str]]:
    """A row for each level that was tried, lowest first."""
    search = record.search
    steps = sorted(search.steps, key=lambda step: step.level) if search else []
    return [_row(step) for step in steps]


def step_words(step: SearchStep, search_unit: str) -> str:
    """A step on one line, for the log of a search: `240/s: holds · p95 38.2 ms`."""
    verdict = "holds" if step.holds else f"does not hold: {step.why}"
    return f"{format_count(step.level)}{search_unit}: {verdict} · p95 {format_ms(step.p95_ms)} ms"


def _row(step: SearchStep) -> list[str]:
    return [
        f"{step.level:,.6g}",
        number_text(step.throughput_per_s),
        format_ms(step.p50_ms),
        format_ms(step.p95_ms),
        format_percent(step.error_rate),
        "✓" if step.holds else "✗",
        " ".join(part for part in (KIND_WORDS[step.kind], step.why) if part),
    ]
