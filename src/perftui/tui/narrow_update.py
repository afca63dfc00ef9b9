"""Sends only the cells of a line that changed. Textual sends each line from the left edge of its widget on.

A column that is added to a wide picture would cost the whole picture, every second.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


class NarrowUpdate(ChopsUpdate):
    """The same cells on the screen, in fewer bytes."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> NarrowUpdate:
        """The same update."""
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """The changed cells as what is written to the terminal."""
        pieces: list[str] = []
        for y, first, end in self.spans:
            for chop_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= end or chop_end <= first:
                    continue
                left = max(first, x)
                pieces.append(Control.move_to(left, y).segment.text)
                pieces.append(strip.crop(left - x, min(chop_end, end) - x).render(console))
        return "".join(pieces)
