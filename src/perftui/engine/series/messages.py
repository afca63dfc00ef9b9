"""What a series in a process of its own says on the way, a line of JSON each."""

from __future__ import annotations

from msgspec import Struct

from perftui.model.scaling import Scaling
from perftui.model.search import SearchStep, StepKind


class Trying(Struct, frozen=True, kw_only=True, tag="trying"):
    """A level is loaded now."""

    level: float
    kind: StepKind
    seconds: float
    """How long at most."""


class Raised(Struct, frozen=True, kw_only=True, tag="raised"):
    """A level of a scaling test is loaded now."""

    level: float
    seconds: float
    """How long."""
    since_s: float
    """When that began, in its run."""


class Second(Struct, frozen=True, kw_only=True, tag="second"):
    """A second of it has passed."""

    at_s: float
    ok_per_s: float
    failed_per_s: float


class Tried(Struct, frozen=True, kw_only=True, tag="tried"):
    """It was judged."""

    step: SearchStep


class Scaled(Struct, frozen=True, kw_only=True, tag="scaled"):
    """One more level of a scaling test was measured."""

    scaling: Scaling


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """The series is over."""

    path: str = ""
    """Folder of the run that is kept: the confirmation, the last of a scaling test, or the one that somebody ended."""
    answered: bool = False
    by_hand: bool = False
    """Somebody ended it."""
    problems: tuple[str, ...] = ()
    exit_code: int = 0


Message = Trying | Tried | Raised | Scaled | Second | Ended
