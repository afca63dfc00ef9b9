"""What an answer is to checks and captures, whatever the protocol."""

from __future__ import annotations

from typing import Protocol


class Response(Protocol):
    """One complete answer."""

    @property
    def status(self) -> int:
        """The status of an HTTP answer; 0 where the protocol has none."""

    @property
    def text(self) -> str:
        """The body, decoded where it can be."""

    @property
    def body(self) -> bytes:
        """The body as it came; empty when nobody wanted it."""

    @property
    def body_bytes(self) -> int:
        """Length of the body."""

    @property
    def rows(self) -> int | None:
        """How many rows, entries or replies it holds; None where the protocol knows no such number."""

    @property
    def is_nil(self) -> bool:
        """Whether there is no value: a key that is not there, an empty result."""

    def header(self, name: bytes) -> bytes | None:
        """The first header of that (lower-case) name."""

    def document(self) -> object:
        """The body as JSON, or the values as JSON has them.

        Raises:
            ValueError: the body is no JSON.
        """

    def head_text(self) -> str:
        """What comes before the body, one line each, for people."""
