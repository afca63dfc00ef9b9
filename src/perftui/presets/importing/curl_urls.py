"""URLs as curl reads them: several in one by `{a,b}` and `[1-3]`, dot segments taken out, hosts without a scheme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product

_RANGE = re.compile(r"\[(?:(\d+)-(\d+)|([a-z])-([a-z])|([A-Z])-([A-Z]))(?::(\d+))?\]")
_LIST = re.compile(r"\{([^{}]*)\}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://?/?")


def expanded(url: str, most: int) -> tuple[list[str], bool]:
    """The URLs that one stands for, at most so many, and whether there are more."""
    choices: list[list[str]] = []
    at = 0
    literal: list[str] = []

    def end_literal() -> None:
        if literal:
            choices.append(["".join(literal)])
            literal.clear()

    while at < len(url):
        if url[at] == "\\" and url[at + 1 : at + 2] in {"[", "]", "{", "}"}:
            literal.append(url[at + 1])
            at += 2
            continue
        match = _RANGE.match(url, at) or _LIST.match(url, at)
        if match is None:
            literal.append(url[at])
            at += 1
            continue
        end_literal()
        choices.append(match[1].split(",") if match.re is _LIST else list(islice(_range(match), most + 1)))
        at = match.end()
    end_literal()
    # The first varies slowest, as with curl.
    urls = ["".join(pieces) for pieces in islice(product(*choices), most + 1)]
    return urls[:most], len(urls) > most


def _range(match: re.Match[str]) -> Iterator[str]:
    step = max(1, int(match[7] or 1)) if len(match[7] or "") < 10 else 10**9
    if match[1] is not None:
        width = len(match[1]) if match[1].startswith("0") else 0
        return (f"{number:0{width}d}" for number in range(int(match[1][:18]), int(match[2][:18]) + 1, step))
    first, last = (match[3], match[4]) if match[3] else (match[5], match[6])
    return (chr(point) for point in range(ord(first), ord(last) + 1, step))


def whole_url(url: str) -> str:
    """A URL with its scheme: http where none is said, in small letters as hosts of the web have it."""
    match = _SCHEME.match(url)
    if match:
        return f"{match[1].lower()}://{url[match.end() :]}"
    return url if url.startswith("data:") else f"http://{url}"


def without_dots(path: str) -> str:
    """A path with `.` and `..` taken out, as RFC 3986 (5.2.4) has it."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    ends_open = segments[-1] in {".", ".."}
    return "/" + "/".join(kept) + ("/" if ends_open and kept else "")
