"""What comes from a terminal is taken whatever it is: Latin-1 keyboards, noise on a line, a picture that is pasted."""

from __future__ import annotations

from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable
from functools import partial

from textual.drivers import linux_driver


def take_any_bytes() -> None:
    """Have Textual read bytes that are no UTF-8 as U+FFFD, which no key is, instead of ending with an error."""
    linux_driver.getincrementaldecoder = _tolerant  # type: ignore[attr-defined, assignment]  # it has no other door


def _tolerant(encoding: str) -> Callable[[], IncrementalDecoder]:
    return partial(getincrementaldecoder(encoding), "replace")
