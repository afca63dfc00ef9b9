"""Draws a terminal's cells as SVG whose lines and blocks meet, whatever font is there.

Textual's own export places runs of text and trusts the font's advance; here every word has its cell, and lines,
blocks and shades are shapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from xml.etree import ElementTree as ET

CELL = (10.0, 21.0)
"""Width and height of a cell."""
_FROM = (12.2, 24.4)
_BASE_Y = 20.0
_FONT = "'DejaVu Sans Mono', 'Menlo', 'Consolas', monospace"
_ADVANCE = 0.60205
"""Advance of DejaVu Sans Mono in em."""
_FRAME = (16.0, 40.0, 16.0)
"""Left and right, top, bottom."""
_RULE = re.compile(r"-(r\d+) \{ fill: (#[0-9a-f]{6});?([^}]*)\}")
_EIGHTHS = {"▁": 1, "▂": 2, "▃": 3, "▄": 4, "▅": 5, "▆": 6, "▇": 7, "█": 8}
_LEFT = {"▏": 1, "▎": 2, "▍": 3, "▌": 4, "▋": 5, "▊": 6, "▉": 7}
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_ARMS = {
    "│": "ud", "┤": "udl", "├": "udr", "┬": "lrd", "┴": "lru", "┼": "lrud", "╶": "r", "╴": "l", "╵": "u",
    "╷": "d",
}  # fmt: skip
_DASHES = {"┈": "1.5 1.83", "╌": "3 2", "┄": "2 1.33"}
_STRETCHED = "─━┈╌┄█▀▁▂▃▄▅▆▇░▒▓"
"""Glyphs of which a row is one shape."""
_SINGLE = "▏▎▍▌▋▊▉▚▪╺│┤├┬┴┼╶╴╵╷╭╮╰╯🔎"
_PIECES = re.compile(rf"\s+|([{_STRETCHED}])\1*|[{_SINGLE}]|[^\s{_STRETCHED}{_SINGLE}]+")
_CORNERS = {"╭": (1, 1), "╮": (-1, 1), "╰": (1, -1), "╯": (-1, -1)}


@dataclass(frozen=True)
class Style:
    """Colour and weight of a run."""

    fill: str
    bold: bool
    underline: bool


def redraw(svg: str, title: str) -> str:
    """Textual's export with shapes for lines and blocks, in a window frame."""
    root = ET.fromstring(svg)  # noqa: S314 - written by Textual a moment ago
    styles = {name: Style(fill, "bold" in rest, "underline" in rest) for name, fill, rest in _RULE.findall(svg)}
    tag = "{http://www.w3.org/2000/svg}"
    texts = [node for node in root.iter(f"{tag}text") if "title" not in node.get("class", "")]
    boxes = [node for node in root.iter(f"{tag}rect") if node.get("shape-rendering")]
    columns = round(max(_right(node) for node in [*texts, *boxes]))
    rows = 1 + max(_row(node) for node in texts)
    ground = next((box.get("fill", "#14161d") for box in boxes), "#14161d")
    parts = [_background(node) for node in boxes]
    for node in texts:
        style = styles[node.get("class", "").rsplit("-", 1)[-1]]
        parts += _run(node, style)
    return _window("\n".join(parts), (columns, rows), title, ground)


def _row(node: ET.Element) -> int:
    return round((float(node.get("y", 0)) - _BASE_Y) / _FROM[1])


def _right(node: ET.Element) -> float:
    width = float(node.get("textLength") or node.get("width") or 0)
    return (float(node.get("x", 0)) + width) / _FROM[0]


def _background(node: ET.Element) -> str:
    column = round(float(node.get("x", 0)) / _FROM[0])
    row = round((float(node.get("y", 0)) - 1.5) / _FROM[1])
    width = round(float(node.get("width", 0)) / _FROM[0])
    return _rect(column * CELL[0], row * CELL[1], (width * CELL[0], CELL[1]), node.get("fill", "#000"))


def _run(node: ET.Element, style: Style) -> list[str]:
    """The shapes and words of one run of text."""
    row, column = _row(node), round(float(node.get("x", 0)) / _FROM[0])
    parts: list[str] = []
    for piece in (found[0] for found in _PIECES.finditer(node.text or "")):
        shape = _shape(piece[0], column * CELL[0], row * CELL[1], style.fill, len(piece))
        if shape:
            parts += shape
        elif not piece.isspace():
            parts.append(_word(piece, column, row, style))
        column += len(piece)
    return parts


