"""What a controller says to a runner: one JSON line each way over the run's socket."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CommandKind = Literal["pause", "resume", "level", "scale", "mark", "stop", "abort"]
MOST_LINE_BYTES = 4096


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command; or `attach`: this connection is a viewer that must not get lost; or `detach`: all of them may go."""

    kind: CommandKind | Literal["attach", "detach"]
    level: float | None = None
    """With level: what to hold; with scale: the factor."""
    text: str = ""
    origin: Literal["tui", "ctl"] = "ctl"


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether it was done."""

    ok: bool = True
    problem: str = ""
