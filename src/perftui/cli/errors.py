"""`perftui errors`: what each class of error means."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from perftui.cli.options import format_option


def _complete(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from perftui.model.error_classes import ERROR_CLASSES

    return [
        CompletionItem(name, help=one.meaning) for name, one in ERROR_CLASSES.items() if name.startswith(incomplete)
    ]


@click.command(short_help="What each class of error means.")
@click.argument("name", required=False, shell_complete=_complete)
@format_option("text", "json")
def errors(name: str | None, style: str) -> int:
    """Explain NAME (such as connect.refused or http.503), or list every class with its number.

    Numbers never change: 10xx general, 11xx DNS, 12xx TCP, 13xx TLS, 14xx HTTP, 15xx checks, 19xx this machine; a
    status has its own.
    """
    from perftui.cli.output import width, write_output
    from perftui.model.error_classes import ERROR_CLASSES, ErrorClass, error_class
    from perftui.model.errors import UsageError
    from perftui.model.text import safe_text
    from perftui.report.tables import wrap

    try:
        classes = ERROR_CLASSES if name is None else {safe_text(name): error_class(name)}
    except KeyError:
        raise UsageError(f"{safe_text(name or '')!r} is no class of errors; `perftui errors` lists them") from None
    if style == "json":
        import json

        listed = [{"number": one.number, "name": key, "meaning": one.meaning} for key, one in classes.items()]
        write_output(json.dumps(listed, indent=2, ensure_ascii=False), None)
        return 0
    if name is None:
        classes = {
            **classes,
            "http.NNN": ErrorClass(number=0, meaning="the server answered NNN, and no check expects it"),
        }
    wide = max(len(key) for key in classes)
    lines: list[str] = []
    for key, one in classes.items():
        number = str(one.number) if one.number else "NNN"
        lines += wrap(one.meaning, width(), f"{number:>4}  {key:<{wide}}  ", " " * (wide + 8))
    write_output("\n".join(lines), None)
    return 0
