"""Files that a plan names: made absolute, so that the plan means the same wherever it is run from, or moved."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from perftui.model.plan import Operation, Plan, Target
from perftui.presets import grammar
from perftui.presets.drivers import driver_named
from perftui.presets.rewriting import rewrite_operations, rewrite_strings

FOLDER = "folder"
"""Key of operations that call functions: where their modules are looked for first."""
_TLS_FILES = ("ca_file", "cert_file", "key_file")
_FILE_KEYS = frozenset({*_TLS_FILES, "unix_socket", "body_file"})


def with_absolute_files(plan: Plan, directory: Path) -> Plan:
    """The plan with every relative file beside the preset's own directory."""

    def absolute(file: str) -> str:
        return _beside(directory, file) if file else ""

    def located(part: Operation) -> Operation:
        return replace(part, request=driver_named(part.driver).located(part.request, directory))

    def target(part: Target) -> Target:
        return replace(part, unix_socket=absolute(part.unix_socket))

    plan = replace(
        rewrite_operations(plan, lambda part: located(part) if part.request else part),
        target=target(plan.target),
        targets={name: target(part) for name, part in plan.targets.items()},
        load=replace(plan.load, cluster=with_hosts_file(plan.load.cluster, directory)),
    )
    return with_files(plan, absolute)


def moved(plan: Plan, places: Mapping[str, str]) -> Plan:
    """The plan with files, and folders of Python modules, where they are on another machine.

    Args:
        plan: as it is.
        places: of files, by their paths here; what is not among them stays.
    """
    folders = {str(Path(old).parent): str(Path(new).parent) for old, new in places.items()}

    def operation(part: Operation) -> Operation:
        folder = folders.get(str(part.request.get(FOLDER)))
        return replace(part, request={**part.request, FOLDER: folder}) if folder else part

    return rewrite_operations(with_files(plan, lambda path: places.get(path, path)), operation)


def with_hosts_file(cluster: str, directory: Path) -> str:
    """Where a cluster is, a file that names its hosts beside a directory."""
    kind, _, file = cluster.partition(":")
    return f"ssh:{_beside(directory, file)}" if kind == "ssh" else cluster


def with_files(plan: Plan, place: Callable[[str], str]) -> Plan:
    """The plan with other paths of the files whose contents it uses.

    Args:
        plan: as it is.
        place: gives the new path of a file; it is also called with empty text, where a plan names none.
    """

    def operation(part: Operation) -> Operation:
        multipart = tuple(replace(one, file=place(one.file)) for one in part.multipart)
        return replace(part, body_file=place(part.body_file), multipart=multipart)

    def target(part: Target) -> Target:
        return replace(part, tls=replace(part.tls, **{name: place(getattr(part.tls, name)) for name in _TLS_FILES}))

    plan = replace(
        plan,
        target=target(plan.target),
        targets={name: target(part) for name, part in plan.targets.items()},
        data=tuple(replace(source, file=place(source.file)) for source in plan.data),
    )
    return rewrite_strings(rewrite_operations(plan, operation), lambda text: _with_placeholder_files(text, place))


def typed_here(path: Sequence[str | int], value: object, directory: Path) -> object:
    """A value of the command line, the file that it names beside the working directory: not beside the preset.

    Args:
        path: of its key in the preset.
        value: as given; what is no text, or wrong, is left to those who check it.
        directory: the working directory.
    """
    if isinstance(value, dict):
        return {key: typed_here((*path, key), each, directory) for key, each in value.items()}
    if isinstance(value, list):
        return [typed_here((*path, number), each, directory) for number, each in enumerate(value)]
    if not isinstance(value, str) or not value:
        return value
    if path[-1] in _FILE_KEYS or (path[-1] == "file" and (path[0] == "data" or "multipart" in path)):
        return _beside(directory, value)
    if tuple(path) == ("load", "cluster"):
        return with_hosts_file(value, directory)
    try:
        return _with_placeholder_files(value, lambda file: _beside(directory, file))
    except ValueError:
        return value


def _beside(directory: Path, file: str) -> str:
    """A relative file of a directory; ~ of a user without a home stays as it is."""
    return str(directory / os.path.expanduser(file))  # noqa: PTH111 - Path.expanduser raises


def _with_placeholder_files(text: str, place: Callable[[str], str]) -> str:
    if "${file:" not in text:
        return text
    segments: list[Any] = [
        replace(segment, argument=place(segment.argument))
        if isinstance(segment, grammar.Placeholder) and segment.kind == "file"
        else segment
        for segment in grammar.split(text)
    ]
    return grammar.join(segments)
