"""The preset that found requests become: targets, a load to start with, objectives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.format import TARGET
from perftui.presets.importing.found import NO_SERVER, Finding, FoundRequest, short_url
from perftui.presets.importing.tables import TableWriter, placeholders_in
from perftui.presets.importing.targets import aims_of, settings_of
from perftui.presets.kinds import Kind
from perftui.presets.problems import Problems
from perftui.presets.request_format import REQUEST, STEP
from perftui.presets.toml_files import MOST_BYTES
from perftui.presets.writing import write_preset

MOST_REQUESTS = 200
"""More would be no preset that one reads."""
_Written = tuple[FoundRequest, dict[str, Any]]
"""A request, and what it is in the preset."""


def preset_of(finding: Finding, name: str, origin: str) -> str:
    """The text of a preset with the requests that were found; each server is a target.

    Args:
        finding: of an importer.
        name: of the preset.
        origin: what it was made from, for the description.

    Raises:
        UsageError: nothing that can be used, or the name cannot.
    """
    if problem := texts.name_problem(name):
        raise UsageError(f"name {safe_text(name, 60)!r}: {problem}")
    requests = [request for request in finding.requests if _usable(request, finding)]
    if not requests:
        raise UsageError(f"{origin}: no request with an http:// or https:// URL was found", *finding.comments()[:5])
    aims = aims_of(requests, finding)
    names = {id(request): aim.name for aim in aims for request in aim.requests}
    requests = [request for request in requests if id(request) in names]
    for request in requests[MOST_REQUESTS:]:
        finding.omit(f"after the first {MOST_REQUESTS}", f"{request.method} {short_url(request.url)}")
    settings = {aim.name: settings_of(aim, finding) for aim in aims}
    writer = TableWriter(finding)
    tabled = [(request, writer.operation(request, names[id(request)])) for request in requests[:MOST_REQUESTS]]
    written = _usable_steps(tabled, finding)
    if not any(request.stage == "load" for request, _ in written):
        raise UsageError(f"{origin}: no request that can be sent was found", *finding.comments()[:5])
    steps = [step for _, step in written]
    for step, unique in zip(steps, _unique([step["name"] for step in steps]), strict=True):
        step["name"] = unique
    targets: dict[str, dict[str, Any]] = {}
    for aim in aims:
        own = [step for step in steps if step.get("target", "") == aim.name]
        if own or not aim.name:
            shared = writer.shared(own, settings[aim.name])
            table = {"url": aim.server, "timeout": "5s", **settings[aim.name], **shared}
            targets[aim.name] = _usable_target(table, finding)
    target = targets.pop("")
    writes = any(step.get("method", "GET") not in {"GET", "HEAD", "OPTIONS"} for step in steps)
    tables: dict[str, Any] = {
        "schema": 1,
        "name": name,
        "title": finding.title or name,
        "description": f"Made from {origin}: {len(steps)} request{'s' * (len(steps) > 1)}.",
        "kind": "write" if writes else "read",
        "target": target,
        **({"targets": targets} if targets else {}),
    }
    loaded = [(request, step) for request, step in written if request.stage == "load"]
    if finding.is_journey:
        tables["load"] = finding.load or {"mode": "users", "users": 5, "warmup": "5s", "duration": "30s"}
        tables["journeys"] = _journeys(loaded, finding.weights)
    else:
        tables["load"] = {"mode": "rate", "rate": 10, "warmup": "5s", "duration": "30s"}
        tables["operations"] = [step for _, step in loaded]
    for stage in ("before", "after"):
        if around := [step for request, step in written if request.stage == stage]:
            tables[stage] = around
    if finding.data:
        tables["data"] = finding.data
    tables["objectives"] = [
        {"metric": "response_time.p95", "target": "< 500ms", "critical": "< 1s"},
        {"metric": "error_rate", "target": "< 0.1%", "critical": "< 1%"},
    ]
    variables = dict.fromkeys(one.argument for one in placeholders_in(tables) if one.kind == "env")
    notes = [f"set before the run: {', '.join(variables)}"] if variables else []
    return write_preset(tables, [*notes, *finding.comments()])


def _usable(request: FoundRequest, finding: Finding) -> bool:
    told = f"{request.method} {short_url(request.url)}"
    try:
        parts = urlsplit(request.url)
        if parts.scheme not in {"http", "https"}:
            finding.omit("as they are not HTTP", told)
            return False
        host = parts.netloc.rpartition("@")[2]
        # A host of the environment is looked at when it is known.
        problem = texts.url_problem(f"{parts.scheme}://{'host' if '${env:' in host else host}")
    except ValueError:
        problem = "is no URL"
    if problem:
        finding.omit(f"as the URL {problem}", told)
    return not problem


def _journeys(written: Sequence[_Written], weights: Mapping[str, float]) -> list[dict[str, Any]]:
    """The requests as steps of the journeys that they belong to."""
    steps: dict[str, list[dict[str, Any]]] = {}
    for request, step in written:
        steps.setdefault(request.group, []).append(step)
    return [
        {"name": name, **({"weight": weights[name]} if len(steps) > 1 and name in weights else {}), "steps": own}
        for name, own in steps.items()
    ]


def _usable_steps(given: Sequence[_Written], finding: Finding) -> list[_Written]:
    """The requests that a preset may have, whose captured values are captured by one before them."""
    captured: dict[str, set[str]] = {}
    usable = []
    room = MOST_BYTES * 3 // 4  # the rest is for escapes, names of tables and what is not a request
    for request, step in given:
        # What is sent before the load gives its values to all of it.
        before = captured.setdefault("before", set())
        known = before if request.stage == "before" else captured.setdefault(f"in {request.group}", set()) | before
        room -= len(msgspec.json.encode(step))
        used = {placeholder.argument for placeholder in placeholders_in(step) if placeholder.kind == "var"}
        if mistakes := _mistakes(STEP if request.stage == "load" else REQUEST, step):
            key, problem = mistakes[0]
            finding.omit(f"as its {key} {problem}", step["name"])
        elif not used <= known:
            finding.omit("as they use what a request that is left out would give", step["name"])
        elif room < 0:
            finding.omit("as the preset would be too large", step["name"])
        else:
            mine = "before" if request.stage == "before" else f"in {request.group}"
            captured[mine] |= {capture["name"] for capture in step.get("captures", ())}
            usable.append((request, step))
    return usable


def _usable_target(table: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """The table of a target without the keys that it may not have like that, which are told."""
    mistakes = dict(_mistakes(TARGET, table))
    for key, problem in mistakes.items():
        finding.omit(f"as it {problem}", f"target.{key}")
    return {"url": NO_SERVER} | {key: value for key, value in table.items() if key not in mistakes}


def _mistakes(section: Kind, table: dict[str, Any]) -> list[tuple[str, str]]:
    """Keys of a table and what is wrong with them."""
    problems = Problems()
    section.read(table, (), problems)
    return [(str(path[0]) if path else "table", message) for path, message in problems]


def _unique(names: Sequence[str]) -> Iterator[str]:
    taken = set(names)
    seen: set[str] = set()
    number: Counter[str] = Counter()
    for name in names:
        unique = name
        while unique in seen or (unique != name and unique in taken):
            number[name] += 1
            unique = f"{name} ({number[name] + 1})"
        seen.add(unique)
        yield unique
