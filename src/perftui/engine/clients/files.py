"""Files as a protocol: read, write, append, list, stat and delete in a folder of the target's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.task_driver import TaskDriver
from perftui.model.plan import Target
from perftui.presets import texts
from perftui.presets.kinds import Choice, Flag, Text
from perftui.presets.request_format import ANY_PLACEHOLDER, SIZE
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.files_client import FileOperation, FilesClient

ACTIONS = ("read", "write", "append", "list", "stat", "delete")
_READING = frozenset({"read", "list", "stat"})


def _client() -> type[FilesClient]:
    from perftui.engine.clients.files_client import FilesClient

    return FilesClient


def _operation(_target: Target) -> type[FileOperation]:
    from perftui.engine.clients.files_client import FileOperation

    return FileOperation


def _only_reads(request: Mapping[str, Any]) -> bool:
    return request["file"] in _READING


DRIVER = TaskDriver(
    name="file",
    schemes={"file": 0},
    keys={
        "file": Key(Choice(*ACTIONS), "What is done.", required=True),
        "path": Key(
            Text(allow=ANY_PLACEHOLDER, check=texts.inner_path_problem, most=1000),
            "The file or folder, below the target's own folder.",
            required=True,
        ),
        "size": Key(SIZE, "Bytes to write, such as 4KiB, which it is when not said."),
        "text": Key(Text(allow=ANY_PLACEHOLDER, empty=True, most=1_000_000), "Text to write instead of made-up bytes."),
        "fsync": Key(Flag(), "Wait until the disk has it."),
    },
    client=_client,
    operation=_operation,
    only_reads=_only_reads,
    default_url="file://",
)
