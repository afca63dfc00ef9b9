"""The widget behind every panel: lines in a frame, of which only the changed cells are sent to the terminal.

Textual repaints whole dirty regions. Here the lines are compared with the ones on screen and only the spans that
differ are marked, so a panel whose numbers stand still costs nothing over SSH.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from perftui.tui.widgets.cells import Drawing, content, fit, framed, paint

Picture = TypeVar("Picture")
Draw = Callable[[Picture, int, int], Drawing]
"""Draws a picture for an inner width and height; height 0 asks for as many lines as there are."""

_SHORT = 8
"""Cells; a move of the cursor takes about as many bytes."""


class LinePanel(Widget, Generic[Picture]):
    """Shows what `draw` makes of a picture: framed, or the bare line where there is room for one only."""

    DEFAULT_CSS = """
    LinePanel { height: 2; width: 1fr; }
    """

    def __init__(
        self,
        draw: Draw[Picture],
        *,
        frame: bool = True,
        key: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._frame = frame
        self._key = key
        self._picture: Picture | None = None
        self._strips: list[Strip] = []
        self._drawn_size = Size(0, 0)

    def show(self, picture: Picture) -> None:
        """Draw another picture; repaints what differs."""
        self._picture = picture
        if not self.is_mounted or not self.size:
            return
        before, old_size = self._strips, self._drawn_size
        self._paint()
        if old_size != self.size or len(before) != len(self._strips):
            self.refresh()
            return
        regions = [
            Region(first, line, end - first, 1)
            for line, (old, new) in enumerate(zip(before, self._strips, strict=True))
            for first, end in changed_spans(old, new)
        ]
        if regions:
            self.refresh(*regions)

    def natural_height(self, width: int) -> int:
        """Lines that the picture needs at this width, frame included."""
        if self._picture is None:
            return 2 if self._frame else 1
        inner = max(1, width - 4 if self._frame else width)
        return len(self._draw(self._picture, inner, 0).lines) + (2 if self._frame else 0)

    def on_resize(self) -> None:
        """Another size: everything anew."""
        self._paint()
        self.refresh()

    def notify_style_update(self) -> None:
        """Another theme: the strips hold the old colours."""
        super().notify_style_update()
        if self.is_mounted and self.size:
            self._paint()

    def _paint(self) -> None:
        width, height = self.size
        self._drawn_size = self.size
        if self._picture is None:
            lines = framed(Drawing(()), width, height) if self._frame and height > 2 else []
        elif self._frame and height > 2:
            drawing = self._draw(self._picture, max(1, width - 4), max(0, height - 2))
            lines = framed(self._keyed(drawing), width, height)
        else:
            drawing = self._draw(self._picture, max(1, width), height)
            lines = [fit(content(line), width) for line in drawing.lines[:height]]
        style = self.visual_style
        # of no width there are no strips: a panel beside one that takes all there is
        strips = [Visual.to_strips(self, line, width, 1, style, pad=True)[0] for line in lines] if width else []
        self._strips = [_joined(strip) for strip in strips]

    def _keyed(self, drawing: Drawing) -> Drawing:
        """With the key that shows this panel alone, before its title."""
        return (
            replace(drawing, title=paint(f"{self._key} ", "$accent") + content(drawing.title)) if self._key else drawing
        )

    def render_line(self, y: int) -> Strip:
        """One line as drawn last; of another size, drawn anew: a line may be asked for before the resize is told."""
        if self._drawn_size != self.size:
            self._paint()
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.visual_style.rich_style)


def changed_spans(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """The cells, left and right end, in which two lines of one length differ.

    A short stretch that stayed the same is sent again: moving the cursor over it costs more.
    """
    if old == new:
        return []
    before, after = _cells(old), _cells(new)
    if before is None or after is None or len(before) != len(after):
        return [(0, new.cell_length)]
    spans: list[tuple[int, int]] = []
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        if one == other:
            continue
        if spans and place - spans[-1][1] < _SHORT:
            spans[-1] = (spans[-1][0], place + 1)
        else:
            spans.append((place, place + 1))
    return spans


def _cells(strip: Strip) -> list[tuple[str, Style | None]] | None:
    cells = [(character, segment.style) for segment in strip for character in segment.text]
    # a wide character fills two cells: positions in the text are no columns then
    return cells if len(cells) == strip.cell_length else None


def _joined(strip: Strip) -> Strip:
    """The same line with fewer changes of style: a blank takes the style before it, where nobody sees that."""
    segments: list[Segment] = []
    for segment in strip:
        last = segments[-1].style if segments else None
        if last is not None and _alike_when_blank(last, segment) and segment.text.isspace():
            segments[-1] = Segment(segments[-1].text + segment.text, last)
        else:
            segments.append(segment)
    return Strip(segments, strip.cell_length).simplify()


def _alike_when_blank(last: Style, segment: Segment) -> bool:
    style = segment.style
    if style is None or style.bgcolor != last.bgcolor:
        return False
    return not (last.underline or last.reverse or style.underline or style.reverse)
