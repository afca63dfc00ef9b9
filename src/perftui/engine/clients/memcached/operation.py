"""An operation of Memcached: one command, made anew for every request."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from perftui.engine.clients.operation import Sent
from perftui.engine.clients.rendered import Material, RenderedOperation
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.presets.makers import Variables
from perftui.presets.placeholders import Template
from perftui.presets.values import ValueStream

STORES = frozenset({"set", "add", "replace", "append", "prepend"})
_MOST_KEY = 250


class MemcachedOperation(RenderedOperation):
    """One command."""

    __slots__ = ("_command", "_renders")

    def __init__(
        self, plan: Operation, cells: Mapping[Phase, CellRecorder], material: Material, *, whole: bool = False
    ) -> None:
        super().__init__(plan, cells, material, whole=whole)
        command, *words = plan.request["memcached"]
        self._command = str(command).lower()
        templates = [Template.compile(str(word)) for word in words]
        self._renders = [template.render for template in templates]
        with suppress(ValueError):  # said of the request that has the value
            self.use(self._pack, templates)

    def _pack(self, values: ValueStream, variables: Variables) -> bytes:
        words = [render(values, variables).encode() for render in self._renders]
        if self._command not in STORES:
            return b"%b %b\r\n" % (self._command.encode(), b" ".join(map(_word, words)))
        key, data, *rest = words
        seconds = _word(rest[0]) if rest else b"0"
        return b"%b %b 0 %b %d\r\n%b\r\n" % (self._command.encode(), _word(key), seconds, len(data), data)

    def describe(self, request: bytes) -> Sent:
        """The line of the command, and the value to store."""
        line, _, data = request.partition(b"\r\n")
        return Sent(line.decode("utf-8", "replace"), (), data.removesuffix(b"\r\n"))


def _word(word: bytes) -> bytes:
    """A key or number: nothing that could end it, or the line."""
    if not word or len(word) > _MOST_KEY or min(word) <= 32 or 127 in word:
        raise ValueError("a key or number of Memcached has 1 to 250 bytes, no spaces and no control characters")
    return word
