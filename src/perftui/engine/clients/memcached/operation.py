"""An operation of Memcached: one command, made anew for every request."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.operation import PreparedOperation, Sent
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.presets.makers import Variables
from perftui.presets.placeholders import Template
from perftui.presets.values import ValueStream

STORES = frozenset({"set", "add", "replace", "append", "prepend"})
_MOST_KEY = 250


class MemcachedOperation(PreparedOperation):
    """One command."""

    __slots__ = ("_command", "_renders", "_values", "_variables")

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        values: ValueStream,
        variables: Variables,
    ) -> None:
        super().__init__(plan, cells, clean_up)
        command, *words = plan.request["memcached"]
        self._command = str(command).lower()
        templates = [Template.compile(str(word)) for word in words]
        self._renders = [template.render for template in templates]
        self._values = values
        self._variables = variables
        if all(template.is_static for template in templates):
            self.next_request = repeat(self._pack(values, variables)).__next__

    def request_for(self, user: VirtualUser | None) -> bytes:
        """The bytes of the next request."""
        if self.next_request is not None:
            request: bytes = self.next_request()
            return request
        if user is None:
            self._values.advance()
            return self._pack(self._values, self._variables)
        if user.journey is None:
            user.values.advance()
        return self._pack(user.values, user.variables)

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
