"""How far another machine's clock is from this one's: asked often, believed where the answer came soonest.

An answer tells the other clock's time at some moment between question and answer. The offset is taken from the middle,
so it is wrong by half the round trip at most: the shortest round trip bounds it best.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace

CALLS = 50
LONGEST_S = 2.0
"""A slow link gets fewer calls."""
COMPARE_EVERY_S = 30.0
"""How often clocks are compared again: quartz drifts."""


class Reading(Struct, frozen=True, kw_only=True):
    """What the other clock says, as far as can be known from here."""

    offset_ns: int = 0
    """Added to a moment on the other machine's perf_counter it gives the same moment on ours."""
    wall_offset_ns: int = 0
    """How far the other machine's time of day is ahead of ours."""
    bound_ns: int = 0
    """Neither is wrong by more."""
    round_trip_ns: int = 0
    """The shortest."""
    slowest_ns: int = 0
    """The longest round trip."""


async def compare(ask: Callable[[], Awaitable[tuple[int, int]]], calls: int = CALLS) -> Reading:
    """Ask for the other clock's time, and keep the answer that took the shortest time.

    Args:
        ask: gives perf_counter_ns and time_ns of the other machine.
        calls: how often.
    """
    best = Reading(bound_ns=1 << 62, round_trip_ns=1 << 62)
    slowest_ns = 0
    began_ns = time.perf_counter_ns()
    for _ in range(calls):
        asked_ns, asked_wall_ns = time.perf_counter_ns(), time.time_ns()
        theirs_ns, their_wall_ns = await ask()
        heard_ns = time.perf_counter_ns()
        round_trip_ns = heard_ns - asked_ns
        slowest_ns = max(slowest_ns, round_trip_ns)
        if round_trip_ns < best.round_trip_ns:
            best = Reading(
                offset_ns=asked_ns + round_trip_ns // 2 - theirs_ns,
                wall_offset_ns=their_wall_ns - asked_wall_ns - round_trip_ns // 2,
                bound_ns=-(-round_trip_ns // 2),
                round_trip_ns=round_trip_ns,
            )
        if heard_ns - began_ns > LONGEST_S * 1e9:
            break
    return replace(best, slowest_ns=slowest_ns)


def same_clock(reading: Reading) -> Reading:
    """The reading of a machine that is this one: both read one clock, as far as the answers do not contradict."""
    if abs(reading.offset_ns) > reading.bound_ns:  # a container with a time of its own
        return reading
    return Reading(round_trip_ns=reading.round_trip_ns, slowest_ns=reading.slowest_ns)
