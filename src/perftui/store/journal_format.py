"""One line of a journal: `{"v":1,"n":sequence,"line":{...}}`, a tab, the crc32 of what is before it, a newline."""

from __future__ import annotations

import zlib

import msgspec

from perftui.model.errors import UsageError
from perftui.model.interval import ErrorSample, Event, Interval
from perftui.model.journal import JournalLine
from perftui.store.plausible import check_interval, is_moment
from perftui.store.safe_reading import safe_json

VERSION = 1
MOST_LINE_BYTES = 16 * 1024 * 1024
_CRC_DIGITS = 8


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """A line and its place in the journal. `v` is the major version of the format."""

    v: int
    n: int
    line: JournalLine


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    v: int = VERSION


class DamagedLineError(ValueError):
    """A line that was not written so: cut, changed on the disk, or forged."""


class UnknownVersionError(UsageError):
    """A whole line of a newer major version."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Numbered)
_version_decoder = msgspec.json.Decoder(_Version)


def encode_line(number: int, line: JournalLine) -> bytes:
    """The bytes of a line, its newline included.

    Raises:
        ValueError: it holds a number that is not finite, or is longer than a line may be.
    """
    body = _encoder.encode(Numbered(v=VERSION, n=number, line=line))
    if b":null" in body:  # how JSON writes NaN and infinities; also seen within text, hence the closer look
        try:
            _decoder.decode(body)
        except msgspec.ValidationError as error:
            raise ValueError(f"a number of the line is not finite: {error}") from error
    if len(body) > MOST_LINE_BYTES - 16:
        raise ValueError(f"a line of {len(body)} bytes is longer than a journal takes")
    return b"%b\t%08x\n" % (body, zlib.crc32(body))


def decode_line(raw: bytes) -> tuple[int, JournalLine]:
    """Number and content of a line without its newline.

    Raises:
        DamagedLineError: it is not what was written.
        UnknownVersionError: it is whole, but of a newer major version.
    """
    cut = len(raw) - _CRC_DIGITS - 1
    body = raw[:cut]
    if cut <= 0 or raw[cut:] != b"\t%08x" % zlib.crc32(body):
        raise DamagedLineError("checksum does not match")
    try:
        numbered = _decoder.decode(safe_json(body))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        _refuse_newer(body)
        raise DamagedLineError(f"not a journal line: {error}") from error
    if numbered.v != VERSION:
        _refuse_newer(body)
        raise DamagedLineError(f"version {numbered.v}")
    line = numbered.line
    try:
        if isinstance(line, Interval):
            check_interval(line)
    except ValueError as error:
        raise DamagedLineError(str(error)) from error
    if isinstance(line, Event | ErrorSample) and not is_moment(line.at_s):
        raise DamagedLineError(f"something happened at {line.at_s:.3g} s")
    return numbered.n, line


def _refuse_newer(body: bytes) -> None:
    try:
        version = _version_decoder.decode(body).v
    except (msgspec.DecodeError, RecursionError, ValueError):
        return
    if version > VERSION:
        raise UnknownVersionError(
            f"the journal has format {version}, this perftui knows {VERSION}; open it with a newer perftui"
        )
