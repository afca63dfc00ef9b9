"""Where the time of a request goes. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.record import Stats
from perftui.model.units import format_ms
from perftui.report.own import own_short
from perftui.tui.widgets.cells import Drawing, Text, join, paint, shortened
from perftui.tui.widgets.picture import LivePicture

PARTS = (
    ("queue", "queue", "$series-4"),
    ("dns", "dns", "$series-4"),
    ("connect", "connect", "$series-3"),
    ("tls", "tls", "$series-3"),
    ("first_byte", "first byte", "$series-1"),
    ("transfer", "transfer", "$series-2"),
    ("execute", "execute", "$series-2"),
    ("fetch", "fetch", "$series-2"),
    ("answer", "answer", "$series-1"),
)
"""Key, name and colour, in the order they happen."""
_OF_SOME = frozenset({"execute", "fetch", "answer"})
"""Parts that only some protocols have: they are named where there are any."""
_FILLS = {
    "queue": "░",
    "dns": "▖",
    "connect": "▒",
    "tls": "▓",
    "first_byte": "█",
    "transfer": "▚",
    "execute": "▓",
    "fetch": "▒",
    "answer": "▓",
}


def draw_times(picture: LivePicture, width: int, height: int) -> Drawing:
    """A bar of the parts in proportion, and their means in words, of the window."""
    note = f"mean per request, last {picture.window_s} s"
    return times_drawing(picture.window.total, width, height, note=note, status=_connections(picture))


def times_drawing(stats: Stats, width: int, height: int, *, note: str, status: str = "") -> Drawing:
    """The same of any numbers."""
    return Drawing(time_lines(stats, width, height), title="Time goes to, ms", note=note, status=status)


def time_lines(stats: Stats, width: int, height: int) -> list[Text]:
    """The bar, then the words; words only where there is one line."""
    times = stats.times_ms
    total = sum(times.values())
    if not total:
        none = paint("no ok answers", "$quiet")
        return [join((paint("time", "bold $panel-title"), none), "  ") if height == 1 else none]
    words: list[Content] = []
    known: list[Content] = []
    for key, name, style in PARTS:
        if not times.get(key) and (height == 1 or key in _OF_SOME):
            continue
        glyph = paint(_FILLS[key], style) + Content(" ") if height != 1 else Content("")
        value = times.get(key, 0.0)
        words.append(glyph + paint(f"{name} ", "$quiet") + paint(_short(value), "bold" if value >= total / 3 else ""))
        if value:
            known.append(words[-1])
    if height == 1:
        return [join((paint("time", "bold $panel-title"), *words), "  ")]
    lines: list[Text] = [_bar(times, total, width)]
    if join(words, "  ").cell_length <= width:
        return [*lines, join(words, "  ")]
    if height == 2:
        return [*lines, shortened(join(known, "  "), width)]
    return [*lines, join(words[:3], "  "), join(words[3:], "  ")]


def _short(milliseconds: float) -> str:
    return "0" if milliseconds < 0.0005 else format_ms(milliseconds)


def _bar(times: dict[str, float], total: float, width: int) -> Content:
    ends, running = [], 0.0
    for key, _, _ in PARTS:
        running += times.get(key, 0.0)
        ends.append(round(running / total * width))
    pieces, start = [], 0
    for (key, _, style), end in zip(PARTS, ends, strict=True):
        pieces.append((_FILLS[key] * (end - start), style))
        start = end
    return Content.assemble(*(piece for piece in pieces if piece[0]))


def _connections(picture: LivePicture) -> str:
    links = picture.interval.connections
    words = [f"{links.open_now:,} connection{'s' * (links.open_now != 1)}", f"{links.opened:,} opened/s"]
    if links.reconnects:
        words.append(f"{links.reconnects:,} reconnects/s")
    if own := own_short(picture.window.total):
        words.append(own)
    return " · ".join(words)
