"""What a document names that a browser fetches with it: found without running a script or reading a stylesheet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from perftui.engine.clients.page.images import image_of, is_shown

MOST_ASSETS = 1000
"""Of one document; what it names beyond them is not fetched."""
_KEPT_DOCUMENTS = 64
_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest"})
_SELECTOR = (
    "link, script[src], img, input[src], source, video, audio, track[default][src], iframe, frame[src], embed[src], "
    "object[data], image, use"
)
_SCRIPTS = frozenset({"", "module", "text/javascript", "application/javascript", "text/ecmascript"})
_FRAMES = frozenset({"iframe", "frame"})
_MOST_SRCDOC = 3
"""Documents within documents within documents."""
_IMAGES = frozenset({"", "image/avif", "image/webp", "image/png", "image/jpeg", "image/gif", "image/svg+xml"})
_NO_SCRIPT, _END = "<noscript", "</noscript"


class Named(NamedTuple):
    """What a document names."""

    assets: tuple[str, ...] = ()
    """Absolute URLs, each once, in their order."""
    frames: frozenset[str] = frozenset()
    """Those of them that are documents of their own."""


class Documents:
    """Documents that were looked through: each distinct one is parsed once."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, str], Named] = OrderedDict()

    def named(self, body: bytes, text: str, url: str) -> Named:
        """What a document names.

        Args:
            body: as it came: the same bytes name the same.
            text: the same as text.
            url: of the document.
        """
        key = blake2b(body, digest_size=16).digest(), url
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = named_in(text, url)
            if len(self._known) > _KEPT_DOCUMENTS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return found


def named_in(text: str, url: str) -> Named:
    """What a document names."""
    found: dict[str, None] = {}
    frames: set[str] = set()
    _look_through(text, url, found, frames, 0)
    assets = tuple(found)[:MOST_ASSETS]
    return Named(assets, frozenset(frames & set(assets)))


def _look_through(text: str, url: str, found: dict[str, None], frames: set[str], depth: int) -> None:
    tree = LexborHTMLParser(_as_with_scripts(text))
    base_node = tree.css_first("base[href]")
    base = url if base_node is None else joined(url, base_node.attributes.get("href") or "") or url
    for node in tree.css(_SELECTOR):
        if _is_idle(node):
            continue
        written = node.attributes.get("srcdoc") if node.tag == "iframe" else None
        if written is not None:
            if depth < _MOST_SRCDOC:
                _look_through(written, base, found, frames, depth + 1)
            continue
        for reference in _references(node):
            absolute = joined(base, reference)
            if absolute and absolute != url:
                found[absolute] = None
                if node.tag in _FRAMES:
                    frames.add(absolute)
        if len(found) >= MOST_ASSETS:
            break


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
    attributes = node.attributes
    match node.tag:
        case "link":
            yield from _of_link(attributes)
        case "script":
            if (attributes.get("type") or "").lower() in _SCRIPTS and "nomodule" not in attributes:
                yield attributes.get("src") or ""
        case "img":
            if not _has_source(node):
                yield image_of(attributes.get("srcset"), attributes.get("sizes"), attributes.get("src"))
        case "source":
            if _is(node.parent, "picture") and node == _first_source(node.parent):
                yield image_of(attributes.get("srcset"), attributes.get("sizes"), None)
            elif _is(node.parent, "video", "audio") and node == _first_recording(node.parent):
                yield attributes.get("src") or ""
        case "video" | "audio":
            yield attributes.get("poster") or ""
            if _is_taken_whole(node):
                yield attributes.get("src") or ""
        case "input":
            yield (attributes.get("src") or "") if (attributes.get("type") or "").lower() == "image" else ""
        case "object":
            yield attributes.get("data") or ""
        case "image" | "use":
            yield attributes.get("href") or attributes.get("xlink:href") or ""
        case _:
            yield attributes.get("src") or ""


def _of_link(attributes: Mapping[str, str | None]) -> Iterator[str]:
    kinds = _LINKS & set((attributes.get("rel") or "").lower().split())
    if not kinds or "disabled" in attributes:
        return
    if "preload" in kinds and not is_shown(attributes.get("media")):  # a stylesheet is fetched for whatever media
        return
    yield image_of(attributes.get("imagesrcset"), attributes.get("imagesizes"), attributes.get("href"))


def _is(node: LexborNode | None, *tags: str) -> bool:
    return node is not None and node.tag in tags


def _is_taken_whole(recording: LexborNode) -> bool:
    """Whether a browser does not stop after the start of a film or sound."""
    return recording.attributes.get("preload") == "auto" or "autoplay" in recording.attributes


def _first_recording(parent: LexborNode | None) -> LexborNode | None:
    """The source that is played, where it is taken whole and the film or sound names none itself."""
    if parent is None or not _is_taken_whole(parent) or parent.attributes.get("src"):
        return None
    sources = (child for child in parent.iter() if child.tag == "source" and child.attributes.get("src"))
    return next((child for child in sources if is_shown(child.attributes.get("media"))), None)


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
            and is_shown(child.attributes.get("media"))
            and (child.attributes.get("type") or "").lower() in _IMAGES
        ):
            return child
    return None
