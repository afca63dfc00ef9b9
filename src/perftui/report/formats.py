"""Every format that a run or a comparison can leave in: one table for commands, app and reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from perftui.model.errors import UsageError

if TYPE_CHECKING:
    from perftui.model.comparison import Comparison
    from perftui.store.loading import LoadedRun

    Sides = tuple[LoadedRun, LoadedRun] | None
    """Baseline and run, for what draws both."""


class Format(Struct, frozen=True, kw_only=True):
    """One format. Its writers import what they need when they are called: HTML with its plots costs most."""

    name: str
    ending: str
    """The usual one of its files."""
    about: str
    """What it is for, in a few words."""
    run: Callable[[LoadedRun], str]
    comparison: Callable[[Comparison, Sides], str] | None = None
    needs_seconds: bool = False
    """Whether it holds every second of a run, which must be loaded in full for it."""


def export(run: LoadedRun, style: str) -> str:
    """The run in one of FORMATS.

    Raises:
        UsageError: there is no such format, or the run lacks what it needs.
    """
    if style not in FORMATS:
        raise UsageError(f"{style!r} is no format; there are {', '.join(FORMATS)}")
    return FORMATS[style].run(run)


def render(comparison: Comparison, style: str, sides: Sides = None) -> str:
    """The comparison in one of OF_COMPARISONS. With a baseline and a run as `sides`, HTML draws both.

    Raises:
        UsageError: there is no such format.
    """
    write = FORMATS[style].comparison if style in FORMATS else None
    if write is None:
        raise UsageError(f"{style!r} is no format of a comparison; there are {', '.join(OF_COMPARISONS)}")
    return write(comparison, sides)


def _text(run: LoadedRun) -> str:
    from perftui.report.text import summary_text

    return summary_text(run.record, run.error_samples)


def _text_of_comparison(comparison: Comparison, _sides: Sides) -> str:
    from perftui.report.comparison import comparison_text

    return comparison_text(comparison)


def _json(run: LoadedRun) -> str:
    from perftui.report.json_export import run_json

    return run_json(run)


def _json_of_comparison(comparison: Comparison, _sides: Sides) -> str:
    from perftui.report.json_export import struct_json

    return struct_json(comparison)


def _toml(run: LoadedRun) -> str:
    from perftui.report.toml_export import run_toml

    return run_toml(run)


def _toml_of_comparison(comparison: Comparison, _sides: Sides) -> str:
    from perftui.report.toml_export import comparison_toml

    return comparison_toml(comparison)


def _csv(run: LoadedRun) -> str:
    from perftui.report.csv_export import summary_csv

    return summary_csv([run])


def _csv_of_comparison(comparison: Comparison, _sides: Sides) -> str:
    from perftui.report.csv_export import comparison_csv

    return comparison_csv(comparison)


def _series(run: LoadedRun) -> str:
    from perftui.report.csv_export import series_csv

    return series_csv(run)


def _markdown(run: LoadedRun) -> str:
    from perftui.report.markdown import run_markdown

    return run_markdown(run)


def _markdown_of_comparison(comparison: Comparison, _sides: Sides) -> str:
    from perftui.report.markdown import comparison_markdown

    return comparison_markdown(comparison)


def _html(run: LoadedRun) -> str:
    from perftui.report.html import html

    return html([run])


def _html_of_comparison(comparison: Comparison, sides: Sides) -> str:
    from perftui.report.html import html

    return html([], comparison, sides)


def _junit(run: LoadedRun) -> str:
    from perftui.report.junit import junit

    return junit([run])


def _junit_of_comparison(comparison: Comparison, _sides: Sides) -> str:
    from perftui.report.junit import junit

    return junit([], comparison)


def _hlog(run: LoadedRun) -> str:
    from perftui.report.hlog_export import run_hlog

    return run_hlog(run)


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(name="text", ending="txt", about="plain text", run=_text, comparison=_text_of_comparison),
        Format(
            name="json", ending="json", about="everything, reads back anywhere", run=_json,
            comparison=_json_of_comparison, needs_seconds=True,
        ),
        Format(
            name="toml", ending="toml", about="the record, for people and scripts", run=_toml,
            comparison=_toml_of_comparison,
        ),
        Format(
            name="csv", ending="csv", about="a table, for spreadsheets and scripts", run=_csv,
            comparison=_csv_of_comparison,
        ),
        Format(
            name="series", ending="csv", about="one row per second, for spreadsheets", run=_series, needs_seconds=True
        ),
        Format(
            name="md", ending="md", about="fits a pull request", run=_markdown, comparison=_markdown_of_comparison
        ),
        Format(
            name="html", ending="html", about="one page with plots, no network", run=_html,
            comparison=_html_of_comparison, needs_seconds=True,
        ),
        Format(
            name="junit", ending="xml", about="objectives as test cases, for CI", run=_junit,
            comparison=_junit_of_comparison,
        ),
        Format(
            name="hlog", ending="hlog", about="histograms for HdrHistogram's tools", run=_hlog, needs_seconds=True
        ),
    )
}  # fmt: skip
OF_COMPARISONS = tuple(name for name, each in FORMATS.items() if each.comparison is not None)
"""Formats that hold comparisons, and with that whatever a command ends with."""
