"""No text from outside can steer a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.text import safe_text


@given(st.text(alphabet=st.characters(), max_size=400), st.integers(min_value=1, max_value=300))
def test_nothing_that_steers_a_terminal_is_left(text: str, limit: int) -> None:
    safe = safe_text(text, limit)
    assert len(safe) <= limit
    for character in safe:
        assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
        assert not 0x202A <= ord(character) <= 0x202E


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b]52;c;x\x07", "\\x1b]52;c;x\\x07"),
        ("a\tb\nc", "a b c"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\ud800", "\ufffd"),
        ("naïve 東京 ✓", "naïve 東京 ✓"),
    ],
)
def test_controls_become_visible_and_the_rest_stays(text: str, safe: str) -> None:
    assert safe_text(text) == safe


def test_a_tower_of_marks_is_cut_to_four() -> None:
    assert safe_text("e" + "\u0301" * 50) == "e" + "\u0301" * 4


def test_a_long_text_says_that_it_was_cut() -> None:
    assert safe_text("x" * 1000, 10) == "x" * 9 + "…"
