"""`perftui probe`: one request per operation, shown in full."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import click
import msgspec

from perftui.cli.options import format_option
from perftui.cli.references import PRESET


@click.command(short_help="One request per operation, shown in full.")
@click.argument("preset", type=PRESET)
@click.argument("url", required=False)
@click.option("-H", "--header", "headers", multiple=True, metavar="K:V", help="Header of every request; repeatable.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of the preset.")
@format_option("text", "json")
def probe(preset: str, url: str | None, headers: tuple[str, ...], settings: tuple[str, ...], style: str) -> int:
    """Send each operation of PRESET once: request, response, times, checks and captures. Secrets are hidden.

    Exit 0 when every check holds, else 13; 14 when nothing answers.
    """
    import anyio

    from perftui.cli.failures import tell
    from perftui.cli.headers import parse_headers
    from perftui.cli.output import write_output
    from perftui.cli.probe_text import probe_text
    from perftui.engine.runner.probing import guarded_probe as send
    from perftui.model.errors import ExitCode
    from perftui.presets.loading import load_plan
    from perftui.presets.overrides import Overrides

    given = parse_headers(headers)
    plan = load_plan(preset, url, Overrides(headers=given.pairs, secret_headers=given.secret), settings)
    with redirect_stdout(sys.stderr):  # what functions of the user's print is no part of the result
        result = anyio.run(send, plan)
    if style == "json":
        write_output(msgspec.json.format(msgspec.json.encode(result), indent=2).decode(), None)
    else:
        write_output(probe_text(result), None)
    for problem in result.problems:
        tell(problem)
    if not any(operation.response_head for operation in result.operations):
        return ExitCode.UNREACHABLE
    return ExitCode.OK if result.holds else ExitCode.OBJECTIVE_FAILED
