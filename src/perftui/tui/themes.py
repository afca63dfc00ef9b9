"""Three themes: dark, light and high contrast. Good is blue, bad is orange: red-green blindness loses nothing."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DEFAULT_THEME: Final = "perftui-dark"


def _frame(*, line: str, focus: str, hover: str, ground: str) -> dict[str, str]:
    """Colours of what surrounds the content: borders, cursor, scroll bars.

    Args:
        line: borders and scroll bars at rest.
        focus: what has the focus, or is dragged.
        hover: a scroll bar below the mouse.
        ground: behind scroll bars.
    """
    return {
        "panel-border": line,
        "panel-border-focus": focus,
        "border": focus,
        "border-blurred": line,
        "block-cursor-background": focus,
        "block-cursor-text-style": "bold",
        "scrollbar": line,
        "scrollbar-hover": hover,
        "scrollbar-active": focus,
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
    }


def _heat(levels: str, of_16: str, *, p50: str, p95: str, p99: str) -> dict[str, str]:
    """Colours of the heat map, from few answers to many, and of the lines over it.

    A terminal of sixteen colours has colours of its own: others would be rounded to one another, or to the ground.
    """
    named = {f"heat-{number}": colour for number, colour in enumerate(levels.split(), 1)}
    named |= {f"heat-of-16-{number}": colour for number, colour in enumerate(of_16.split(), 1)}
    return named | {"line-p50": p50, "line-p95": p95, "line-p99": p99}


_BRIGHT_OF_16: Final = "#000080 #000080 #0000ff #0000ff #008080 #00ffff #00ffff #ffffff"
"""On a dark ground many answers are bright."""
_DARK_OF_16: Final = "#00ffff #00ffff #008080 #008080 #0000ff #0000ff #000000 #000000"

_DARK: Final = Theme(
    name="perftui-dark",
    primary="#7aa2f7",
    secondary="#5b6f9e",
    accent="#7dcfff",
    success="#63b3f0",
    warning="#e5c07b",
    error="#ff9457",
    foreground="#d5d9e6",
    background="#14161d",
    surface="#191c25",
    panel="#212532",
    dark=True,
    variables=_frame(line="#363c50", focus="#7aa2f7", hover="#5b6f9e", ground="#14161d")
    | _heat(
        "#1c2a4a #22407a #2a5aa6 #3478c8 #459be6 #6fbff5 #a8dffb #e8f8ff",
        _BRIGHT_OF_16,
        p50="#ffffff",
        p95="#ffd75f",
        p99="#ff9457",
    )
    | {
        "series-1": "#63b3f0",
        "series-2": "#ff9457",
        "series-3": "#6fd3c1",
        "series-4": "#7b8299",
        "panel-title": "#a9b4d6",
        "quiet": "#868ea8",
        "block-cursor-foreground": "#14161d",
        "block-cursor-blurred-foreground": "#d5d9e6",
        "block-cursor-blurred-background": "#2b3145",
        "footer-background": "#191c25",
        "footer-key-foreground": "#7dcfff",
        "footer-description-foreground": "#9aa2bd",
        "input-selection-background": "#7aa2f7 35%",
    },
)

_LIGHT: Final = Theme(
    name="perftui-light",
    primary="#2f5fc4",
    secondary="#7d8bb0",
    accent="#0b6e99",
    success="#1666b0",
    warning="#8a5a00",
    error="#b8470b",
    foreground="#23283a",
    background="#f6f7fa",
    surface="#eceef4",
    panel="#e2e5ee",
    dark=False,
    variables=_frame(line="#c3c9d9", focus="#2f5fc4", hover="#7d8bb0", ground="#f6f7fa")
    | _heat(
        "#dbe6f7 #bcd2f0 #98bbe6 #71a1d9 #4b86c9 #2f6bb3 #1c4f92 #0e3266",
        _DARK_OF_16,
        p50="#101420",
        p95="#8a5a00",
        p99="#c4520f",
    )
    | {
        "series-1": "#1666b0",
        "series-2": "#c4520f",
        "series-3": "#0f7f70",
        "series-4": "#767d92",
        "panel-title": "#3d4a73",
        "quiet": "#616880",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-foreground": "#23283a",
        "block-cursor-blurred-background": "#d5dbee",
        "footer-background": "#eceef4",
        "footer-key-foreground": "#0b5a80",
        "footer-description-foreground": "#565d74",
        "input-selection-background": "#2f5fc4 25%",
    },
)

_HIGH_CONTRAST: Final = Theme(
    name="perftui-contrast",
    primary="#5cb8ff",
    secondary="#c0c0c0",
    accent="#ffffff",
    success="#5cb8ff",
    warning="#ffd75f",
    error="#ffa040",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    text_alpha=1.0,
    variables=_frame(line="#c0c0c0", focus="#ffd75f", hover="#ffd75f", ground="#000000")
    | _heat(
        "#00305c #00508c #0070b8 #0090e0 #38b0ff #80ccff #c0e6ff #ffffff",
        _BRIGHT_OF_16,
        p50="#ffffff",
        p95="#ffd75f",
        p99="#ffa040",
    )
    | {
        "series-1": "#5cb8ff",
        "series-2": "#ffa040",
        "series-3": "#ffffff",
        "series-4": "#c0c0c0",
        "panel-title": "#ffffff",
        "quiet": "#d0d0d0",
        "text-muted": "#d0d0d0",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-foreground": "#000000",
        "block-cursor-blurred-background": "#c0c0c0",
        "footer-background": "#000000",
        "footer-key-foreground": "#ffd75f",
        "footer-description-foreground": "#ffffff",
    },
)

THEMES: Final = (_DARK, _LIGHT, _HIGH_CONTRAST)
"""Every theme the user can choose, by the names of the settings file."""
