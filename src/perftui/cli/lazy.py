"""A group of commands whose modules are imported only when one is used, so that `--help` and errors are instant."""

from __future__ import annotations

import difflib
import importlib
from typing import Any, ClassVar

import click


class ReaderGoneError(Exception):
    """Nobody reads stdout any more. click would make exit code 1 of a broken pipe: to stop reading is no error."""


class LazyGroup(click.Group):
    """A group whose subclasses say their commands in `lazy`."""

    lazy: ClassVar[dict[str, tuple[str, str]]] = {}
    """By name: `module:attribute`, and the help line that lists show."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table, which is the order people need them in."""
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, attribute = self.lazy[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click's, with the nearest name when the command is unknown."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = self._below(ctx, name) or difflib.get_close_matches(name, self.list_commands(ctx), 1)
            hint = f"; did you mean {near[0]!r}?" if near else self.hint(name[:200])
            raise click.UsageError(f"no such command: {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def hint(self, name: str) -> str:  # noqa: ARG002 - for groups that know what else is typed there
        """What an unknown name, no command of which is near, may have been meant for."""
        return ""

    def _below(self, ctx: click.Context, name: str) -> list[str]:
        """The commands of that name in the groups of this one, as they are typed."""
        groups = ((group, self.get_command(ctx, group)) for group in self.list_commands(ctx))
        return [
            f"{group} {name}"
            for group, command in groups
            if isinstance(command, click.Group) and name in command.commands
        ]

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Like click's, but a reader that left is told apart."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the help lines without importing anything."""
        rows = [(name, text) for name, (_, text) in self.lazy.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
