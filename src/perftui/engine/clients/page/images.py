"""Which of several sizes of an image a browser takes: srcset, sizes and media for a window of 1280 pixels."""

from __future__ import annotations

import re

_VIEWPORT = 1280
_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6}"
_CONDITION = re.compile(rf"\(\s*(min|max)-width\s*:\s*({_NUMBER})(px|r?em)\s*\)")
_EM_PX = 16
_LENGTH = re.compile(rf"({_NUMBER})(px|vw|r?em)$")
_SIZE = re.compile(rf"(.*?)((?<![0-9.])(?:{_NUMBER})(?:px|vw|r?em))$", re.DOTALL)
_MOST_CANDIDATES = 100
_MOST_CHARACTERS = 2000
"""Of what says when an image is wanted."""
_MOST_DIGITS = 9
_ANY_MEDIA = frozenset({"", "all", "screen", "only screen"})


def image_of(srcset: str | None, sizes: str | None, src: str | None) -> str:
    """The one image that is taken; empty where there is none."""
    written = (srcset or "").split(", ", _MOST_CANDIDATES)[:_MOST_CANDIDATES]
    candidates = [parts for part in written if (parts := part.strip().strip(",").split())]
    if not candidates:
        return src or ""
    widths = sorted((int(size[:-1]), url) for url, *told in candidates for size in told if _is_width(size))
    if widths:
        wanted = _width_of(sizes or "")
        return next((url for width, url in widths if width >= wanted), widths[-1][1])
    return next((url for url, *told in candidates if told in ([], ["1x"])), src or candidates[0][0])


def is_shown(media: str | None) -> bool:
    """Whether a list of media, as far as its widths tell, is for this window; what is not understood is for others."""
    return any(_holds(query) for query in (media or "")[:_MOST_CHARACTERS].lower().split(","))


def _holds(query: str) -> bool:
    kind, *conditions = (part.strip() for part in query.split(" and "))
    if kind.startswith("("):
        conditions = [kind, *conditions]
    elif kind not in _ANY_MEDIA:
        return False
    return all(map(_is_met, conditions))


def _is_met(condition: str) -> bool:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        return False
    width = float(found[2]) * (1 if found[3] == "px" else _EM_PX)
    return width <= _VIEWPORT if found[1] == "min" else width >= _VIEWPORT


def _width_of(sizes: str) -> float:
    """How wide the image will be shown; the whole window where nobody says so in plain lengths."""
    for part in sizes[:_MOST_CHARACTERS].lower().split(","):
        found = _SIZE.fullmatch(part.strip())
        if found is not None and (not found[1].strip() or _holds(found[1].strip())):
            return _pixels(found[2])
    return _VIEWPORT


def _pixels(length: str) -> float:
    found = _LENGTH.match(length)
    if found is None:
        return _VIEWPORT
    return float(found[1]) * {"px": 1, "vw": _VIEWPORT / 100}.get(found[2], _EM_PX)


def _is_width(size: str) -> bool:
    return size.endswith("w") and len(size) <= _MOST_DIGITS and size[:-1].isascii() and size[:-1].isdigit()
