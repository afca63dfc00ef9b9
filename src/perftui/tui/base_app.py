"""What every screen may ask of the app: its session, its messages, and the way to other screens. Knows no screen."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from textual import events, work
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.screen import Screen

from perftui.model.errors import PerftuiError, UsageError
from perftui.model.text import safe_text
from perftui.tui.any_bytes import take_any_bytes
from perftui.tui.narrow_update import NarrowUpdate
from perftui.tui.session import Session
from perftui.tui.start import Exit, Start
from perftui.tui.themes import DEFAULT_THEME, THEMES

if TYPE_CHECKING:
    from perftui.model.plan import Plan

_MOST_NOTICE = 500
_LEAST_SIZE = Size(10, 2)
"""On less, lists of Textual's end with an error; the terminal shows as much of it as it can."""
_MOST_SIZE = Size(1_000, 300)
"""More is no screen, but a mistake (COLUMNS=99999) or an attack: every cell takes memory and time."""


class BaseApp(App[Exit]):
    """Session, themes, messages, leaving. Which screen follows which says PerftuiApp."""

    TITLE = "perftui"
    NOTIFICATION_TIMEOUT: ClassVar[float] = 6
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "help", id="app.help", tooltip="Every key of this screen"),
        Binding("q", "quit", "quit", id="app.quit", tooltip="Leave; asks first while a run is live"),
        Binding(
            "ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit_always", tooltip="Leave, from any field"
        ),
        Binding(
            "f2,ctrl+p", "command_palette", "commands", show=False, id="app.commands", tooltip="Find any action by name"
        ),
        Binding("f3", "next_theme", "theme", show=False, id="app.theme", tooltip="Dark, light or high contrast"),
    ]

    def __init__(self, start: Start | None = None) -> None:
        take_any_bytes()
        super().__init__()
        self.begin = start or Start()
        self.session = Session()
        for theme in THEMES:
            self.register_theme(theme)
        if "TEXTUAL_THEME" not in os.environ:
            self.theme = self.session.settings.theme
        self.is_remote = bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))
        """Over SSH: nothing moves and nothing unchanged is painted."""
        self.is_read_only = self.begin.is_read_only
        """Nothing is started, steered, saved or deleted from here: whoever sits in front only looks."""
        if self.is_remote and "TEXTUAL_ANIMATIONS" not in os.environ:
            self.animation_level = "none"

    @property
    def size(self) -> Size:
        """Of the terminal, as far as it is drawn on."""
        return _bounded(super().size)

    async def on_resize(self, event: events.Resize) -> None:
        """Draw on a size that makes sense, whatever the terminal, its environment or a browser says."""
        event.prevent_default()
        size = _bounded(event.size)
        await super()._on_resize(events.Resize(size, size, pixel_size=event.pixel_size))

    def watch_app_focus(self, is_focused: bool) -> None:  # noqa: FBT001 - as Textual calls it
        """A screen that opened while the browser's page was not in front gets its first focus now."""
        screen = self.screen
        wanted = self.AUTO_FOCUS if screen.AUTO_FOCUS is None else screen.AUTO_FOCUS
        if is_focused and wanted and screen.focused is None:
            screen.focus_next(wanted)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for themes that are not ours."""
        return next(theme.variables for theme in THEMES if theme.name == DEFAULT_THEME)

    def open_run(self, path: Path, *, readonly: bool = False) -> object:
        """Show a run: live while it goes on, else its result."""
        raise NotImplementedError

    def confirm(self, plan: Plan, label: str = "") -> object:
        """Ask before any load; start on a yes, and show the run live."""
        raise NotImplementedError

    def run_again(self, plan: Plan, label: str = "") -> None:
        """Ask whether to run the plan once more."""
        self.confirm(plan, label)

    def compare_with(self, path: Path) -> object:
        """Compare a run with its baseline, or with the run before it."""
        raise NotImplementedError

    def compare(self, baseline: Path, run: Path) -> None:
        """Show two runs side by side."""
        raise NotImplementedError

    def export_run(self, path: Path) -> None:
        """Ask for a format and write the run to a file."""
        raise NotImplementedError

    def refuses(self, what: str) -> bool:
        """Whether something that changes more than the view is off here; says so when it is.

        Args:
            what: what was asked for, such as "starting a run".
        """
        if self.is_read_only:
            self.notify(f"Read-only: {what} is off here", severity="warning")
        return self.is_read_only

    def complain(self, error: PerftuiError, title: str = "") -> None:
        """Tell about an error, in its own words."""
        self.notify("\n".join(error.problems), title=title, severity="error", markup=False, timeout=12)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - widgets pass it on as True by default
    ) -> None:
        """Show a message for a while: never as markup, whatever file or server its words come from."""
        lines = "\n".join(safe_text(line, _MOST_NOTICE) for line in message.split("\n"))
        super().notify(lines, title=title, severity=severity, timeout=timeout, markup=False)

    def take(self, path: Path) -> None:
        """A run was started for the person in front of this screen."""
        self.session.started.append(path)
        self.session.follow(path)
        self._hold(path)

    @work(group="hold")
    async def _hold(self, path: Path) -> None:
        """Be there for the run: a plan may say that it stops when its viewer is lost."""
        from perftui.engine.control.client import ControlClient

        with suppress(UsageError):  # it has ended
            await ControlClient(path.name).hold()

    def leave(self, code: int = 0) -> None:
        """End the app; the text for the scrollback is written once the terminal is its own again.

        Args:
            code: 0: the person wants it so, and runs go on whatever their plans say about lost viewers.
        """
        if code or not self.session.started:
            self.exit(Exit(code=code), return_code=code)
        else:
            self._release_and_leave()

    @work(group="leave", exclusive=True)
    async def _release_and_leave(self) -> None:
        from perftui.engine.control.client import ControlClient

        for path in await asyncio.to_thread(self.session.live_runs):
            with suppress(UsageError):  # it has ended in between
                await ControlClient(path.name).release()
        self.exit(Exit())

    def action_next_theme(self) -> None:
        """Switch to the next theme and keep it."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        kept = f"Theme {self.theme}, for now" if self.is_read_only else self.session.keep_theme(self.theme)
        self.notify(kept, markup=False)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # every partial update comes through here; see narrow_update.py
        super()._display(screen, NarrowUpdate.of(renderable) if isinstance(renderable, ChopsUpdate) else renderable)

    def _fatal_error(self) -> None:
        # Textual's own prints the values of local variables with an unhandled error: they may be secrets.
        from rich.traceback import Traceback

        self.panic(Traceback(show_locals=False, width=None))


def _bounded(size: Size) -> Size:
    width, height = (
        max(least, min(most, given)) for least, given, most in zip(_LEAST_SIZE, size, _MOST_SIZE, strict=True)
    )
    return Size(width, height)
