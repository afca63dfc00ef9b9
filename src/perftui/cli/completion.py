"""`perftui completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click

_HOW = {
    "bash": 'add to ~/.bashrc:  eval "$(perftui completion bash)"',
    "zsh": 'add to ~/.zshrc:  eval "$(perftui completion zsh)"',
    "fish": "run once:  perftui completion fish > ~/.config/fish/completions/perftui.fish",
}


@click.command(short_help="Completion for bash, zsh or fish.")
@click.argument("shell", type=click.Choice(tuple(_HOW)))
def completion(shell: str) -> int:
    """Print the completion script of a shell."""
    import sys

    from click.shell_completion import get_completion_class

    from perftui.cli.commands import perftui
    from perftui.cli.failures import tell

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} is not supported")
    print(found(perftui, {}, "perftui", "_PERFTUI_COMPLETE").source())
    if sys.stdout.isatty():
        tell(_HOW[shell])
    return 0
