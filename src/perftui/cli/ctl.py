"""`perftui ctl`: steer a live run from anywhere."""

from __future__ import annotations

from typing import Literal

import click

from perftui.cli.references import RUN

Kind = Literal["pause", "resume", "level", "scale", "mark", "stop", "abort"]

KINDS: tuple[Kind, ...] = ("pause", "resume", "level", "scale", "mark", "stop", "abort")

_HELP = """Send COMMAND to RUN, the newest live one by default. Each becomes an event of the run, with its time.

\b
pause        no new requests; the planned end stays
resume       go on
level N      holds N arrivals per second, or N users, until told otherwise
scale F      the rest of the plan times F; 1 goes back to the plan
mark TEXT    a mark on the time axis
stop         no new requests, wait for the answers, save
abort        stop now, save
"""


class _RunMayBeLeftOut(click.Command):
    """A command whose first argument, the run, is the newest live one where it is not said."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a word that is a command is no run."""
        return super().parse_args(ctx, ["latest", *args] if not args or args[0] in KINDS else args)


@click.command(cls=_RunMayBeLeftOut, help=_HELP, short_help="Steer a live run.")
@click.argument("run", type=RUN, metavar="[RUN]")
@click.argument("command", type=click.Choice(KINDS), metavar="COMMAND")
@click.argument("value", required=False)
def ctl(run: str, command: Kind, value: str | None) -> int:
    """Send a command to a live run."""
    import anyio

    from perftui.cli.failures import tell
    from perftui.engine.control.client import ControlClient
    from perftui.model.errors import UsageError
    from perftui.model.text import safe_text
    from perftui.store.library import RunLibrary

    level = _number(command, value) if command in {"level", "scale"} else None
    if command == "mark" and not value:
        raise click.UsageError("mark needs a text: perftui ctl mark 'cache cleared'")
    if command not in {"level", "scale", "mark"} and value is not None:
        raise click.UsageError(f"{command} takes no value")
    library = RunLibrary()
    live = library.newest_live() if run == "latest" else None
    if run == "latest" and live is None:
        raise UsageError("no run is live; `perftui runs` lists them")
    run_id = library.find_own(run).name if live is None else live.name
    text = safe_text(value or "") if command == "mark" else ""

    async def send() -> None:
        await ControlClient(run_id).send(command, level=level, text=text, origin="ctl")

    anyio.run(send)
    tell(f"{run_id}: {command}{'' if value is None else ' ' + safe_text(value)}")
    return 0


def _number(command: Kind, value: str | None) -> float:
    try:
        level = float(value or "")
    except ValueError:
        level = -1.0
    if not 0 <= level <= 1e7:
        example = "level 200" if command == "level" else "scale 1.2"
        raise click.UsageError(f"{command} needs a number: perftui ctl {example}")
    return level
