"""Files and messages that are nearly right: what each kind is read by, and damaged examples of it without end."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import msgspec

from perftui.engine.control.messages import Request
from perftui.model.errors import PerftuiError
from perftui.presets.catalog import list_presets
from perftui.presets.importing.any_file import import_any, kind_of
from perftui.presets.loading import read_preset
from perftui.presets.redaction import redact_plan
from perftui.report.text import summary_text
from perftui.store.journal_format import DamagedLineError, decode_line
from perftui.store.plausible import check_plausible
from perftui.store.records import parse_record
from perftui.store.safe_reading import safe_json
from support.fuzzed_answers import damaged_responses, use_answer
from support.fuzzed_messages import EXAMPLES
from support.fuzzed_mysql import CONVERSATIONS, use_conversation
from support.fuzzed_websocket import FRAMES, use_frames

TESTS = Path(__file__).parent.parent
PIECES = (
    b"\x00", b"\x1b[2J", b"\xc2\x9b", b"\xe2\x80\xae", b"\xff", b"\xed\xa0\x80", b"\"", b"'", b"\\", b"\\u0000", b"\n",
    b"[", b"{", b"}", b"]", b"[" * 2000, b"=", b":", b",", b"0", b"-1", b"1e999", b"9223372036854775808", b"nan",
    b"inf", b"true", b"null", b"1" * 5000, b"${env:HOME}", b"${", b"{{x}}", b"http://[", b"http://a:99999", b"//",
    b"..", b"%", b"%00", b"\xef\xbb\xbf", b"a" * 300, b"<!DOCTYPE x [<!ENTITY a \"b\">]>", b"$ref: '#'",
)  # fmt: skip


def damaged(example: bytes, chance: random.Random) -> bytes:
    """The example with some parts replaced, doubled or left out."""
    data = bytearray(example)
    for _ in range(chance.randrange(1, 5)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 0, 1, 2, 5, 20, 200)))
        match chance.randrange(4):
            case 0:
                data[start:end] = chance.choice(PIECES)
            case 1:
                data[start:end] = b""
            case 2:
                data[start:end] = bytes(chance.randrange(256) for _ in range(chance.randrange(4)))
            case _:
                other = chance.randrange(len(data) + 1)
                data[start:start] = data[other : other + chance.choice((1, 10, 100))]
    return bytes(data)


IMPORTED = (
    "curl -X POST 'https://a.example/x?q=1&token=abc' -H 'X-A: b' --data-raw '{\"a\": [1, 2]}' -u me:secret",
    """### First
# @name first
POST https://a.example/items?x=1
Content-Type: application/json

{"name": "{{name}}", "n": {{$randomInt 1 5}}}

###
GET https://a.example/items/{{first.response.body.$.id}}
""",
    """openapi: 3.0.3
info: { title: Shop, version: "1" }
servers: [{ url: "https://a.example/{v}", variables: { v: { default: v1 } } }]
paths:
  /items/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer, minimum: 1 } }]
    get: { operationId: one, responses: { "200": { description: ok } } }
    put:
      operationId: change
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Item" } } } }
      responses: { "204": { description: done } }
components:
  schemas:
    Item: { type: object, properties: { a: { type: string }, self: { $ref: "#/components/schemas/Item" } } }
""",
    """{"log": {"version": "1.2", "entries": [{"startedDateTime": "2026-01-01T00:00:00Z", "time": 12, "request":
 {"method": "POST", "url": "https://a.example/x?a=1", "headers": [{"name": "Accept", "value": "*/*"}],
  "postData": {"mimeType": "application/json", "text": "{}"}}, "response": {"status": 200}}]}}""",
)


@dataclass(frozen=True)
class Kind:
    """One kind of input."""

    examples: Callable[[], list[bytes]]
    use: Callable[[bytes], object]
    """Reads one; raises only what is documented, and that is caught here."""


def _recorded(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((TESTS / "recorded_runs").glob(f"*/{name}"))]


@cache
def _journal_lines() -> list[bytes]:
    lines = [line for journal in _recorded("journal.jsonl") for line in journal.splitlines()]
    return [line.rpartition(b"\t")[0] for line in lines][::7]


def _short_records() -> list[bytes]:
    """What long ones have more of is more of the same, and takes its time to read."""
    return sorted(_recorded("run.toml"), key=len)[:4]


def _use_record(data: bytes) -> None:
    record = parse_record(data, "run.toml")
    check_plausible(record, (), "run.toml")
    summary_text(record)


def _use_line(body: bytes) -> None:
    try:
        decode_line(b"%b\t%08x" % (body, zlib.crc32(body)))
    except DamagedLineError:
        return


def _use_preset(data: bytes) -> None:
    redact_plan(read_preset(data.decode("utf-8", "replace"), "x.toml"))


def _use_import(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    read_preset(import_any(text, kind_of(text), "x"), "x.toml")


def _use_message(data: bytes) -> None:
    try:
        msgspec.json.decode(safe_json(data), type=Request)
    except (ValueError, RecursionError):
        return


def _answers() -> list[bytes]:
    return [data for data, _, _ in islice(damaged_responses("examples"), 200)]


KINDS = {
    "HTTP answers": Kind(_answers, use_answer),
    "run files": Kind(_short_records, _use_record),
    "journal lines": Kind(_journal_lines, _use_line),
    "presets": Kind(
        lambda: [info.path.read_bytes() for info in list_presets() if info.origin == "built-in"], _use_preset
    ),
    "imports": Kind(lambda: [text.encode() for text in IMPORTED], _use_import),
    "control messages": Kind(
        lambda: [b'{"kind":"level","level":12.5,"origin":"ctl"}', b'{"kind":"mark","text":"a mark","origin":"tui"}'],
        _use_message,
    ),
    "WebSocket frames": Kind(lambda: FRAMES, use_frames),
    "MySQL answers": Kind(lambda: CONVERSATIONS, use_conversation),
    **{name: Kind(examples, use) for name, (examples, use) in EXAMPLES.items()},
}


def examples_of(kind: str, seed: str) -> Iterator[bytes]:
    """Damaged examples of a kind, without end; the same for the same seed."""
    chance = random.Random(f"{kind}/{seed}")
    whole = KINDS[kind].examples()
    while True:
        yield damaged(chance.choice(whole), chance)


def try_out(kind: str, data: bytes) -> None:
    """Read one. Whatever is raised that is no answer to a user is a fault, and raised again.

    Raises:
        ValueError: the answer says nothing.
    """
    try:
        KINDS[kind].use(data)
    except PerftuiError as error:
        if not error.problems or not all(problem.strip() for problem in error.problems):
            raise ValueError("an error without words") from error
