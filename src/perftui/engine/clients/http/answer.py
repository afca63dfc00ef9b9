"""The answer to a request outside of the load: what checks and captures look at, and its times."""

from __future__ import annotations

from typing import Any

import msgspec

MOST_BODY_BYTES = 10 * 1024 * 1024


class Answer:
    """One response, whole."""

    def __init__(
        self,
        *,
        status: int,
        version: str,
        reason: str,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        times_ms: dict[str, float],
    ) -> None:
        self.status = status
        self.version = version
        """Such as `HTTP/1.1`."""
        self.reason = reason
        self.headers = headers
        self.body = body
        self.times_ms = times_ms
        """connect, tls, first_byte, transfer and total, as far as they happened."""
        self._document: Any = _NOT_READ

    @property
    def text(self) -> str:
        """The body, decoded as UTF-8 where it can be."""
        return self.body.decode("utf-8", "replace")

    @property
    def body_bytes(self) -> int:
        """Length of the body."""
        return len(self.body)

    def header(self, name: bytes) -> bytes | None:
        """The first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def document(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The body as JSON.

        Raises:
            ValueError: the body is no JSON.
        """
        if self._document is _NOT_READ:
            try:
                self._document = msgspec.json.decode(self.body)
            except (msgspec.DecodeError, RecursionError) as error:
                raise ValueError(str(error)) from error
        return self._document

    @property
    def total_s(self) -> float:
        """From the start to the last byte."""
        return self.times_ms["total"] / 1e3


_NOT_READ: Any = object()
