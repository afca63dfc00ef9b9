"""The tags of a document in one pass: no tree is built, so that no document takes more than linear time and memory.

What HTML parsers do to mend a document is quadratic for documents that were made for it: 150 kB held one up for half a
minute. What is text to a browser that runs scripts (scripts, styles, titles, comments, `noscript`) is text here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import islice
from typing import NamedTuple

MOST_TAGS = 100_000
"""Of one document; the rest is not looked at."""
_MOST_ATTRIBUTES = 100
_TOKEN = re.compile(
    r"<(?:!--(?P<comment>)|[!?/](?![a-zA-Z])|(?P<ends>/?)(?P<name>[a-zA-Z][^\s/>]*+)"
    r"""(?P<written>(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?)*+)(?:>|(?P<cut>\Z)))"""
)
_ATTRIBUTE = re.compile(r"""([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?""")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_COMMENT_END = re.compile(r"--!?>")
_TEXT = frozenset({"script", "style", "textarea", "title", "iframe", "noembed", "noframes", "noscript", "xmp"})
"""Elements whose content is text up to their end tag."""
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _TEXT}


class Tag(NamedTuple):
    """One tag."""

    name: str
    """In small letters."""
    ends: bool
    """Whether it is an end tag."""
    written: str
    """What stands behind the name, up to the end of the tag."""

    @property
    def attributes(self) -> dict[str, str]:
        """Values by names in small letters; of two of a name the first."""
        found: dict[str, str] = {}
        for match in islice(_ATTRIBUTE.finditer(self.written), _MOST_ATTRIBUTES):
            value = next((group for group in match.groups()[1:] if group is not None), "")
            found.setdefault(match[1].lower(), _REFERENCE.sub(lambda reference: unescape(reference[0]), value))
        return found


def tags_of(text: str, names: frozenset[str]) -> Iterator[Tag]:
    """The tags of a document in their order, without those that are text to a browser.

    Args:
        text: the document.
        names: of the tags that are wanted.
    """
    place, drawings = 0, 0
    is_text = set(_TEXT)
    looked_at = names | _TEXT | {"svg"}
    left = MOST_TAGS
    while left > 0:
        for token in islice(_TOKEN.finditer(text, place), left):
            left -= 1
            if token["comment"] is not None:
                end = _COMMENT_END.search(text, token.end() - 2)  # `<!-->` is a whole one
                if end is None:
                    return
                place = end.end()
                break
            if (name := (token["name"] or "").lower()) not in looked_at:
                continue
            if token["cut"] is not None:
                return  # it is no tag
            tag = Tag(name, bool(token["ends"]), token["written"])
            if name in names:
                yield tag
            if name == "svg":
                drawings += -1 if tag.ends else not tag.written.endswith("/")
            elif name in is_text and not tag.ends and not (drawings > 0 and tag.written.endswith("/")):
                closing = _ENDS[name].search(text, token.end())
                if closing is not None:
                    place = closing.start()
                    break
                if name != "noscript":
                    return
                is_text.remove(name)  # one that never ends is taken for a mistake
        else:
            return
