"""The table of all commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import ClassVar

import click

from perftui import __version__
from perftui.cli.lazy import LazyGroup
from perftui.presets.urls import is_url


class _Commands(LazyGroup):
    lazy: ClassVar[dict[str, tuple[str, str]]] = {
        "run": ("perftui.cli.run:run", "Load a target with a preset, on screen or headless."),
        "find": ("perftui.cli.find:find", "The highest level at which the objectives hold."),
        "scaling": ("perftui.cli.scaling:scaling", "Throughput and efficiency per level of users, rate or workers."),
        "page": ("perftui.cli.page:page", "What a browser sees: first paint, load, long tasks."),
        "demo": ("perftui.cli.demo:demo", "The bundled demo service, and a run against it."),
        "watch": ("perftui.cli.watch:watch", "Follow a live run, or replay a finished one."),
        "serve": ("perftui.cli.serve:serve", "The same screens in a browser; whoever has the address may look."),
        "ctl": ("perftui.cli.ctl:ctl", "Steer a live run: pause, resume, level, scale, mark, stop, abort."),
        "runs": ("perftui.cli.runs:runs", "The saved runs: list, show, delete, prune, path, recover, schema."),
        "export": ("perftui.cli.export:export", "Write a run as JSON, TOML, CSV, Markdown, HTML, JUnit or .hlog."),
        "compare": ("perftui.cli.compare:compare", "Two runs side by side, with a verdict."),
        "baseline": ("perftui.cli.baseline:baseline", "The run that others are compared with: set, show, clear."),
        "trend": ("perftui.cli.trend:trend", "A metric over the last runs of a preset."),
        "presets": ("perftui.cli.presets:presets", "The presets: list, show, new, check, schema, import."),
        "probe": ("perftui.cli.probe:probe", "One request per operation, shown in full."),
        "errors": ("perftui.cli.errors:errors", "What each class of error means."),
        "doctor": ("perftui.cli.doctor:doctor", "Limits, ports, terminal and timer quality of this machine."),
        "completion": ("perftui.cli.completion:completion", "Completion for bash, zsh or fish."),
    }

    def hint(self, name: str) -> str:
        """A host needs its scheme to be taken for a URL."""
        return f"; a URL has its scheme: perftui http://{name}" if "." in name else ""


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="perftui", message="%(prog)s %(version)s")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, so that text can be selected.")
@click.option("--read-only", is_flag=True, help="Only look: nothing is started, steered, saved or deleted.")
@click.pass_context
def perftui(context: click.Context, *, no_mouse: bool, read_only: bool) -> int | None:
    """Live load tests in the terminal: honest numbers, every run kept and comparable.

    Without a command, the app opens. `perftui URL` loads that URL at once; its options are those of `perftui run`.
    """
    if context.invoked_subcommand is not None:
        return None
    from perftui.cli.screen import has_terminal, missing_terminal, show

    if not has_terminal():
        raise click.UsageError(missing_terminal())
    from perftui.tui.start import Start

    return show(Start(screen="home", mouse=not no_mouse, is_read_only=read_only), sys.stdout)


def command_line(arguments: Sequence[str]) -> list[str]:
    """The arguments with the command that a URL alone means: `perftui URL -c 10`, `perftui -c 10 URL`."""
    given = list(arguments)
    means_run = given and (given[0].startswith("-") or is_url(given[0])) and any(map(is_url, given))
    return ["run", *given] if means_run else given
