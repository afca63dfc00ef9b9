"""The preset that found requests become: one target, a load to start with, objectives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.importing.found import Finding, FoundRequest
from perftui.presets.importing.tables import TableWriter
from perftui.presets.writing import write_preset


def preset_of(finding: Finding, name: str, origin: str) -> str:
    """The text of a preset with the requests that were found.

    Args:
        finding: of an importer.
        name: of the preset.
        origin: what it was made from, for the description.

    Raises:
        UsageError: nothing that can be used, or the name cannot.
    """
    if problem := texts.name_problem(name):
        raise UsageError(f"name {safe_text(name, 60)!r}: {problem}")
    requests = [request for request in finding.requests if _usable(request, finding.notes)]
    if not requests:
        raise UsageError(f"{origin}: no request with an http:// or https:// URL was found", *finding.notes[:5])
    base = _origin(requests[0].url)
    elsewhere = sorted({_origin(request.url) for request in requests if _origin(request.url) != base})
    if elsewhere:
        finding.notes.append(f"left out, on other hosts: {', '.join(elsewhere[:10])}")
    writer = TableWriter(finding)
    steps = [writer.operation(request) for request in requests if _origin(request.url) == base]
    for step, unique in zip(steps, _unique([step["name"] for step in steps]), strict=True):
        step["name"] = unique
    writes = any(step.get("method", "GET") not in {"GET", "HEAD", "OPTIONS"} for step in steps)
    tables: dict[str, Any] = {
        "schema": 1,
        "name": name,
        "title": finding.title or name,
        "description": f"Made from {origin}: {len(steps)} request{'s' * (len(steps) > 1)}.",
        "kind": "write" if writes else "read",
        "target": {"url": base, "timeout": "5s", **writer.target(steps)},
    }
    if finding.is_journey:
        tables["load"] = {"mode": "users", "users": 5, "warmup": "5s", "duration": "30s"}
        tables["journeys"] = [{"name": "recorded", "steps": steps}]
    else:
        tables["load"] = {"mode": "rate", "rate": 10, "warmup": "5s", "duration": "30s"}
        tables["operations"] = steps
    tables["objectives"] = [
        {"metric": "response_time.p95", "target": "< 500ms", "critical": "< 1s"},
        {"metric": "error_rate", "target": "< 0.1%", "critical": "< 1%"},
    ]
    notes = [f"set before the run: {', '.join(writer.variables)}"] if writer.variables else []
    return write_preset(tables, [*notes, *dict.fromkeys(finding.notes)])


def _usable(request: FoundRequest, notes: list[str]) -> bool:
    problem = texts.method_problem(request.method)
    try:
        parts = urlsplit(request.url)
        problem = problem or texts.url_problem(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
        problem = problem or texts.path_problem((parts.path or "/").replace(" ", "%20"))
    except ValueError:
        problem = "is no URL"
    if problem:
        notes.append(f"left out: {safe_text(f'{request.method} {request.url}', 100)} ({problem})")
    return not problem


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _unique(names: Sequence[str]) -> Iterable[str]:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"
