"""Keys that change how one looks at a run, never the run: the same when it is live and when it is replayed."""

from __future__ import annotations

from textual.binding import Binding

from perftui.tui.screens.live_panels import NUMBERED

VIEW_BINDINGS: tuple[Binding, ...] = (
    Binding(
        "f", "hold", "hold view", show=False, id="view.hold", tooltip="Hold the view, or follow again; the load goes on"
    ),
    Binding("left", "back(-1)", "earlier", show=False, id="view.earlier", tooltip="Look at one second earlier"),
    Binding("right", "back(1)", "later", show=False, id="view.later", tooltip="Look at one second later"),
    Binding(
        "comma", "back(-10)", "10 s earlier", show=False, id="view.earlier10", tooltip="Look at ten seconds earlier"
    ),
    Binding("full_stop", "back(10)", "10 s later", show=False, id="view.later10", tooltip="Look at ten seconds later"),
    Binding(
        "w", "window", "window", show=False, id="view.window", tooltip="Window of the newest percentiles: 1, 10 or 60 s"
    ),
    Binding(
        "z", "zoom", "time axis", show=False, id="view.zoom", tooltip="Time axis: the whole plan, 5 minutes, 1 minute"
    ),
    Binding(
        "h",
        "lines",
        "heat map",
        show=False,
        id="view.heat",
        tooltip="Heat map of response times, or percentiles as lines",
    ),
    *(
        Binding(
            str(number),
            f"panel('{name}')",
            name,
            show=False,
            id=f"view.panel{number}",
            tooltip=f"Panel {number} alone, or all panels again",
        )
        for number, name in enumerate(NUMBERED, 1)
    ),
    Binding(
        "a",
        "side('A')",
        "side A",
        show=False,
        id="view.a",
        tooltip="This moment as side A of a comparison",
    ),
    Binding("b", "side('B')", "side B", show=False, id="view.b", tooltip="This moment as side B, beside A"),
    Binding("o", "sort", "order", show=False, id="view.sort", tooltip="Order the operations by the next column"),
    Binding("up,k", "scroll_operations(-1)", "up", show=False, id="view.up", tooltip="Operations: up"),
    Binding("down,j", "scroll_operations(1)", "down", show=False, id="view.down", tooltip="Operations: down"),
    Binding(
        "pageup", "scroll_panels(-1)", "page up", show=False, id="view.page_up", tooltip="Small terminal: panels above"
    ),
    Binding(
        "pagedown",
        "scroll_panels(1)",
        "page down",
        show=False,
        id="view.page_down",
        tooltip="Small terminal: panels below",
    ),
    Binding("t", "trust", "trust", show=False, id="view.trust", tooltip="Why the numbers are believed, or not"),
    Binding(
        "escape", "leave_view", "back", show=False, id="view.leave", tooltip="Follow again, or back; a run goes on"
    ),
)
