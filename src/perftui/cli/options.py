"""Types and options that several commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from perftui.cli.patient import PatientOption
from perftui.model.text import safe_text
from perftui.model.units import parse_duration, whole_number

_MOST_DAYS = 1_000_000
Command = TypeVar("Command", bound=Callable[..., object])


class Duration(click.ParamType[float, object]):
    """A duration such as `250ms`, `30s`, `2m`; seconds inside."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, int | float):
            return float(value)
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Age(Duration):
    """A duration that may also be in days: `30d`."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, str) and value.endswith("d") and value[:-1].isdecimal():
            days = float(value[:-1])
            if days > _MOST_DAYS:
                self.fail(f"{safe_text(value, 40)!r} is longer than any run is old", param, ctx)
            return days * 86_400
        return super().convert(value, param, ctx)


class Share(click.ParamType[float, object]):
    """A share such as `20%` or `0.2`; a fraction of one inside."""

    name = "percent"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Fraction of one."""
        if isinstance(value, int | float):
            return float(value)
        try:
            text = str(value)
            share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            share = -1.0
        if not 0 < share <= 10:
            self.fail(f"{safe_text(str(value))!r} is not a share; write per cent, such as 20%", param, ctx)
        return share


class Workers(click.ParamType[int, object]):
    """A number of worker processes, or `auto` (0 inside)."""

    name = "n|auto"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's
        """As one types it."""
        return "N|auto"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Number; 0 is automatic."""
        if isinstance(value, int):
            return value
        if value == "auto":
            return 0
        number = whole_number(str(value))
        if not number:
            self.fail(f"{safe_text(str(value), 40)!r} is not a number of workers; write 1, 2, … or auto", param, ctx)
        return number


DURATION = Duration()
AGE = Age()
SHARE = Share()
WORKERS = Workers()

option = functools.partial(click.option, cls=PatientOption)
"""An option of a command that tells all mistakes at once."""
CLUSTER_OPTIONS = (
    option("--cluster", metavar="WHERE", help="Send from local:N, tcp://…, tls://… or ssh:HOSTS-FILE (extra)."),
    option("--insecure-cluster", is_flag=True, help="Yes, reach the cluster without TLS."),
)


def cluster_options(command: Command) -> Command:
    """Give a command both of them."""
    for one in reversed(CLUSTER_OPTIONS):
        command = one(command)
    return command


output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=lambda _context, _param, value: None if value == Path("-") else value,
    help="Write there instead of stdout.",
)
warn_only_option = click.option(
    "--warn-only",
    is_flag=True,
    help="Exit 0 also on regressions and failed objectives, and say what it would have been.",
)
strict_option = click.option("--strict", is_flag=True, help="Exit 11 when a comparison is inconclusive.")


def format_option(*formats: str, default: str = "text") -> Callable[[Command], Command]:
    """`--format` with these choices."""
    return click.option(
        "--format", "style", type=click.Choice(formats), default=default, show_default=True, help="Form of the output."
    )


def absolute_cluster(where: str | None) -> str | None:
    """Where the cluster is, whatever folder the run is started from."""
    if where is None or not where.startswith("ssh:"):
        return where
    return f"ssh:{Path(os.path.expanduser(where[4:])).absolute()}" if where[4:] else where  # noqa: PTH111 - no shell did
