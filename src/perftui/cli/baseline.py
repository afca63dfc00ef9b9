"""`perftui baseline`: the run that others are compared with, one per preset and target."""

from __future__ import annotations

import click

from perftui.cli.failures import tell
from perftui.cli.output import width, write_output
from perftui.cli.references import PRESET, RUN


@click.group(short_help="The run that others are compared with.", invoke_without_command=True)
@click.pass_context
def baseline(context: click.Context) -> int | None:
    """The baseline of each preset and target; without a command, their list. It moves only when it is set."""
    return context.invoke(show) if context.invoked_subcommand is None else None


@baseline.command("set")
@click.argument("run", type=RUN, default="latest")
@click.option("--force", is_flag=True, help="Take it although it was steered, stopped early or is invalid.")
def set_(run: str, *, force: bool) -> int:
    """Make RUN, the newest finished one by default, the baseline of its preset and target."""
    from perftui.store.baselines import set_baseline
    from perftui.store.library import RunLibrary

    named = RunLibrary().newest_ended(finished=not force).name if run == "latest" else run
    chosen = set_baseline(named, force=force)
    tell(f"baseline of {chosen.preset} at {chosen.url}: {chosen.run_id}")
    return 0


@baseline.command()
def show() -> int:
    """List every baseline."""
    from perftui.report.tables import Column, table
    from perftui.store.baselines import list_baselines

    chosen = list_baselines()
    if not chosen:
        tell("no baseline is set; set one with: perftui baseline set RUN")
        return 0
    columns = [Column("preset"), Column("target", least=12), Column("run")]
    write_output("\n".join(table(columns, [[one.preset, one.url, one.run_id] for one in chosen], width=width())), None)
    return 0


@baseline.command()
@click.argument("preset", type=PRESET, required=False)
def clear(preset: str | None) -> int:
    """Forget the baselines of PRESET, or all of them. The runs stay."""
    from perftui.store.baselines import clear_baseline

    gone = clear_baseline(preset)
    for one in gone:
        tell(f"cleared: {one.preset} at {one.url} ({one.run_id})")
    if not gone:
        tell("no baseline was set")
    return 0
