"""What one use of the app holds on to: settings, the runs it started, the demo service."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from perftui.tui.settings import Settings
from perftui.tui.sources import is_live, read_settings, write_settings


class Session:
    """Lives as long as the app; leaving it ends the demo service, never a run."""

    def __init__(self) -> None:
        settings, self.problems = read_settings()
        self.settings: Settings = settings
        self.started: list[Path] = []
        """Folders of the runs that were started here."""
        self.followed: list[Path] = []
        """The same and those that were joined, in the order of the last look: the scrollback tells of them."""
        self.demo_url = ""
        """Where the bundled service listens; empty while it does not run."""
        self._resources = ExitStack()
        self._clashes: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def drop(self) -> None:
        """End what this process started, at once."""
        self._resources.close()

    def start_demo(self) -> str:
        """Start the bundled service on a free loopback port, once; its URL. Blocks: call it in a thread."""
        if not self.demo_url:
            from perftui.demo.server import start_demo

            self.demo_url = self._resources.enter_context(start_demo()).url
        return self.demo_url

    def follow(self, path: Path) -> None:
        """A run is started here or watched."""
        if path in self.followed:
            self.followed.remove(path)
        self.followed.append(path)

    def live_runs(self) -> tuple[Path, ...]:
        """Runs started here that are still going."""
        return tuple(path for path in self.started if is_live(path))

    def keep_theme(self, name: str) -> str:
        """Save the theme; what to tell the user."""
        self.settings = msgspec.structs.replace(self.settings, theme=name)
        try:
            path = write_settings(self.settings)
        except OSError as error:
            return f"Theme {name}, for now: settings cannot be saved ({error.strerror})"
        return f"Theme {name}, kept in {path}"

    def first_clash(self, ids: str) -> bool:
        """Whether this clash of keys was not told before."""
        if ids in self._clashes:
            return False
        self._clashes.add(ids)
        return True

    def farewell(self) -> str:
        """The text for the scrollback: summaries and paths of the runs that were followed, newest last."""
        from perftui.tui.farewell import farewell_text

        return farewell_text(self.followed)
