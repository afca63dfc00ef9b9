"""`perftui presets`: what there is to run, and making more of it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli.failures import tell
from perftui.cli.options import format_option, output_option
from perftui.cli.output import width, write_output
from perftui.cli.references import PRESET, RUN
from perftui.model.errors import UsageError
from perftui.model.text import safe_path, safe_text, safe_whole

if TYPE_CHECKING:
    from perftui.model.plan import Operation, Plan


@click.group(invoke_without_command=True, short_help="What there is to run.")
@click.pass_context
def presets(context: click.Context) -> int | None:
    """The presets: built in, in ./presets, and in the user's configuration; without a command, their list."""
    return context.invoke(list_) if context.invoked_subcommand is None else None


@presets.command("list")
@format_option("text", "json")
def list_(style: str = "text") -> int:
    """List every preset with its load."""
    from perftui.presets.catalog import list_presets

    infos = list_presets()
    if style == "json":
        import msgspec

        write_output(msgspec.json.format(msgspec.json.encode(infos, enc_hook=safe_path), indent=2).decode(), None)
        return 0
    from perftui.report.tables import Column, table
    from perftui.report.words import load_text

    columns = [Column("preset"), Column("title", least=16), Column("mode"), Column("load"), Column("from")]
    rows = [
        [info.name, info.title, plan.load.mode, load_text(plan.load), info.origin]
        for info in infos
        if (plan := info.plan)
    ]
    lines = table(columns, rows, width=width())
    if broken := [info.problems for info in infos if info.plan is None]:
        lines += ["", "These cannot be run; perftui presets check FILE tells every mistake:"]
        lines += [f"  {first}{f' (and {len(more):,} more)' * bool(more)}" for first, *more in broken]
    write_output("\n".join(lines), None)
    return 0


@presets.command()
@click.argument("name", type=PRESET)
@click.option("--toml", is_flag=True, help="The file as it is.")
def show(name: str, *, toml: bool) -> int:
    """Say what a preset does: its load, operations and objectives."""
    from perftui.presets.catalog import find_preset
    from perftui.presets.loading import read_preset
    from perftui.presets.redaction import redact_plan

    text, source = find_preset(name)
    if not toml:
        write_output(_described(redact_plan(read_preset(text, source)), source), None)
        return 0
    shown = safe_whole(text, lines=True)
    write_output(shown, None)
    if shown != text:
        tell(f"{safe_text(source)}: holds controls or invisible characters; they are shown in other ways here")
    return 0


def _described(plan: Plan, source: str) -> str:
    from perftui.model.units import format_duration
    from perftui.report.tables import Column, table
    from perftui.report.words import load_text

    load = plan.load
    facts = {
        "target": plan.where or "given on the command line",
        "load": f"{load_text(load)} ({'open loop' if load.mode == 'rate' else 'closed loop'}, {load.arrivals} arrivals)"
        if load.mode == "rate"
        else f"{load_text(load)} (closed loop: each waits for its answer)",
        "warm-up": format_duration(load.warmup_s) if load.warmup_s else "none",
        "timeout": format_duration(plan.timeout_s),
        "file": source,
    }
    lines = [plan.title or plan.name, *plan.description.strip().splitlines(), ""]
    lines += [f"  {name:<9} {value}" for name, value in facts.items()]
    rows = [
        ["", _weight(operation, plan), operation.name, operation.method, operation.path]
        for operation in plan.operations
    ]
    for journey in plan.journeys:
        rows.append(["", f"{journey.weight:g}", journey.name, "", f"journey of {len(journey.steps)} steps"])
        rows += [["", "", f"  {step.name}", step.method, step.path] for step in journey.steps]
    columns = [
        Column(""),
        Column("weight", right=True),
        Column("operation", least=16),
        Column("method"),
        Column("path", least=16),
    ]
    lines += ["", *table(columns, rows, width=width())]
    if plan.objectives:
        limits = [["", one.metric, one.operation, one.target, one.critical] for one in plan.objectives]
        titles = [Column(""), Column("objective"), Column("operation"), Column("target"), Column("critical")]
        lines += ["", *table(titles, limits, width=width())]
    return "\n".join(line.rstrip() for line in lines)


def _weight(operation: Operation, plan: Plan) -> str:
    total = sum(one.weight for one in plan.operations) + sum(one.weight for one in plan.journeys)
    return f"{100 * operation.weight / total:.0f} %"


