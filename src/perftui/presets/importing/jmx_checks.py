"""Assertions and extractors of JMeter as checks and captures; what a preset cannot say is told."""

from __future__ import annotations

import re

from perftui.presets import texts
from perftui.presets.importing.found import Finding, FoundRequest
from perftui.presets.importing.jmx_tree import Element
from perftui.presets.importing.jmx_values import JmxValues

_MATCH, _CONTAINS, _NOT, _EQUALS, _SUBSTRING, _OR = 1, 2, 4, 8, 16, 32
_DEFAULT_TYPE = _SUBSTRING


def use_assertion(request: FoundRequest, element: Element, values: JmxValues, finding: Finding) -> None:
    """Add what an assertion checks."""
    is_done = False
    match element.tag:
        case "ResponseAssertion":
            is_done = _response(request, element, values)
        case "JSONPathAssertion":
            is_done = _json(request, element, values)
        case "DurationAssertion":
            limit = values.number(element.get("DurationAssertion.duration"), 0)
            is_done = limit > 0
            if is_done:
                request.checks.append({"max_time": f"{round(limit)}ms"})
        case _:
            pass
    if not is_done:
        finding.omit("assertions that a check cannot say", element.name or element.tag)


def use_extractor(request: FoundRequest, element: Element, values: JmxValues, finding: Finding) -> None:
    """Add what an extractor keeps."""
    sources: list[tuple[str, dict[str, str]]] = []
    match element.tag:
        case "JSONPostProcessor":
            names = element.get("JSONPostProcessor.referenceNames").split(";")
            paths = element.get("JSONPostProcessor.jsonPathExprs").split(";")
            sources = [(name.strip(), {"json": path.strip()}) for name, path in zip(names, paths, strict=False)]
        case "RegexExtractor" if element.get("RegexExtractor.useHeaders", "false") in {"false", ""}:
            is_first = element.get("RegexExtractor.template", "$1$") == "$1$"
            if is_first and element.get("RegexExtractor.match_number", "1") in {"1", "0", ""}:
                sources = [(element.get("RegexExtractor.refname"), {"regex": element.get("RegexExtractor.regex")})]
        case "BoundaryExtractor" if element.get("BoundaryExtractor.useHeaders", "false") in {"false", ""}:
            left, right = (re.escape(element.get(f"BoundaryExtractor.{side}")) for side in ("lboundary", "rboundary"))
            sources = [(element.get("BoundaryExtractor.refname"), {"regex": f"{left}(.*?){right}"})]
        case _:
            pass
    good = [(name, source) for name, source in sources if name and not _source_problem(source)]
    for name, source in good:
        request.captures.append({"name": values.keep(name), **source})
    if not sources or len(good) < len(sources):
        finding.omit("values that a capture cannot take", element.name or element.tag)


def _source_problem(source: dict[str, str]) -> str:
    return texts.json_path_problem(source["json"]) if "json" in source else texts.regex_problem(source["regex"])


def _response(request: FoundRequest, element: Element, values: JmxValues) -> bool:
    """What a response assertion says; False: a preset cannot say it."""
    listed = element.part("Asserion.test_strings").parts or element.part("Assertion.test_strings").parts
    wanted = [part.text for part in listed]
    kind = int(values.number(element.get("Assertion.test_type"), _DEFAULT_TYPE))
    if not wanted or kind & _NOT or (kind & _OR and len(wanted) > 1):
        return False
    kind &= ~_OR
    field = element.get("Assertion.test_field").removeprefix("Assertion.")
    if field == "response_code":
        codes = [text.strip() for text in wanted]
        if len(codes) == 1 and re.fullmatch(r"[1-5]\d\d(\|[1-5]\d\d)*", codes[0]):
            request.statuses = sorted({int(code) for code in codes[0].split("|")})
            return True
        return False
    if field not in {"response_data", "response_data_as_document"} or field == "response_data_as_document":
        return False
    checks = [_of_body(kind, text, values) for text in wanted]
    if not all(checks):
        return False
    request.checks += checks
    return True


def _of_body(kind: int, text: str, values: JmxValues) -> dict[str, object]:
    if kind & _SUBSTRING:
        return {"contains": values.text(text)} if text and "${" not in text else {}
    if kind & _EQUALS:
        return {"equals": values.text(text)} if "${" not in text else {}
    pattern = rf"\A(?:{text})\Z" if kind & _MATCH else text
    return {} if not text or texts.regex_problem(pattern) else {"matches": pattern}


def _json(request: FoundRequest, element: Element, values: JmxValues) -> bool:
    path = element.get("JSON_PATH")
    if texts.json_path_problem(path) or element.is_set("INVERT") or element.is_set("EXPECT_NULL"):
        return False
    check: dict[str, object] = {"json": path}
    if element.is_set("JSONVALIDATION"):
        expected = element.get("EXPECTED_VALUE")
        if "${" in expected:
            return False
        if element.get("ISREGEX", "true") != "false" and not re.fullmatch(r"[\w .:/-]*", expected):
            if texts.regex_problem(expected):
                return False
            check["matches"] = expected
        elif re.fullmatch(r"-?(?:0|[1-9]\d{0,14})", expected):
            check["equals"] = int(expected)
        elif expected in {"true", "false"}:
            check["equals"] = expected == "true"
        else:
            check["equals"] = values.text(expected)
    request.checks.append(check)
    return True
