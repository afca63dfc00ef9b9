"""What a body says: inflated, in its character set, as JSON."""

from __future__ import annotations

import codecs
import re
import zlib
from functools import lru_cache

import msgspec

_KEPT_KINDS = 64
decode_json = msgspec.json.Decoder().decode
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_INFLATED = {"gzip", "x-gzip", "deflate"}
_NOT_READ = object()
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ANY_MARK = tuple(mark for mark, _ in _MARKS)


class Unreadable(ValueError):  # noqa: N818 - a reason, told as one
    """Why nobody can look into a body: how it is packed."""


@lru_cache(_KEPT_KINDS)
def charset_of(kind: bytes) -> str:
    """The character set that a Content-Type names, as Python knows it; empty: UTF-8, or none named."""
    found = _CHARSET.search(kind.decode("latin-1"))
    named = found[1] if found else ""
    return "" if named.lower() in {"utf-8", "utf8", "us-ascii"} else named


class Content:
    """One body, looked into when somebody asks."""

    __slots__ = ("_body", "_charset", "_document", "_encoding", "_most", "_text")

    def __init__(self, body: bytes, encoding: bytes, kind: bytes, most: int) -> None:
        """Take a body.

        Args:
            body: as it came.
            encoding: the header Content-Encoding.
            kind: the header Content-Type.
            most: bytes that it may be inflated to.
        """
        self._body = body
        self._encoding = encoding.decode("latin-1").strip().lower()
        self._charset = charset_of(kind)
        self._most = most
        self._text: str | None = None
        self._document: object = _NOT_READ

    @property
    def text(self) -> str:
        """As text; what cannot be read stays as it came, in replacement characters."""
        if self._text is None:
            try:
                self._text = self._decoded("replace")
            except Unreadable:
                self._text = self._body.decode("utf-8", "replace")
        return self._text

    def document(self) -> object:
        """As JSON.

        Raises:
            ValueError: it is none.
        """
        if self._document is _NOT_READ:
            data = self._inflated()
            is_plain = not self._charset and not data.startswith(_ANY_MARK)
            try:
                self._document = decode_json(data if is_plain else self._decoded("strict"))
            except RecursionError as error:
                raise ValueError("nested too deeply") from error
        return self._document

    def _decoded(self, errors: str) -> str:
        data = self._inflated()
        marked = next((charset for mark, charset in _MARKS if data.startswith(mark)), "")
        try:
            return data.decode(marked or self._charset or "utf-8", errors)
        except LookupError as error:
            raise Unreadable(f"its character set {self._charset} is not known") from error

    def _inflated(self) -> bytes:
        if self._encoding in {"", "identity"}:
            return self._body
        if self._encoding not in _INFLATED:
            raise Unreadable(f"it is compressed by {self._encoding[:20]}, which is not read here: ask for gzip")
        # some servers deflate without the frame that the name means
        for bits in (_ZLIB_OR_GZIP, -zlib.MAX_WBITS) if self._encoding == "deflate" else (_ZLIB_OR_GZIP,):
            inflater = zlib.decompressobj(bits)
            try:
                data = inflater.decompress(self._body, self._most)
            except zlib.error:
                continue
            if inflater.unconsumed_tail:
                raise Unreadable(f"inflated it is larger than {self._most:,} bytes (target.max_body)")
            if inflater.eof:
                return data
        raise Unreadable(f"it says {self._encoding} and is none")