def _word(word: str, column: int, row: int, style: Style) -> str:
    x, y = column * CELL[0], row * CELL[1] + 15.6
    weight = ' font-weight="bold"' if style.bold else ""
    line = ' text-decoration="underline"' if style.underline else ""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{style.fill}"{weight}{line} textLength="{len(word) * CELL[0]:g}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(word)}</text>'
    )


def _rect(x: float, y: float, size: tuple[float, float], fill: str, opacity: float = 1.0) -> str:
    faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    place = f'x="{x:g}" y="{y:g}" width="{size[0]:g}" height="{size[1]:g}"'
    return f'<rect {place} fill="{fill}"{faint} shape-rendering="crispEdges"/>'


def _line(path: str, fill: str, width: float = 1.2, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{path}" stroke="{fill}" stroke-width="{width:g}" fill="none"{dashes}/>'


def _shape(glyph: str, x: float, y: float, fill: str, cells: int) -> list[str]:
    width, height = CELL
    long = width * cells
    middle_x, middle_y = x + width / 2, y + height / 2
    if glyph in _EIGHTHS:
        part = height * _EIGHTHS[glyph] / 8
        return [_rect(x, y + height - part, (long, part), fill)]
    if glyph == "▀":
        return [_rect(x, y, (long, height / 2), fill)]
    if glyph in _LEFT:
        return [_rect(x, y, (width * _LEFT[glyph] / 8, height), fill)]
    if glyph in _SHADES:
        return [_rect(x, y, (long, height), fill, _SHADES[glyph])]
    if glyph == "▚":
        half = (width / 2, height / 2)
        return [_rect(x, y, half, fill), _rect(middle_x, middle_y, half, fill)]
    if glyph == "🔎":
        return [
            f'<circle cx="{x + 9:g}" cy="{middle_y - 1:g}" r="4" stroke="{fill}" stroke-width="1.4" fill="none"/>',
            _line(f"M{x + 12:g} {middle_y + 2:g}l4 4", fill, 1.6),
        ]
    if glyph == "▪":
        return [_rect(middle_x - 3, middle_y - 3, (6, 6), fill)]
    if glyph == "━":
        return [_line(f"M{x:g} {middle_y:g}h{long:g}", fill, 2.6)]
    if glyph == "╺":
        return [_line(f"M{middle_x:g} {middle_y:g}h{width / 2:g}", fill, 2.6)]
    if glyph == "─":
        return [_line(f"M{x:g} {middle_y:g}h{long:g}", fill)]
    if glyph in _DASHES:
        return [_line(f"M{x:g} {middle_y:g}h{long:g}", fill, 1.4, _DASHES[glyph])]
    if glyph in _CORNERS:
        right, down = _CORNERS[glyph]
        bend = f"Q{middle_x:g} {middle_y:g} {middle_x:g} {middle_y + down * width / 2:g}"
        path = f"M{middle_x + right * width / 2:g} {middle_y:g}{bend}V{middle_y + down * height / 2:g}"
        return [_line(path, fill)]
    if glyph in _ARMS:
        ends = {"l": (-width / 2, 0.0), "r": (width / 2, 0.0), "u": (0.0, -height / 2), "d": (0.0, height / 2)}
        path = "".join(f"M{middle_x:g} {middle_y:g}l{ends[arm][0]:g} {ends[arm][1]:g}" for arm in _ARMS[glyph])
        return [_line(path, fill)]
    return []


def _window(body: str, cells: tuple[int, int], title: str, ground: str) -> str:
    side, top, bottom = _FRAME
    width, height = cells[0] * CELL[0] + 2 * side, cells[1] * CELL[1] + top + bottom
    dots = "".join(
        f'<circle cx="{side + 8 + 20 * place:g}" cy="20" r="6" fill="{colour}"/>'
        for place, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    size = f'width="{width:g}" height="{height:g}"'
    caption = 'text-anchor="middle" font-family="sans-serif" font-size="14" fill="#8a8fa3"'
    edge = 'rx="10" stroke="#808080" stroke-opacity="0.45"'
    font = f'font-family="{_FONT}" font-size="{CELL[0] / _ADVANCE:.3f}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {size}>',
            f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" fill="{ground}" {edge}/>',
            dots,
            f'<text x="{width / 2:g}" y="25" {caption}>{escape(title)}</text>',
            f'<g transform="translate({side:g} {top:g})" {font}>',
            body,
            "</g>",
            "</svg>",
            "",
        )
    )
