"""What a document names that a browser fetches with it: found without running a script or reading a stylesheet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

from perftui.engine.clients.page.images import image_of, is_shown
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
_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest"})
_SCRIPTS = frozenset({"", "module", "text/javascript", "application/javascript", "text/ecmascript"})
_FRAMES = frozenset({"iframe", "frame"})
_RECORDINGS = frozenset({"video", "audio"})
_MOST_SRCDOC = 3
"""Documents within documents within documents."""
_IMAGES = frozenset({"", "image/avif", "image/webp", "image/png", "image/jpeg", "image/gif", "image/svg+xml"})
_NAMING = frozenset({"link", "script", "img", "input", "track", "embed", "object", "image", "use"})
_WANTED = _NAMING | _FRAMES | _RECORDINGS | {"template", "picture", "source", "base"}


class Named(NamedTuple):
    """What a document names."""

    assets: tuple[str, ...] = ()
    """Absolute URLs, each once, in their order."""
    frames: frozenset[str] = frozenset()
    """Those of them that are documents of their own."""


class Documents:
    """Documents that were looked through: each distinct one is read once."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, str], Named] = OrderedDict()
        self.characters = 0
        """Of all URLs that are kept."""

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
            self.characters += sum(map(len, found.assets))
            while len(self._known) > _KEPT_DOCUMENTS or (self.characters > _KEPT_CHARACTERS and len(self._known) > 1):
                _, oldest = self._known.popitem(last=False)
                self.characters -= sum(map(len, oldest.assets))
        else:
            self._known.move_to_end(key)
        return found


def named_in(text: str, url: str) -> Named:
    """What a document names."""
    looking = _Looking(url)
    looking.through(text, url, 0)
    return Named(tuple(looking.found), frozenset(looking.frames))


class _Looking:
    """One look through a document, and those written within it."""

    def __init__(self, url: str) -> None:
        self.found: dict[str, None] = {}
        self.frames: set[str] = set()
        self._url = url
        self._references = 0

    def through(self, text: str, url: str, depth: int) -> None:
        """Note what a document names, in the order of its tags."""
        base = url
        has_base = False
        templates = 0
        picture: list[str] | None = None  # what its sources name, while one is open
        recording = False  # whether the film or sound that is open will play its next source
        for tag in tags_of(text, _WANTED):
            if len(self.found) >= MOST_ASSETS or self._references >= _MOST_REFERENCES:
                return
            name = tag.name
            if name == "template":
                templates = max(0, templates + (-1 if tag.ends else 1))
            elif templates:
                continue  # a browser does not look at what is in one
            elif name == "picture":
                picture = None if tag.ends else []
            elif tag.ends:
                recording = recording and name not in _RECORDINGS
            elif name == "base":
                if not has_base and (href := tag.attributes.get("href")):
                    base, has_base = joined(url, href) or url, True
            elif name == "source":
                if picture is not None:
                    picture = picture or self._note(base, _pictured(tag))
                elif recording:
                    recording = not self._note(base, _recorded(tag))
            elif name in _FRAMES and (written := tag.attributes.get("srcdoc")) is not None:
                if depth < _MOST_SRCDOC:
                    self.through(written, base, depth + 1)
            elif not (picture and name == "img"):
                self._note(base, _references(tag), is_frame=name in _FRAMES)
                if name in _RECORDINGS:
                    recording = _is_taken_whole(tag) and not tag.attributes.get("src")

    def _note(self, base: str, references: Iterator[str], *, is_frame: bool = False) -> list[str]:
        """Take what a tag names; returns it."""
        noted = [reference for reference in references if reference]
        for reference in noted:
            self._references += 1
            absolute = joined(base, reference)
            if absolute and absolute != self._url:
                self.found[absolute] = None
                if is_frame:
                    self.frames.add(absolute)
        return noted


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
            yield from _of_link(attributes)
        case "script":
            if attributes.get("type", "").lower() in _SCRIPTS and "nomodule" not in attributes:
                yield attributes.get("src", "")
        case "img":
            yield image_of(attributes.get("srcset"), attributes.get("sizes"), attributes.get("src"))
        case "video" | "audio":
            yield attributes.get("poster", "")
            if _is_taken_whole(tag):
                yield attributes.get("src", "")
        case "input":
            yield attributes.get("src", "") if attributes.get("type", "").lower() == "image" else ""
        case "track":
            yield attributes.get("src", "") if "default" in attributes else ""
        case "object":
            yield attributes.get("data", "")
        case "image" | "use":
            yield attributes.get("href") or attributes.get("xlink:href", "")
        case _:
            yield attributes.get("src", "")


def _of_link(attributes: Mapping[str, str]) -> Iterator[str]:
    kinds = _LINKS & set(attributes.get("rel", "").lower().split())
    if not kinds or "disabled" in attributes:
        return
    if "preload" in kinds and not is_shown(attributes.get("media")):  # a stylesheet is fetched for whatever media
        return
    yield image_of(attributes.get("imagesrcset"), attributes.get("imagesizes"), attributes.get("href"))


def _is_taken_whole(recording: Tag) -> bool:
    """Whether a browser does not stop after the start of a film or sound."""
    attributes = recording.attributes
    return attributes.get("preload") == "auto" or "autoplay" in attributes


def _pictured(source: Tag) -> Iterator[str]:
    """What a source of a picture names, if a browser takes it."""
    attributes = source.attributes
    if is_shown(attributes.get("media")) and attributes.get("type", "").lower() in _IMAGES:
        yield image_of(attributes.get("srcset"), attributes.get("sizes"), None)


def _recorded(source: Tag) -> Iterator[str]:
    """The same for a film or sound."""
    if is_shown(source.attributes.get("media")):
        yield source.attributes.get("src", "")
