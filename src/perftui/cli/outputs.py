"""`--format F --output FILE`, as often as wanted: each pair is one document, written once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from perftui.cli.output import write_output
from perftui.model.errors import UsageError
from perftui.report.formats import FORMATS

Command = TypeVar("Command", bound=Callable[..., object])

_ORDER = "perftui.order"
# of two formats with one ending the first is meant
_ENDINGS = {f".{each.ending}": each.name for each in reversed(FORMATS.values())} | {
    ".htm": "html",
    ".log": "text",
    ".markdown": "md",
}


class Output(Struct, frozen=True):
    """One document: its format and where it goes."""

    style: str
    path: Path | None = None
    """None: stdout."""


def outputs_options(*styles: str, default: str = "text") -> Callable[[Command], Command]:
    """`--format` and `--output`, repeatable; the command gets the pairs as `outputs`, and must be a patient one.

    Args:
        styles: the formats there are.
        default: format where neither an option nor the ending of a file says one.
    """

    def add(command: Command) -> Command:
        @functools.wraps(command)
        def with_outputs(*, given_styles: tuple[str, ...], given_files: tuple[Path, ...], **given: Any) -> object:  # noqa: ANN401 - whatever click read
            order = click.get_current_context().meta.get(_ORDER, ())
            return command(outputs=_paired(given_styles, given_files, order, styles, default), **given)

        form = click.option(
            "--format",
            "given_styles",
            multiple=True,
            type=click.Choice(styles),
            help=f"Form of the output: what the file's ending says, {default} without one; repeatable with --output.",
        )
        file = click.option(
            "-o",
            "--output",
            "given_files",
            multiple=True,
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write there instead of stdout.",
        )
        return form(file(with_outputs))  # type: ignore[return-value]  # called by click with names only

    return add


def note_order(context: click.Context, names: Iterable[str | None]) -> None:
    """Keep in which order options stood on the command line: click tells the values of each option, not their order."""
    context.meta[_ORDER] = tuple(name for name in names if name in {"given_styles", "given_files"})


def write_outputs(outputs: Sequence[Output], render: Callable[[str], str]) -> None:
    """Write every document.

    Args:
        outputs: what was asked for.
        render: the document in a format.

    Raises:
        PerftuiError: a place takes no more.
    """
    made: dict[str, str] = {}
    for output in outputs:
        if output.style not in made:
            made[output.style] = render(output.style)
        write_output(made[output.style], output.path)


def _paired(
    styles: Sequence[str], files: Sequence[Path], order: Sequence[str], known: Sequence[str], default: str
) -> tuple[Output, ...]:
    """A format and the file after it belong together; one of each does in any order."""
    if len(styles) == len(files) == 1:
        return (_output(styles[0], files[0], known, default),)
    found: list[Output] = []
    next_style, next_file = iter(styles), iter(files)
    waiting: str | None = None
    for name in order:
        if name == "given_files":
            found.append(_output(waiting, next(next_file), known, default))
            waiting = None
            continue
        if waiting is not None:
            found.append(Output(waiting))
        waiting = next(next_style)
    if waiting is not None or not found:
        found.append(Output(waiting or default))
    for path in {output.path for output in found}:
        same = [output.style for output in found if output.path == path]
        if len(same) > 1:
            where = "stdout" if path is None else str(path)
            raise UsageError(f"{' and '.join(same)} both to {where}; write each --format with its own --output")
    return tuple(found)


def _output(style: str | None, path: Path, known: Sequence[str], default: str) -> Output:
    return Output(style or _style_of(path, known, default), None if path == Path("-") else path)


def _style_of(path: Path, known: Sequence[str], default: str) -> str:
    ending = path.suffix.lower()
    style = _ENDINGS.get(ending, "") if ending else default
    if style not in known:
        endings = " ".join(sorted(ending for ending, name in _ENDINGS.items() if name in known))
        raise UsageError(f"--output {path}: no form ends like this; there are {endings}, or say it with --format")
    return style
