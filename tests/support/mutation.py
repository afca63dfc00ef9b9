"""Texts that are nearly right: property tests begin where files that people edit end."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st


@st.composite
def with_a_part_replaced(draw: st.DrawFn, texts: Sequence[str], pieces: str) -> str:
    """One of the texts with a short part of it replaced by some of these characters.

    Args:
        draw: given by hypothesis.
        texts: that are right.
        pieces: characters that mean something in them.
    """
    text = draw(st.sampled_from(texts))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 40)))
    return text[:start] + draw(st.text(st.sampled_from(pieces), max_size=20)) + text[end:]