@presets.command(short_help="Find every mistake in files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check(files: tuple[str, ...]) -> int:
    """Find every mistake in preset files; nothing is sent. Exit 2 if there is one."""
    from perftui.engine.clients.registry import check_targets
    from perftui.presets.catalog import find_preset
    from perftui.presets.loading import read_preset

    problems: list[str] = []
    for reference in files:
        try:
            plan = read_preset(*find_preset(reference), whole_files=True)
        except UsageError as error:
            problems += error.problems
            continue
        try:
            check_targets(plan)
        except UsageError as error:
            problems += [f"{safe_text(reference)}: {problem}" for problem in error.problems]
        else:
            tell(f"{reference}: no mistakes")
    if problems:
        raise UsageError(*problems)
    return 0


@presets.command(short_help="Write a preset to start from.")
@click.argument("name")
@click.option("--from", "url", metavar="URL", default="", help="The service or database that it is for.")
@click.option("--from-run", type=RUN, metavar="RUN", default="", help="What this run sent; latest is the newest.")
@click.option("--user", is_flag=True, help="Into the user's configuration instead of ./presets.")
def new(name: str, url: str, from_run: str, *, user: bool) -> int:
    """Write a preset to start from, with comments: ./presets/NAME.toml; or one that makes a saved run again."""
    from perftui.presets.locations import directory_presets, user_presets
    from perftui.presets.starter import starting_preset

    if url and from_run:
        raise click.UsageError("--from and --from-run exclude each other: a new preset, or that of a run")
    text = _from_run(name, from_run) if from_run else _from_database(name, url) or starting_preset(name, url)
    folder = user_presets() if user else directory_presets()
    _write_new(folder / f"{name}.toml", text)
    return 0


def _from_database(name: str, url: str) -> str:
    """The preset for a database; empty when the URL means none."""
    from perftui.engine.clients.sql.schemes import Schemes

    if url.partition("://")[0].lower() not in Schemes():
        return ""
    from perftui.engine.clients.registry import driver_for
    from perftui.model.plan import Target

    driver_for(Target(url=url))
    from perftui.engine.clients.sql.first_preset import database_preset

    return database_preset(name, url)


def _from_run(name: str, reference: str) -> str:
    from perftui.cli.results import open_run
    from perftui.presets.from_run import preset_from_run

    record = open_run(reference, in_full=False).record
    return preset_from_run(record.plan, name, record.id)


@presets.command(short_help="The JSON Schema of presets.")
@output_option
def schema(output: Path | None) -> int:
    """Print the JSON Schema of preset files: a first line `#:schema FILE` in a preset switches completion on.

    Editors that know it: Even Better TOML, taplo.
    """
    import json

    from perftui.presets.schema import json_schema

    write_output(json.dumps(json_schema(), indent=2, ensure_ascii=False), output)
    return 0


@presets.command("import", short_help="From curl, HAR, OpenAPI, Postman, JMeter, .http.")
@click.argument("file")
@click.option(
    "--as",
    "kind",
    type=click.Choice(("curl", "har", "openapi", "postman", "jmx", "http")),
    help="What it is, when it cannot be told.",
)
@click.option("--name", default="", help="Name of the preset; by default that of the file that is written or read.")
@click.option(
    "--environment",
    metavar="FILE[:NAME]",
    default="",
    help="Variables of Postman or of an editor: an exported environment, http-client.env.json.",
)
@output_option
def import_(file: str, kind: str | None, name: str, environment: str, output: Path | None) -> int:
    """Make a preset of what you have; FILE `-` is stdin. What cannot be carried over is said at the top of it.

    Read are curl commands, HAR recordings, OpenAPI 3 and Swagger 2.0 documents with the files beside them, Postman
    collections, JMeter test plans and .http files. Of scripts of k6, Locust, Gatling and Artillery the requests are
    listed.
    """
    from perftui.presets.importing.any_file import MOST_BYTES, import_any, kind_of
    from perftui.presets.importing.environments import read_environment
    from perftui.presets.text_files import decode_text, read_text

    if "://" in file:
        raise UsageError(f"{file[:200]}: is fetched first: curl -s URL | perftui presets import - -o NAME.toml")
    shown = "stdin" if file == "-" else file
    if file == "-":
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise UsageError(f"stdin: larger than {MOST_BYTES // 1024**2} MiB")
        text = decode_text(data, shown)
    else:
        text = read_text(Path(file), MOST_BYTES, may_be_pipe=True)
    variables = None
    if environment:
        path, _, chosen = environment.partition(":") if not Path(environment).exists() else (environment, "", "")
        variables = read_environment(read_text(Path(path), MOST_BYTES), chosen)
    # Browsers save `localhost_Archive [26-11-21].har`.
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", (output or Path(shown)).stem).strip("-._")[:64] or "imported"
    folder = None if file == "-" else Path(file).parent
    if not text.strip():
        raise UsageError(f"{shown}: is empty")
    toml = import_any(text, kind or kind_of(text, shown), name or stem, folder=folder, variables=variables)
    if output is None:
        write_output(toml, None)
    else:
        _write_new(output, toml)
    return 0


def _write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path}: exists already; choose another name or delete it") from None
    tell(f"written: {path}")
