"""What a driver of tasks answers with: a value, or a fault."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from perftui.engine.clients.response import Response
from perftui.model.error_classes import BOUNDED_FAMILIES, ERROR_CLASSES
from perftui.model.text import safe_text

_MOST_NAMES = 100
_MOST_CHARACTERS = 60
_names: dict[str, str] = {}
"""Error classes that are no others' than a driver's or a function's, and under which name each is counted."""


def counted_class(name: str) -> str:
    """The name under which faults of a class are counted: safe to print.

    Functions of the user's and drivers from elsewhere make up names. No more of them than people can read: what is
    beyond a hundred in one process is `FAMILY.other`.
    """
    if (counted := _names.get(name)) is not None:
        return counted
    family, dot, code = safe_text(name).partition(".")
    if name in ERROR_CLASSES or not dot or ":" in family or family in BOUNDED_FAMILIES:
        return safe_text(name)
    if len(_names) >= _MOST_NAMES:
        return f"{family}.other"
    counted = _names[name] = f"{family}.{safe_text(code, _MOST_CHARACTERS).replace(' ', '_')}"
    return counted


class Fault(Exception):  # noqa: N818 - an outcome of a request, not a mistake of the program
    """A request failed: its error class, what happened, and whether the session is of no use any more."""

    def __init__(self, error_class: str, detail: str, *, lost: bool = False, response: Response | None = None) -> None:
        """Describe the failure.

        Args:
            error_class: a name of model.error_classes, or `DRIVER.something`.
            detail: what happened, on one line.
            lost: the session is of no use any more.
            response: what people should see of the answer beside it.
        """
        super().__init__(detail)
        self.response = response
        self.error_class = counted_class(error_class)
        self.detail = detail
        self.lost = lost

    @property
    def said(self) -> tuple[str, str]:
        """Error class and detail."""
        return self.error_class, self.detail


class Reply:
    """An answer whose value JSON could hold; one that it cannot is told as such. What most drivers return."""

    __slots__ = ("_value", "body_bytes", "ended_ns", "parts", "rows", "status")

    parts_are_all = False
    """Whether the parts are all that the time went to: then nothing is said of a first byte."""

    def __init__(
        self,
        value: object = None,
        *,
        body_bytes: int = 0,
        rows: int | None = None,
        parts: Sequence[tuple[str, int]] = (),
        ended_ns: int = 0,
    ) -> None:
        """Hold a value.

        Args:
            value: the answer; None where there is none.
            body_bytes: bytes of the answer, where they are known.
            rows: how many rows, entries or replies it holds; the length of a list when not said.
            parts: names and ns of what the time went to.
            ended_ns: when it was complete, on the clock of perf_counter_ns, where that was before it is handed over.
        """
        self._value = value
        self.body_bytes = body_bytes
        self.rows = len(value) if rows is None and isinstance(value, list) else rows
        self.status = 0
        self.parts = parts
        self.ended_ns = ended_ns

    def _made(self) -> object:
        """The value, made when somebody looks at it."""
        return self._value

    @property
    def is_nil(self) -> bool:
        """Whether there is no value, or no row."""
        return self._value is None or self.rows == 0

    @property
    def text(self) -> str:
        """The value as text: strings as they are, all else as JSON."""
        value = self._made()
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return value if isinstance(value, str) else self.body.decode("utf-8", "replace")

    @property
    def body(self) -> bytes:
        """The value as bytes."""
        value = self._made()
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode("utf-8", "replace")
        try:
            return msgspec.json.encode(value, enc_hook=str)
        except Exception as error:  # noqa: BLE001 - a value may hold itself, or objects that cannot even be told
            return f"(no JSON can be made of this value: {type(error).__name__})".encode("utf-8", "replace")

    def header(self, name: bytes) -> bytes | None:  # noqa: ARG002 - of the protocol
        """There are none."""
        return None

    def document(self) -> object:
        """The value itself; bytes and text are read as JSON.

        Raises:
            ValueError: they are no JSON.
        """
        if isinstance(self._value, bytes | str):
            return msgspec.json.decode(self._value)
        return msgspec.json.decode(self.body)

    def head_text(self) -> str:
        """How much there is."""
        if self.rows is not None:
            return f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        return "no value" if self._value is None else "a value"
