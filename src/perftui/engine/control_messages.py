"""What a controller says to a runner: one JSON line each way over the run's socket."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CommandKind = Literal["pause", "resume", "level", "mark", "stop", "abort"]
MOST_LINE_BYTES = 4096


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command, or `attach`: tell the runner that a viewer is there, for plans that stop when it is lost."""

    kind: CommandKind | Literal["attach", "detach"]
    level: float | None = None
    text: str = ""
    origin: Literal["tui", "ctl"] = "ctl"


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether it was done."""

    ok: bool = True
    problem: str = ""
