"""`perftui probe`: one request per operation, shown in full."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import click
import msgspec

from perftui.cli.options import Command, format_option
from perftui.cli.patient import PatientCommand
from perftui.cli.references import PRESET
from perftui.cli.request_options import CONTENT, INSECURE, METHOD, body_option, request_overrides

_REQUEST = (METHOD, body_option("-d", "--body"), *CONTENT, INSECURE)


def request_options(command: Command) -> Command:
    """Give the command all of them."""
    for one in reversed(_REQUEST):
        command = one(command)
    return command


@click.command(cls=PatientCommand, short_help="One request per operation, shown in full.")
@click.argument("preset", type=PRESET)
@click.argument("url", required=False)
@request_options
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of the preset.")
@format_option("text", "json")
def probe(
    *,
    preset: str,
    url: str | None,
    method: str | None,
    body: str | None,
    json: str | None,
    content_type: str | None,
    headers: tuple[str, ...],
    insecure: bool,
    settings: tuple[str, ...],
    style: str,
) -> int:
    """Send each operation of PRESET once: request, response, times, checks and captures. Secrets are hidden.

    PRESET may be a URL itself: its one request is what -m, -d, -T and -H say.

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

    if body is not None and json is not None:
        raise click.UsageError("--body and --json exclude each other: a request has one body")
    given = parse_headers(headers)
    request = request_overrides(method, body, json, content_type)
    overrides = Overrides(headers=given.pairs, secret_headers=given.secret, request=request, insecure=insecure)
    plan = load_plan(preset, url, overrides, settings)
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
