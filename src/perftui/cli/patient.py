"""Commands that read the whole command line before they complain, so that every mistake is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

from perftui.cli.outputs import note_order
from perftui.model.errors import UsageError

_MISTAKES = "perftui.mistakes"


class PatientOption(click.Option):
    """An option whose wrong value is noted instead of ending the reading."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Read the value, or note what is wrong with it."""
        try:
            return super().handle_parse_result(ctx, opts, args)
        except click.BadParameter as error:
            ctx.meta.setdefault(_MISTAKES, []).append(error.format_message())
            return None, args


class PatientCommand(click.Command):
    """A command that tells all mistakes that its options noted, and the one that ended the reading."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read every option and argument.

        Raises:
            UsageError: with a line for each mistake.
        """
        with suppress(click.UsageError):
            _, _, order = self.make_parser(ctx).parse_args(list(args))
            note_order(ctx, [parameter.name for parameter in order])
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            ctx.meta.setdefault(_MISTAKES, []).append(self.told(error))
            rest = []
        mistakes: list[str] = ctx.meta.get(_MISTAKES, [])
        if mistakes:
            plain = [text[:1].lower() + text[1:].rstrip(".") for text in mistakes]
            raise UsageError(*plain, f"try: {ctx.command_path} --help")
        return rest

    def told(self, error: click.UsageError) -> str:
        """The mistake in words."""
        return error.format_message()
