"""What a document names that a browser fetches with it: found without running a script or reading a stylesheet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import urljoin, urlsplit, urlunsplit

from perftui.engine.clients.page.tags import Tag, tags_of

MOST_ASSETS = 1000
"""Of one document; what it names beyond them is not fetched."""
MOST_URL_CHARACTERS = 8000
"""Servers refuse longer ones; such a part of a page is left out."""
_MOST_REFERENCES = 10 * MOST_ASSETS
"""That are looked at for them: most of a hostile document may name the same, or nothing."""
_KEPT_DOCUMENTS = 64
_KEPT_CHARACTERS = 8_000_000
"""Of URLs, in all documents together."""
_VIEWPORT = 1280
"""Width that images with several sizes are chosen for."""
_MOST_WIDTH_DIGITS = 9
_MOST_SIZES = 100
"""Of one image."""
_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest"})
_IMAGES = frozenset({"", "image/avif", "image/webp", "image/png", "image/jpeg", "image/gif", "image/svg+xml"})
_NAMING = frozenset({"link", "script", "img", "input", "video", "audio", "iframe", "embed", "object"})
_AROUND = frozenset({"template", "picture", "source", "base"})


class Documents:
    """Documents that were looked through: each distinct one is read once."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, str], tuple[str, ...]] = OrderedDict()
        self.characters = 0
        """Of all URLs that are kept."""

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
            self.characters += sum(map(len, found))
            while len(self._known) > _KEPT_DOCUMENTS or (self.characters > _KEPT_CHARACTERS and len(self._known) > 1):
                _, oldest = self._known.popitem(last=False)
                self.characters -= sum(map(len, oldest))
        else:
            self._known.move_to_end(key)
        return found


def assets_of(text: str, url: str) -> list[str]:
    """Absolute URLs of what a document names, each once, in its order."""
    base, references = _read(text, url)
    found: dict[str, None] = {}
    for reference in references:
        absolute = joined(base, reference)
        if absolute and absolute != url:
            found[absolute] = None
            if len(found) == MOST_ASSETS:
                break
    return list(found)


def _read(text: str, url: str) -> tuple[str, dict[str, None]]:
    """What references are relative to, and the distinct ones."""
    base = ""
    references: dict[str, None] = {}
    templates = 0
    picture: list[str] | None = None  # what its sources name, while one is open
    for tag in tags_of(text, _NAMING | _AROUND):
        if tag.name == "template":
            templates = max(0, templates + (-1 if tag.ends else 1))
        elif templates:
            continue  # a browser does not look at what is in one
        elif tag.name == "picture":
            picture = None if tag.ends else []
        elif tag.ends:
            continue
        elif tag.name == "base" and not base:
            base = joined(url, tag.attributes.get("href") or "")
        elif tag.name == "source" and picture is not None:
            if not picture:  # the first that will do is taken
                picture += _source(tag)
                references |= dict.fromkeys(picture)
        elif tag.name in _NAMING and len(references) < _MOST_REFERENCES and not (picture and tag.name == "img"):
            references |= dict.fromkeys(reference for reference in _references(tag) if reference)
    return base or url, references


def joined(base: str, reference: str) -> str:
    """An absolute http or https URL without fragment; empty where it is none, or longer than servers take."""
    try:
        parts = urlsplit(urljoin(base, reference.strip()))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return ""
        _ = parts.port
    except ValueError:
        return ""
    absolute = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))
    return absolute if len(absolute) <= MOST_URL_CHARACTERS else ""


def _references(tag: Tag) -> Iterator[str]:
    attributes = tag.attributes
    match tag.name:
        case "link":
            if _LINKS & set(attributes.get("rel", "").lower().split()) and "disabled" not in attributes:
                yield attributes.get("href", "")
        case "img":
            yield _image(attributes.get("srcset", ""), attributes.get("src", ""))
        case "video" | "audio":
            yield attributes.get("poster", "")
            if attributes.get("preload") == "auto" or "autoplay" in attributes:  # else a browser takes its start only
                yield attributes.get("src", "")
        case "input":
            yield attributes.get("src", "") if attributes.get("type", "").lower() == "image" else ""
        case "object":
            yield attributes.get("data", "")
        case _:
            yield attributes.get("src", "")


def _source(tag: Tag) -> list[str]:
    """What a source of a picture names, if a browser takes it."""
    attributes = tag.attributes
    fits = not attributes.get("media") and attributes.get("type", "").lower() in _IMAGES
    return [_image(attributes["srcset"], "")] if fits and attributes.get("srcset") else []


def _image(srcset: str, src: str) -> str:
    """The one image of several sizes that a window of 1280 pixels takes."""
    candidates = [
        parts for part in srcset.split(", ", _MOST_SIZES)[:_MOST_SIZES] if (parts := part.strip().strip(",").split())
    ]
    if not candidates:
        return src
    widths = sorted((int(size[:-1]), url) for url, *sizes in candidates for size in sizes if _is_width(size))
    if widths:
        return next((url for width, url in widths if width >= _VIEWPORT), widths[-1][1])
    return next((url for url, *sizes in candidates if sizes in ([], ["1x"])), src or candidates[0][0])


def _is_width(size: str) -> bool:
    return size.endswith("w") and len(size) <= _MOST_WIDTH_DIGITS and size[:-1].isascii() and size[:-1].isdigit()
