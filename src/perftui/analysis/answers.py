"""Rules that look at the answers themselves: redirects that nobody follows, and HTTP that is odd and was tolerated."""

from __future__ import annotations

from collections.abc import Iterator

from perftui.analysis.course import Course
from perftui.model.noted import FOLLOWED, ODDITIES, REDIRECTS
from perftui.model.plan import Operation
from perftui.model.record import Finding, Stats
from perftui.model.units import format_percent

_MOST_OF_THEM = 0.5
_FOLLOW = "or let them be followed with redirects = 5 under [target]"
_LOG_IN = ("login", "log-in", "signin", "sign-in", "auth", "sso")


def redirected(course: Course) -> Iterator[Finding]:
    """Operations most of whose answers only say where to ask instead."""
    summary = course.timeline.run()
    asked = {operation.name: operation for operation in course.plan.counted_operations}
    found = {
        name: (stats, share)
        for name, stats in summary.operations.items()
        if (share := _share(stats)) > _MOST_OF_THEM and name in asked and not _is_wanted(asked[name])
    }
    if not found:
        return
    name, (stats, share) = max(found.items(), key=lambda item: item[1][0].counts.scheduled)
    where = "" if len(summary.operations) == 1 else f"{name}: "
    if len(found) > 1:
        where = f"{name} and {len(found) - 1} more operations: "
    detail = (
        f"{where}{format_percent(share)} of the answers were redirects, e.g. {stats.redirect}, which were not "
        f"followed: {_advice(stats.redirect)}"
    )
    yield Finding(code="redirects", detail=detail)


def _share(stats: Stats) -> float:
    answers = sum(stats.statuses.values())
    led = sum(stats.statuses.get(str(status), 0) for status in REDIRECTS)
    return led / answers if answers and stats.redirect else 0.0


def _is_wanted(operation: Operation) -> bool:
    """Whether a check asks for just these answers."""
    return any(status in REDIRECTS for check in operation.checks for status in check.status)


def _advice(redirect: str) -> str:
    location = redirect.partition(" to ")[2].lower()
    if "://" in location or location.startswith("//"):
        return "name the URL that they lead to"
    if any(word in location for word in _LOG_IN):
        return f"log in first (target.auth), {_FOLLOW}"
    return f"name the path that they lead to, {_FOLLOW}"


def tolerated(course: Course) -> Iterator[Finding]:
    """What was accepted on the way, once for each kind."""
    noted = course.timeline.run().total.noted
    for code, words in ODDITIES.items():
        if count := noted.get(code, 0):
            yield Finding(code=code, detail=f"tolerated in {count:,} answers: {words}", severity="note")
    if count := noted.get(FOLLOWED, 0):
        detail = f"{count:,} redirects were followed; a request counts once, with the time of all that it went through"
        yield Finding(code=FOLLOWED, detail=detail, severity="note")


RULES = (redirected, tolerated)
