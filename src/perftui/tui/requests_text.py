"""The requests that a plan will send, one line each: which, to where, how many. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from msgspec import Struct
from textual.content import Content

from perftui.model.plan import Operation, Plan
from perftui.model.units import format_count
from perftui.presets.references import strings_of
from perftui.presets.variables import names_in
from perftui.tui.describe import host_text, planned_requests
from perftui.tui.marks import quiet, words


class Planned(Struct, frozen=True, kw_only=True):
    """One kind of request."""

    method: str
    path: str
    """What is asked for: path and query, or what the operation says in the words of its protocol."""
    host: str = ""
    name: str = ""
    share: float | None = None
    """Of all requests of the load; None for what is sent around it."""
    count: int | None = None
    """About how many; None where the answers decide."""
    when: str = ""
    """`once before`, `once after`; empty during the load."""


def planned(plan: Plan) -> tuple[Planned, ...]:
    """Every kind of request, in the order they are sent."""
    return tuple(_planned(plan))


def _planned(plan: Plan) -> Iterator[Planned]:
    auth = plan.target.auth
    if auth is not None and auth.login is not None:
        yield _one(plan, auth.login.request, "to log in", count=1)
    if auth is not None and auth.oauth2 is not None:
        yield Planned(method="POST", path=auth.oauth2.token_url, when="for a token", count=1)
    for operation in plan.before:
        yield _one(plan, operation, "once before", count=1)
    total = planned_requests(plan.load)
    whole = sum(operation.weight for operation in plan.operations) + sum(journey.weight for journey in plan.journeys)
    chosen = [(operation, operation.weight / (whole or 1.0)) for operation in plan.operations]
    for journey in plan.journeys:
        steps = 1 if plan.load.rate_of == "journeys" else len(journey.steps)
        chosen += [(step, journey.weight / (whole or 1.0) / steps) for step in journey.steps]
    captured: dict[str, int | None] = {}
    for operation, share in chosen:
        count = round(total * share) if total is not None else None
        captured |= {capture.name: count for capture in operation.captures}
        yield _one(plan, operation, "", share=share, count=count)
    for operation in plan.after:
        sets = [count for name, count in captured.items() if name in names_in(operation)]
        if sets:
            yield _one(plan, operation, "after, for each one made", count=sets[0])
        else:
            yield _one(plan, operation, "once after", count=1)


def _one(
    plan: Plan, operation: Operation, when: str, *, share: float | None = None, count: int | None = None
) -> Planned:
    host = host_text(plan.aimed_at(operation.target).target.url)
    if operation.driver != "http":
        first = next(iter(operation.request.values()), "")
        said = " ".join(strings_of(first))
        return Planned(
            method=operation.driver, path=f"  {said}"[:200], host=host, name=operation.name, share=share, count=count,
            when=when,
        )  # fmt: skip
    query = urlencode({name: str(value) for name, value in operation.query.items()}, safe="${}:,.|")
    path = operation.path + ("&" if "?" in operation.path else "?") * bool(query) + query
    return Planned(
        method=operation.method, path=path, host=host, name=operation.name, share=share, count=count, when=when
    )


def planned_lines(plan: Plan, most: int) -> list[Content]:
    """At most so many of the requests, each with its host where there is more than one."""
    found = planned(plan)
    shown = found if len(found) <= most else found[: most - 1]
    several = len({one.host for one in found if one.host}) > 1
    lines = [_line(one, one.host if several else "") for one in shown]
    if len(shown) < len(found):
        lines.append(quiet(f"      and {len(found) - len(shown)} more kinds of requests"))
    return lines


def _line(one: Planned, host: str) -> Content:
    share = f"{one.share:.0%}" if one.share is not None else "each"
    many = f"{format_count(one.count)}×" if one.count is not None else share
    named = "" if one.name == f"{one.method} {one.path}" else one.name
    return Content.assemble(
        Content.styled(f"{many:>7}  ", "$series-1"),
        words(f"{one.method} "),
        quiet(host),
        words(one.path),
        quiet(f"  {one.when or named}"),
    )
