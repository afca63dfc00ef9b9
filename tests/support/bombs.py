"""Small data that inflates to large data. It is made when a test asks for it: each process that collects would pay."""

from __future__ import annotations

import gzip
import zlib
from functools import cache


@cache
def zlib_bomb(size: int, head: bytes = b"") -> bytes:
    """So many zero bytes behind a head, as zlib packs them."""
    return zlib.compress(head + bytes(size))


@cache
def gzip_bomb(size: int) -> bytes:
    """So many zero bytes, as gzip packs them; the same at every moment."""
    return gzip.compress(bytes(size), mtime=0)
