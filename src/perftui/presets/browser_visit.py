"""The preset that `perftui page URL` means: one visitor with a browser, some rounds, three objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from perftui.model.errors import UsageError
from perftui.presets import texts
from perftui.presets.problems import GIVEN_URL
from perftui.presets.sentences import sentence_parts
from perftui.presets.urls import full_url
from perftui.presets.writing import write_preset

OBJECTIVES = {"first_paint.p50": "< 1s", "page_load.p50": "< 2s", "interactive.p50": "< 3s"}
"""Medians over the rounds, and what is critical for them."""
_PER_ROUND_S = 5
"""Beyond the timeout: the browser starts, and is waited for until it is quiet."""


def browser_preset(url: str, rounds: int, timeout_s: float, objectives: Sequence[str]) -> str:
    """The text of the preset.

    Args:
        url: of the page, with or without its scheme.
        rounds: visits.
        timeout_s: of each.
        objectives: such as `first_paint.p50 < 500ms`; each replaces the one of the same time.

    Raises:
        UsageError: the URL is none of a page, or an objective is none.
    """
    url = full_url(url)
    parts = urlsplit(url)
    if problem := texts.target_problem(url):
        raise UsageError(f"{GIVEN_URL}: {problem}")
    if parts.scheme not in {"http", "https"}:
        raise UsageError(f"{GIVEN_URL}: {parts.scheme}:// is no page; a browser takes http:// and https://")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = [sentence_parts(sentence)[1:] for sentence in objectives]
    times = {metric.partition(".")[0] for metric, _ in given}
    kept = [(metric, limit) for metric, limit in OBJECTIVES.items() if metric.partition(".")[0] not in times]
    tables: dict[str, Any] = {
        "schema": 1,
        "name": "browser",
        "target": {"url": f"{parts.scheme}://{parts.netloc}", "timeout": f"{timeout_s:g}s"},
        "load": {
            "users": 1,
            "max_requests": rounds,
            "duration": f"{min(86_000, rounds * (timeout_s + _PER_ROUND_S)):g}s",
            "drain": f"{timeout_s:g}s",
        },
        "operations": [{"name": "visit", "browser": path}],
        "objectives": [{"metric": metric, "critical": limit} for metric, limit in (*kept, *given)],
    }
    return write_preset(tables)
