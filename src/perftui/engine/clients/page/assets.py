"""What a document names that a browser fetches with it: found without running a script or reading a stylesheet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import urljoin, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST_ASSETS = 1000
"""Of one document; what it names beyond them is not fetched."""
_KEPT_DOCUMENTS = 64
_VIEWPORT = 1280
"""Width that images with several sizes are chosen for."""
_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest"})
_SELECTOR = "link, script[src], img, input[src], picture > source, video, audio, iframe[src], embed[src], object[data]"
_IMAGES = frozenset({"", "image/avif", "image/webp", "image/png", "image/jpeg", "image/gif", "image/svg+xml"})
_NO_SCRIPT, _END = "<noscript", "</noscript"


class Documents:
    """Documents that were looked through: each distinct one is parsed once."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, str], tuple[str, ...]] = OrderedDict()

    def assets(self, body: bytes, text: str, url: str) -> tuple[str, ...]:
        """Absolute URLs of what a document names, each once, in its order.

        Args:
            body: as it came: the same bytes name the same.
            text: the same as text.
            url: of the document.
        """
        key = blake2b(body, digest_size=16).digest(), url
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(assets_of(text, url))
            if len(self._known) > _KEPT_DOCUMENTS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return found


def assets_of(text: str, url: str) -> list[str]:
    """Absolute URLs of what a document names, each once, in its order."""
    tree = LexborHTMLParser(_as_with_scripts(text))
    base_node = tree.css_first("base[href]")
    base = url if base_node is None else joined(url, base_node.attributes.get("href") or "") or url
    found: dict[str, None] = {}
    for node in tree.css(_SELECTOR):
        for reference in _references(node):
            absolute = joined(base, reference)
            if absolute and absolute != url:
                found[absolute] = None
        if len(found) >= MOST_ASSETS:
            break
    return list(found)[:MOST_ASSETS]


def _as_with_scripts(text: str) -> str:
    """The document without what stands there for browsers without scripts; to others it is text."""
    lower = text.lower()
    kept, start = [], 0
    while (found := lower.find(_NO_SCRIPT, start)) >= 0:
        end = lower.find(_END, found)
        if end < 0:
            break
        kept.append(text[start:found])
        start = end
    return "".join((*kept, text[start:]))


def joined(base: str, reference: str) -> str:
    """An absolute http or https URL without fragment; empty where it is none."""
    try:
        parts = urlsplit(urljoin(base, reference.strip()))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return ""
        _ = parts.port
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def _references(node: LexborNode) -> Iterator[str]:
    if _is_idle(node):
        return
    attributes = node.attributes
    match node.tag:
        case "link":
            if _LINKS & set((attributes.get("rel") or "").lower().split()) and "disabled" not in attributes:
                yield attributes.get("href") or ""
        case "img":
            if not _has_source(node):
                yield _image(attributes.get("srcset"), attributes.get("src"))
        case "source":
            if node == _first_source(node.parent):
                yield _image(attributes.get("srcset"), None)
        case "video" | "audio":
            yield attributes.get("poster") or ""
            if attributes.get("preload") == "auto" or "autoplay" in attributes:  # else a browser takes its start only
                yield attributes.get("src") or ""
        case "input":
            yield (attributes.get("src") or "") if (attributes.get("type") or "").lower() == "image" else ""
        case "object":
            yield attributes.get("data") or ""
        case _:
            yield attributes.get("src") or ""


def _is_idle(node: LexborNode) -> bool:
    """Whether a browser with scripts does not look at it."""
    parent = node.parent
    while parent is not None:
        if parent.tag == "template":
            return True
        parent = parent.parent
    return False


def _has_source(node: LexborNode) -> bool:
    parent = node.parent
    return parent is not None and parent.tag == "picture" and _first_source(parent) is not None


def _first_source(picture: LexborNode | None) -> LexborNode | None:
    """The source that a browser takes for a picture, those for other media left out."""
    if picture is None:
        return None
    for child in picture.iter():
        if (
            child.tag == "source"
            and child.attributes.get("srcset")
            and not child.attributes.get("media")
            and (child.attributes.get("type") or "").lower() in _IMAGES
        ):
            return child
    return None


def _image(srcset: str | None, src: str | None) -> str:
    """The one image of several sizes that a window of 1280 pixels takes."""
    candidates = [parts for part in (srcset or "").split(", ") if (parts := part.strip().strip(",").split())]
    if not candidates:
        return src or ""
    widths = sorted((int(size[:-1]), url) for url, *sizes in candidates for size in sizes if _is_width(size))
    if widths:
        return next((url for width, url in widths if width >= _VIEWPORT), widths[-1][1])
    return next((url for url, *sizes in candidates if sizes in ([], ["1x"])), src or candidates[0][0])


def _is_width(size: str) -> bool:
    return size.endswith("w") and size[:-1].isascii() and size[:-1].isdigit()
