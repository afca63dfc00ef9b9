"""What the request path of Redis needs to know about an operation: commands, packed for each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle

import hiredis

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.operation import PreparedOperation, Sent
from perftui.engine.clients.users import VirtualUser
from perftui.engine.clients.variants import prepared_ahead
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.presets.makers import Variables
from perftui.presets.placeholders import Template
from perftui.presets.values import ValueStream

Pack = Callable[[ValueStream, Variables], bytes]


class RedisOperation(PreparedOperation):
    """One command, or a pipeline of them."""

    __slots__ = ("_pack", "_values", "_variables", "is_pipeline", "lean", "replies")

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        values: ValueStream,
        variables: Variables,
        *,
        whole: bool = False,
    ) -> None:
        super().__init__(plan, cells, clean_up)
        said = plan.request["redis"]
        self.is_pipeline = isinstance(said[0], list | tuple)
        commands = said if self.is_pipeline else [said]
        self.replies = len(commands)
        self.lean = not (whole or self.is_pipeline or plan.checks or plan.captures or plan.hit)
        """Whether it is enough that the reply is no error."""
        self._values = values
        self._variables = variables
        packs = [_packer(command) for command in commands]
        self._pack: Pack = packs[0] if len(packs) == 1 else _joined(packs)
        templates = [Template.compile(str(word)) for command in commands for word in command]
        if prepared := prepared_ahead(self._pack, templates, values, variables):
            self.next_request = cycle(prepared).__next__

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

    def describe(self, request: bytes) -> Sent:
        """The commands, one a line."""
        reader = hiredis.Reader(encoding="utf-8", errors="replace")
        reader.feed(request)
        lines = []
        while (command := reader.gets()) is not False:
            lines.append(" ".join(map(_shown, command)))
        return Sent(lines[0], (), "\n".join(lines[1:]).encode())


def _shown(word: str) -> str:
    return word if word and not any(character.isspace() for character in word) else f'"{word}"'


def _packer(command: Sequence[object]) -> Pack:
    """A function that packs a command; the words before the first one that varies are packed once."""
    templates = [Template.compile(str(word)) for word in command]
    varying = [at for at, template in enumerate(templates) if not template.is_static]
    render, pack = [template.render for template in templates], hiredis.pack_command
    if len(varying) != 1:
        return lambda values, variables: pack(tuple([make(values, variables) for make in render]))  # type: ignore[arg-type]  # its stub means one word
    at = varying[0]
    only = render[at]
    before, after = (b"".join(_word(str(word)) for word in side) for side in (command[:at], command[at + 1 :]))
    before = b"*%d\r\n%b" % (len(command), before)

    def pack_one(values: ValueStream, variables: Variables) -> bytes:
        word = only(values, variables).encode()
        return b"%b$%d\r\n%b\r\n%b" % (before, len(word), word, after)

    return pack_one


def _word(text: str) -> bytes:
    data = Template.compile(text).render(ValueStream(), {}).encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)


def _joined(packs: Sequence[Pack]) -> Pack:
    return lambda values, variables: b"".join([pack(values, variables) for pack in packs])
