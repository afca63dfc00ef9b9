"""Scripts of k6, Locust, Gatling and Artillery: they are not run; the requests that can be read are listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from perftui.model.text import safe_text
from perftui.presets.importing.found import short_url

_MOST_LISTED = 50
_MOST_CHARACTERS = 2_000_000
_STRING = r"""(?:f|r|s)?(["'`])((?:(?!\1)[^\\\n]|\\.){0,2000})\1"""
_METHODS = r"get|post|put|patch|delete|del|head|options"
_K6 = re.compile(rf"\bhttp\.({_METHODS})\(\s*(?:([A-Za-z_$][\w$.]*)\s*\+\s*)?{_STRING.replace('1', '3')}")
_K6_NAMED = re.compile(
    r"""(?:\bhttp\.(?:async)?[rR]equest\(|\[)\s*["']([A-Z]{3,7})["']\s*,\s*(?:([A-Za-z_$][\w$.]*)\s*\+\s*)?"""
    + _STRING.replace("1", "3")
)
_LOCUST = re.compile(rf"\bclient\.({_METHODS})\(\s*(?:(\w+)\s*\+\s*)?{_STRING.replace('1', '3')}")
_LOCUST_HOST = re.compile(r"""^\s*host\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_GATLING = re.compile(rf"\.({_METHODS})\(\s*(?:(\w+)\s*\+\s*)?{_STRING.replace('1', '3')}")
_GATLING_HOST = re.compile(r"""\.baseUrl\(\s*["']([^"'\n]+)["']""")
_ARTILLERY = re.compile(rf"""^\s*-\s*({_METHODS})\s*:\s*(?:\n\s*|\{{\s*)?url\s*:\s*["']?([^"'\s}},]+)""", re.MULTILINE)
_ARTILLERY_HOST = re.compile(r"""^\s*target\s*:\s*["']?([^"'\s]+)""", re.MULTILINE)
_CONSTANT = re.compile(
    r"""^\s*(?:(?:export\s+)?(?:const|let|var|val)\s+)?(\w+)\s*(?::\s*\w+\s*)?=\s*["'`]([^"'`\n]*)["'`]""", re.MULTILINE
)
_INSIDE = re.compile(r"\$?\{\s*(?:self\.)?(\w+)\s*\}")

_Requests = Iterator[tuple[str, str]]


def script_problem(text: str) -> list[str]:
    """What kind of script a text is and which requests are in it; empty when it is none of a load tool."""
    text = text[:_MOST_CHARACTERS]
    for kind, is_its, requests_of in _KINDS:
        if is_its(text):
            found = list(dict.fromkeys(f"{method} {short_url(url)}" for method, url in requests_of(text)))
            told = f"a {kind}: it is for its own tool, perftui does not run it"
            if not found:
                return [f"{told}; no request can be read from it"]
            listed = [f"  {safe_text(one, 200)}" for one in found[:_MOST_LISTED]]
            more = len(found) - _MOST_LISTED
            listed += [f"  and {more:,} more"] if more > 0 else []
            return [f"{told}; write these requests in a .http file or a preset:", *listed]
    return []


def _in_program(pattern: re.Pattern[str], host: str = "") -> Callable[[str], _Requests]:
    def read(text: str) -> _Requests:
        constants = {match[1]: match[2] for match in _CONSTANT.finditer(text)}
        for match in pattern.finditer(text):
            method = match[1].upper().replace("DEL", "DELETE") if match[1].lower() == "del" else match[1].upper()
            start = constants.get(match[2], f"{{{match[2]}}}") if match[2] else ""
            yield method, start + _INSIDE.sub(lambda one: constants.get(one[1], one[0]), match[4])

    def with_host(text: str) -> _Requests:
        found = re.compile(host, re.MULTILINE).search(text) if host else None
        for method, url in read(text):
            yield method, f"{found[1].rstrip('/')}{url}" if found and url.startswith("/") else url

    return with_host


def _of_k6(text: str) -> _Requests:
    yield from _in_program(_K6)(text)
    yield from _in_program(_K6_NAMED)(text)


def _of_artillery(text: str) -> _Requests:
    found = _ARTILLERY_HOST.search(text)
    for match in _ARTILLERY.finditer(text):
        yield match[1].upper(), f"{found[1].rstrip('/')}{match[2]}" if found and match[2].startswith("/") else match[2]


def _is_artillery(text: str) -> bool:
    return bool(re.search(r"^scenarios\s*:", text, re.MULTILINE) and re.search(r"^config\s*:", text, re.MULTILINE))


_KINDS: tuple[tuple[str, Callable[[str], bool], Callable[[str], _Requests]], ...] = (
    ("k6 script", lambda text: "k6/http" in text or re.search(r"""from\s+["']k6["']""", text) is not None, _of_k6),
    (
        "Locust file",
        lambda text: re.search(r"^\s*(?:from|import)\s+locust\b", text, re.MULTILINE) is not None,
        _in_program(_LOCUST, _LOCUST_HOST.pattern),
    ),
    ("Gatling simulation", lambda text: "io.gatling" in text, _in_program(_GATLING, _GATLING_HOST.pattern)),
    ("Artillery script", _is_artillery, _of_artillery),
)
