"""The options that say what is sent, and how much of it; with the short ones that oha, hey and wrk made a habit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click
from msgspec import Struct

from perftui.cli.options import CLUSTER_OPTIONS, DURATION, WORKERS, absolute_cluster, option
from perftui.cli.request_options import CONTENT, INSECURE, METHOD, body_option, request_overrides
from perftui.model.errors import UsageError
from perftui.model.units import parse_duration
from perftui.presets.overrides import Overrides

Command = TypeVar("Command", bound=Callable[..., object])
Value = TypeVar("Value")

HABITS = """\b
From oha, hey and wrk
  -c users  -q rate  -z duration  -n requests  -m method  -d body  -T content type
  -H header  -k any certificate; -d 30s is a duration, as wrk has it
  -q is the rate of all users together, as in oha; in hey it is that of each
"""


_OPTIONS = (
    option(
        "-q",
        "--rate",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="Arrivals per second (open loop).",
    ),
    option(
        "--users", type=click.IntRange(min=1), metavar="N", help="Users that each wait for their answer (closed loop)."
    ),
    option(
        "-c",
        "--connections",
        type=click.IntRange(min=1),
        metavar="N",
        help="As --users; with --rate the most connections at once.",
    ),
    option("-z", "--duration", type=DURATION, help="How long the load lasts, warm-up not included: 30s, 5m."),
    option("--warmup", type=DURATION, help="Load before it, kept out of the summary."),
    option("-n", "--max-requests", type=click.IntRange(min=1), metavar="N", help="Stop after this many requests."),
    option("--workers", type=WORKERS, help="Worker processes, or auto."),
    *CLUSTER_OPTIONS,
    option("--timeout", type=DURATION, help="Total deadline of one request."),
    METHOD,
    option("-d", "short_body", metavar="TEXT", help="As --body; a duration such as 30s is --duration."),
    body_option("--body"),
    *CONTENT,
    option(
        "--redirects",
        type=click.IntRange(min=0, max=20),
        metavar="N",
        help="Follow up to N redirects on the same host; 0 when not said.",
    ),
    INSECURE,
)


class LoadOptions(Struct, frozen=True, kw_only=True):
    """As given on the command line."""

    rate: float | None
    users: int | None
    connections: int | None
    duration: float | None
    warmup: float | None
    max_requests: int | None
    workers: int | None
    cluster: str | None
    insecure_cluster: bool
    timeout: float | None
    method: str | None
    short_body: str | None
    body: str | None
    json: str | None
    content_type: str | None
    headers: tuple[str, ...]
    redirects: int | None
    insecure: bool

    def overrides(self) -> Overrides:
        """What they change in a preset.

        Raises:
            UsageError: they contradict each other, or a file cannot be read.
        """
        from perftui.cli.headers import parse_headers

        short_s = _seconds(self.short_body)
        short_text = self.short_body if short_s is None else None
        pairs = (
            (self.rate, self.users, "--rate and --users exclude each other: open loop or closed loop"),
            (self.users, self.connections, "--users and -c both say the number of users; give one"),
            (self.body, short_text, "-d and --body both say the body; give one"),
            (_first(self.body, short_text), self.json, "--body and --json exclude each other: a request has one body"),
        )
        problems = [text for one, other, text in pairs if one is not None and other is not None]
        if problems:
            raise UsageError(*problems)
        users = self.connections if self.rate is None else None
        headers = parse_headers(self.headers)
        return Overrides(
            rate=self.rate,
            users=_first(self.users, users),
            connections=self.connections if self.rate is not None else None,
            duration_s=_first(short_s, self.duration),
            warmup_s=self.warmup,
            workers=self.workers,
            cluster=absolute_cluster(self.cluster),
            insecure_cluster=self.insecure_cluster,
            headers=headers.pairs,
            secret_headers=headers.secret,
            timeout_s=self.timeout,
            max_requests=self.max_requests,
            redirects=self.redirects,
            insecure=self.insecure,
            request=request_overrides(self.method, _first(self.body, short_text), self.json, self.content_type),
        )


def load_options(command: Command) -> Command:
    """Give a command all of them; it gets them as `load`."""

    @functools.wraps(command)
    def with_load(**given: Any) -> object:  # noqa: ANN401 - whatever click read
        own = {name: given.pop(name) for name in LoadOptions.__struct_fields__}
        return command(load=LoadOptions(**own), **given)

    for one in reversed(_OPTIONS):
        one(with_load)
    return with_load  # type: ignore[return-value]  # called by click with names only


def _first(one: Value | None, other: Value | None) -> Value | None:
    return other if one is None else one


def _seconds(text: str | None) -> float | None:
    """`-d 30s` is wrk's duration, any other text the body of oha and hey."""
    if text is None:
        return None
    if text.isdecimal():
        raise UsageError(f"-d {text}: a duration has a unit, such as {text}s; a body of digits is --body {text}")
    try:
        return parse_duration(text)
    except ValueError:
        return None
