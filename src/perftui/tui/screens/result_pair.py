"""Two panels of one height beside each other, or below each other where there is no room. As high as they need."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.result_picture import ResultPicture

BESIDE_FROM = 100
"""Cells from which two panels stand beside each other."""


class Pair(Container):
    """Keeps both panels as high as the higher one while they stand beside each other."""

    DEFAULT_CSS = """
    Pair { height: auto; width: 100%; layout: vertical; }
    Pair.-beside { layout: horizontal; }
    """

    def __init__(self, left: LinePanel[ResultPicture], right: LinePanel[ResultPicture]) -> None:
        super().__init__()
        self._panels = (left, right)

    def compose(self) -> ComposeResult:
        """Both."""
        yield from self._panels

    def fit(self) -> None:
        """Give both panels their height, for the width there is."""
        parent = self.parent
        width = parent.scrollable_content_region.width if isinstance(parent, Widget) else 0
        if not width:
            return
        beside = width >= BESIDE_FROM
        self.set_class(beside, "-beside")
        heights = [panel.natural_height(width // 2 if beside else width) for panel in self._panels]
        for panel, height in zip(self._panels, heights, strict=True):
            panel.styles.height = max(heights) if beside else height
