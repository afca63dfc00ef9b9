"""Verdicts, trust and states as a word with a glyph and a colour: never by colour alone."""

from __future__ import annotations

from textual.content import Content

from perftui.model.interval import TrustVerdict
from perftui.model.record import Outcome, Status
from perftui.model.text import safe_text

_MOST_CHARACTERS = 2000

_VERDICTS: dict[str, tuple[str, str]] = {
    "pass": ("✓ pass", "$success"),
    "warn": ("! warn", "$warning"),
    "fail": ("✗ fail", "$error"),
    "none": ("· none", "$quiet"),
    "invalid": ("✗ invalid", "$error"),
    "regression": ("✗ regression", "$error"),
}
_TRUST: dict[str, tuple[str, str]] = {
    "valid": ("valid", "$success"),
    "degraded": ("degraded", "$warning"),
    "invalid": ("invalid", "$error"),
}
_STATUS: dict[str, tuple[str, str]] = {
    "running": ("▶ running", "$accent bold"),
    "finished": ("finished", "$foreground"),
    "stopped": ("stopped", "$warning"),
    "aborted": ("aborted", "$warning"),
    "interrupted": ("interrupted", "$warning"),
    "failed": ("✗ failed", "$error"),
    "unfinished": ("unfinished", "$warning"),
}
_CHANGES: dict[str, tuple[str, str]] = {
    "regression": ("regression", "$error"),
    "improvement": ("improvement", "$success"),
    "no_difference": ("no difference", "$foreground"),
    "inconclusive": ("inconclusive", "$warning"),
    "not_comparable": ("not comparable", "$error"),
}


def verdict_mark(verdict: Outcome | str) -> Content:
    """`✓ pass`, `! warn`, `✗ fail`, `· none`; of whole runs also `✗ invalid`, `✗ regression`."""
    return _mark(_VERDICTS, verdict)


def trust_mark(trust: TrustVerdict | str) -> Content:
    """`valid`, `degraded` or `invalid`."""
    return _mark(_TRUST, trust)


def status_mark(status: Status | str) -> Content:
    """The state of a run: `▶ running`, `finished`, ..."""
    return _mark(_STATUS, status)


def change_mark(verdict: str) -> Content:
    """The verdict of a comparison, or of one of its metrics."""
    return _mark(_CHANGES, verdict)


def words(text: str, style: str = "") -> Content:
    """Text of files, arguments or the network: never markup, controls made visible."""
    return Content.styled(safe_text(text, _MOST_CHARACTERS), style)


def paragraph(text: str) -> Content:
    """Several lines of such text."""
    return Content("\n").join(words(line) for line in text.split("\n"))


def quiet(text: str) -> Content:
    """Text that stands back."""
    return words(text, "$quiet")


def _mark(table: dict[str, tuple[str, str]], key: str) -> Content:
    text, style = table.get(key, (key, "$foreground"))
    return Content.styled(text, style)
