"""`perftui runs`: the saved runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli.failures import tell
from perftui.cli.options import AGE, format_option
from perftui.cli.output import confirmed, width, write_output
from perftui.cli.references import RUN
from perftui.model.errors import UsageError
from perftui.model.text import safe_path
from perftui.report.formats import FORMATS, OF_COMPARISONS, export

if TYPE_CHECKING:
    from perftui.store.index import RunRow


@click.group(invoke_without_command=True, short_help="The saved runs.")
@click.pass_context
def runs(context: click.Context) -> int | None:
    """The saved runs; without a command, their list.

    RUN is an id, a unique prefix of one, `latest`, a run folder or an exported file.
    """
    return context.invoke(list_runs) if context.invoked_subcommand is None else None


@runs.command("list", short_help="List every run, newest first.")
@click.option("-n", "--newest", type=click.IntRange(min=1), metavar="N", help="Only so many.")
@format_option("text", "json")
def list_runs(newest: int | None = None, style: str = "text") -> int:
    """List every run, newest first, with what is running now."""
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    rows = library.list()[:newest]
    if style == "json":
        import msgspec

        write_output(msgspec.json.format(msgspec.json.encode(rows, enc_hook=safe_path), indent=2).decode(), None)
    elif rows:
        write_output("\n".join(_table(rows)), None)
    else:
        tell("there are no saved runs yet; make one with: perftui run PRESET URL")
    return 0


def _table(rows: list[RunRow]) -> list[str]:
    from perftui.model.units import format_count, format_percent
    from perftui.report.tables import Column, table
    from perftui.report.words import MISSING, p95_text

    columns = [Column("run"), Column("result"), Column("trust")]
    columns += [Column(title, right=True) for title in ("req/s", "p95 ms", "errors")]
    columns.append(Column("label · target", least=8))
    cells = []
    for row in rows:
        measured = row.status != "running" and not row.problem
        cells.append(
            [
                row.id,
                _result(row) + ("*" if row.steered else ""),
                row.trust if measured else MISSING,
                *(
                    (
                        format_count(row.rate),
                        p95_text(row),
                        format_percent(row.error_rate),
                    )
                    if measured
                    else (MISSING,) * 3
                ),
                " · ".join(part for part in (row.label, row.url.split("://", 1)[-1].rstrip("/")) if part),
            ]
        )
    lines = table(columns, cells, width=width())
    if any(row.steered for row in rows):
        lines.append("* steered by hand")
    lines += [f"{row.id}: {row.problem}" for row in rows if row.problem]
    return lines


def _result(row: RunRow) -> str:
    """The verdict of a run that ended as planned, the state of any other."""
    from perftui.report.words import verdict_mark

    return f"{verdict_mark(row.outcome)} {row.outcome}" if row.status == "finished" else row.status


@runs.command()
@click.argument("run", type=RUN, default="latest")
@format_option(*OF_COMPARISONS)
def show(run: str, style: str) -> int:
    """Print the summary of a run."""
    from perftui.cli.results import open_run

    loaded = open_run(run, in_full=FORMATS[style].needs_seconds)
    text = export(loaded, style)
    write_output(f"{text}\nSaved: {safe_path(loaded.path)}\n" if style == "text" else text, None)
    if loaded.problem:
        tell(loaded.problem)
    return 0


@runs.command()
@click.argument("references", type=RUN, metavar="RUN...", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(references: tuple[str, ...], *, yes: bool) -> int:
    """Delete runs for good."""
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    folders = list(dict.fromkeys(library.find_own(reference) for reference in references))
    ids = ", ".join(folder.name for folder in folders)
    if confirmed(f"delete {ids}?", yes=yes, instead="deleting is for good"):
        for folder in folders:
            tell(f"deleted: {library.delete(folder)}")
    return 0


@runs.command()
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="Keep the newest N.")
@click.option("--older-than", type=AGE, help="Delete only what is older: 30d, 12h.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def prune(keep: int | None, older_than: float | None, *, yes: bool) -> int:
    """Delete old runs: shows which, then asks. Baselines and running ones stay."""
    from perftui.store.baselines import list_baselines
    from perftui.store.library import RunLibrary

    if keep is None and older_than is None:
        raise click.UsageError("say what to keep: --keep N, --older-than D, or both")
    library = RunLibrary()
    old = library.old_runs(keep, older_than, protected=[baseline.run_id for baseline in list_baselines()])
    if not old:
        tell("no run is old enough: nothing to delete")
        return 0
    write_output("\n".join(_table(old)), None)
    runs = "this run" if len(old) == 1 else f"these {len(old):,} runs"
    if confirmed(f"delete {runs} for good?", yes=yes, instead="deleting is for good"):
        for row in old:
            library.delete(row.path)
        tell(f"deleted {len(old):,} {'run' if len(old) == 1 else 'runs'}")
    return 0


@runs.command()
@click.argument("run", type=RUN, required=False)
def path(run: str | None) -> int:
    """Print the folder of a run, or of all runs."""
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    write_output(str(library.root if run is None else library.find(run)), None)
    return 0


@runs.command(short_help="Complete unfinished runs, and clean up after them.")
@click.argument("run", type=RUN, required=False)
@click.option("--clean", is_flag=True, help="Send the clean-up requests that were not sent.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before they are sent.")
def recover(run: str | None, *, clean: bool, yes: bool) -> int:
    """Complete unfinished runs from their journals: RUN, or every one whose runner is gone.

    With --clean what they made on the target is removed, by the clean-up requests of their presets.
    """
    from perftui.analysis.recovery import recover as complete
    from perftui.report.text import summary_text
    from perftui.store.leftovers import has_leftovers
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    if run is not None:
        folder = library.find(run)
        if clean and not has_leftovers(folder):
            raise UsageError(f"{folder.name}: nothing is left to clean up")
        code = _clean(folder, yes=yes) if clean else 0
        write_output(f"{summary_text(complete(folder))}\nSaved: {safe_path(folder)}\n", None)
        return code
    rows = library.list()
    lost = [row for row in rows if row.problem and row.status == "interrupted"]
    for row in lost:
        record = complete(row.path)
        tell(f"recovered: {record.id}, {record.whole_run.scheduled:,} requests")
    if not lost:
        tell("no run is unfinished")
    dirty = [row.path for row in rows if row.status != "running" and has_leftovers(row.path)]
    if not clean:
        for folder in dirty:
            tell(f"{folder.name}: what it made is still there: `perftui runs recover --clean {folder.name}` removes it")
        return 0
    codes = [_clean(folder, yes=yes) for folder in dirty]
    if not dirty:
        tell("nothing is left to clean up")
    return max(codes, default=0)


def _clean(folder: Path, *, yes: bool) -> int:
    """Ask, and send what a run's clean-up left undone."""
    import anyio

    from perftui.analysis.recovery import recover as complete
    from perftui.analysis.recovery import recover_if_unfinished
    from perftui.engine.runner.clean import clean_up
    from perftui.model.errors import ExitCode
    from perftui.store.leftovers import has_leftovers, read_leftovers
    from perftui.store.records import read_record

    recover_if_unfinished(folder)
    plan = read_record(folder).plan
    _, made = read_leftovers(folder)
    requests = ", ".join(
        f"{operation.method} {operation.path}" if operation.driver == "http" else operation.name
        for operation in plan.after
    )
    question = f"{folder.name}: send {requests} to {plan.where}, for up to {len(made):,} things that it made?"
    if not confirmed(question, yes=yes, instead="this sends requests"):
        return 0
    result = anyio.run(clean_up, folder, plan)
    tell(f"{folder.name}: {result.summary}")
    for problem in result.problems:
        tell(problem)
    if read_record(folder).status == "interrupted":
        complete(folder)  # without the finding
    return ExitCode.OBJECTIVE_FAILED if has_leftovers(folder) else ExitCode.OK


@runs.command(short_help="The JSON Schema of results.")
def schema() -> int:
    """Print the JSON Schema of every JSON result: of run, export and compare."""
    import json

    from perftui.report.schema import export_schema

    write_output(json.dumps(export_schema(), indent=2), None)
    return 0
