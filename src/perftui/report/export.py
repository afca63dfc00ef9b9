"""A run in every format it can leave in."""

from __future__ import annotations

from collections.abc import Callable

from perftui.model.errors import UsageError
from perftui.store.loading import LoadedRun

FORMATS: dict[str, str] = {
    "text": "txt",
    "json": "json",
    "toml": "toml",
    "csv": "csv",
    "series": "csv",
    "md": "md",
    "html": "html",
    "junit": "xml",
    "hlog": "hlog",
}
"""Names of the formats, and the usual ending of their files."""
EVERY_SECOND = frozenset({"json", "series", "html", "hlog"})
"""Formats that hold every second of a run: it must be loaded in full for them."""


def export(run: LoadedRun, style: str) -> str:
    """The run in one of FORMATS.

    Raises:
        UsageError: there is no such format, or the run lacks what it needs.
    """
    try:
        write = _writer(style)
    except KeyError:
        raise UsageError(f"{style!r} is no format; there are {', '.join(FORMATS)}") from None
    return write(run)


def _writer(style: str) -> Callable[[LoadedRun], str]:
    # imported when used: HTML with its plots and the histogram formats cost more than the rest
    match style:
        case "text":
            from perftui.report.text import summary_text

            return lambda run: summary_text(run.record)
        case "json":
            from perftui.report.json_export import run_json

            return run_json
        case "toml":
            from perftui.report.toml_export import run_toml

            return run_toml
        case "csv":
            from perftui.report.csv_export import summary_csv

            return lambda run: summary_csv([run])
        case "series":
            from perftui.report.csv_export import series_csv

            return series_csv
        case "md":
            from perftui.report.markdown import run_markdown

            return run_markdown
        case "html":
            from perftui.report.html import html

            return lambda run: html([run])
        case "junit":
            from perftui.report.junit import junit

            return lambda run: junit([run])
        case "hlog":
            from perftui.report.hlog_export import run_hlog

            return run_hlog
        case _:
            raise KeyError(style)
