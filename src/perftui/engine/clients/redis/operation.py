"""What the request path of Redis needs to know about an operation: commands, packed for each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import hiredis

from perftui.engine.clients.operation import Sent
from perftui.engine.clients.rendered import Material, RenderedOperation
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase
from perftui.presets.makers import Variables
from perftui.presets.placeholders import Template
from perftui.presets.values import ValueStream

Pack = Callable[[ValueStream, Variables], bytes]


class RedisOperation(RenderedOperation):
    """One command, or a pipeline of them."""

    __slots__ = ("is_pipeline", "replies")

    def __init__(
        self, plan: Operation, cells: Mapping[Phase, CellRecorder], material: Material, *, whole: bool = False
    ) -> None:
        super().__init__(plan, cells, material, whole=whole)
        said = plan.request["redis"]
        self.is_pipeline = isinstance(said[0], list | tuple)
        commands = said if self.is_pipeline else [said]
        self.replies = len(commands)
        self.lean = self.lean and not self.is_pipeline
        """Whether it is enough that the reply is no error."""
        packs = [_packer(command) for command in commands]
        templates = [Template.compile(str(word)) for command in commands for word in command]
        self.use(packs[0] if len(packs) == 1 else _joined(packs), templates)

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
