"""Checks on responses, compiled once: each says what is wrong, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from perftui.engine.clients.http.content import Unreadable
from perftui.engine.clients.response import Response
from perftui.model.plan import Check
from perftui.model.text import safe_text
from perftui.model.units import format_duration
from perftui.presets.json_path import MISSING, JsonPath
from perftui.presets.patterns import compile_pattern

Rule = Callable[[Response, float], str | None]
"""Response and its time in seconds in; what is wrong out."""


class CompiledCheck:
    """One check."""

    __slots__ = ("_rules", "name", "reads_body", "reads_head", "reads_time")

    def __init__(self, check: Check) -> None:
        self.name = safe_text(check.name or default_name(check), 60)
        subject_in_body = not (check.header or check.json)
        self.reads_head = bool(check.header)
        self.reads_body = bool(
            check.json
            or check.not_nil
            or (subject_in_body and (check.equals is not None or check.contains or check.matches))
        )
        self.reads_time = check.max_time_s > 0
        self._rules = list(_rules(check))

    def fault(self, response: Response, service_s: float) -> str | None:
        """What is wrong with the response; None when all holds."""
        for rule in self._rules:
            fault = rule(response, service_s)
            if fault is not None:
                return fault
        return None


def default_name(check: Check) -> str:
    """A name for a check that has none: what it looks at."""
    if check.json:
        return f"json {check.json}"
    if check.header:
        return f"header {check.header}"
    if check.status:
        return "status"
    if check.equals is not None or check.contains or check.matches:
        return "body"
    if check.not_nil or check.rows is not None or check.min_rows or check.max_rows is not None:
        return "not nil" if check.not_nil else "rows"
    return "time" if check.max_time_s else "size"


def _rules(check: Check) -> Sequence[Rule]:
    rules: list[Rule] = []
    if check.status:
        rules.append(_status(frozenset(check.status)))
    if check.max_time_s:
        rules.append(_time(check.max_time_s))
    if check.min_bytes or check.max_bytes:
        rules.append(_size(check.min_bytes, check.max_bytes))
    if check.not_nil:
        rules.append(lambda response, _: "no value" if response.is_nil else None)
    if check.rows is not None or check.min_rows or check.max_rows is not None:
        rules.append(_rows(check))
    if check.header:
        rules.append(_header(check.header.lower().encode(), _subject_rules(check)))
    if check.json:
        rules.append(_json(JsonPath.compile(check.json), check.equals, _text_rules(check)))
    if not check.header and not check.json:
        subject_rules = _subject_rules(check)
        if subject_rules:
            rules.append(lambda response, _: _first_fault(subject_rules, response.text))
    return rules


def _status(wanted: frozenset[int]) -> Rule:
    names = ", ".join(map(str, sorted(wanted)))
    return lambda response, _: None if response.status in wanted else f"status {response.status}, wanted {names}"


def _time(limit_s: float) -> Rule:
    def rule(_response: Response, service_s: float) -> str | None:
        if service_s <= limit_s:
            return None
        return f"took {format_duration(round(service_s, 6))}, wanted at most {format_duration(limit_s)}"

    return rule


def _size(least: int, most: int) -> Rule:
    def rule(response: Response, _: float) -> str | None:
        if response.body_bytes < least:
            return f"body of {response.body_bytes:,} bytes, wanted at least {least:,}"
        if most and response.body_bytes > most:
            return f"body of {response.body_bytes:,} bytes, wanted at most {most:,}"
        return None

    return rule


def _rows(check: Check) -> Rule:
    least = check.min_rows if check.rows is None else max(check.rows, check.min_rows)
    most = min((limit for limit in (check.rows, check.max_rows) if limit is not None), default=None)

    def rule(response: Response, _: float) -> str | None:
        count = response.rows
        if count is None:
            return "the answer has no rows; check the length of a JSON path"
        if count < least:
            return f"{count:,} rows, wanted {'' if least == most else 'at least '}{least:,}"
        if most is not None and count > most:
            return f"{count:,} rows, wanted {'' if least == most else 'at most '}{most:,}"
        return None

    return rule


def _header(name: bytes, subject_rules: Sequence[Callable[[str], str | None]]) -> Rule:
    def rule(response: Response, _: float) -> str | None:
        value = response.header(name)
        if value is None:
            return f"no header {name.decode()}"
        return _first_fault(subject_rules, value.decode("latin-1"))

    return rule


def _json(path: JsonPath, equals: object, text_rules: Sequence[Callable[[str], str | None]]) -> Rule:
    def rule(response: Response, _: float) -> str | None:
        try:
            value = path.find(response.document())
        except ValueError as error:
            # what the parser says repeats the body; why it could not be read at all is ours
            return f"the body is no JSON: {error}" if isinstance(error, Unreadable) else "the body is no JSON"
        if value is MISSING:
            return f"nothing at {path.text}"
        if equals is not None and not same_value(value, equals):
            return f"{safe_text(json_text(value), 60)} at {path.text}, wanted {safe_text(json_text(equals), 60)}"
        return _first_fault(text_rules, json_text(value)) if text_rules else None

    return rule


def same_value(value: object, wanted: object) -> bool:
    """Whether a JSON value is the wanted one; true is not 1, and a number is never its text."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted


def json_text(value: object) -> str:
    """A JSON value as text: strings as they are, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _subject_rules(check: Check) -> Sequence[Callable[[str], str | None]]:
    rules = _text_rules(check)
    if check.equals is not None:
        wanted = json_text(check.equals)
        rules.insert(0, lambda text: None if text == wanted else f"{safe_text(text, 60)!r}, wanted {wanted!r}")
    return rules


def _text_rules(check: Check) -> list[Callable[[str], str | None]]:
    rules: list[Callable[[str], str | None]] = []
    if check.contains:
        part = check.contains
        rules.append(lambda text: None if part in text else f"{safe_text(text, 60)!r} does not contain {part!r}")
    if check.matches:
        find, wanted = compile_pattern(check.matches), check.matches
        rules.append(lambda text: f"{safe_text(text, 60)!r} does not match {wanted!r}" if find(text) is None else None)
    return rules


def _first_fault(rules: Sequence[Callable[[str], str | None]], text: str) -> str | None:
    for rule in rules:
        fault = rule(text)
        if fault is not None:
            return fault
    return None
