"""All that a driver in a package of one's own needs, in one place. tests/support/echo_driver is a whole one."""

from __future__ import annotations

from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.response import Response
from perftui.engine.clients.task_client import TaskClient
from perftui.engine.clients.task_driver import TaskDriver
from perftui.presets.kinds import Choice, Flag, ListOf, MapOf, Number, Text
from perftui.presets.request_format import ANY_PLACEHOLDER
from perftui.presets.sections import Key

__all__ = [
    "ANY_PLACEHOLDER", "Choice", "Fault", "Flag", "Key", "ListOf", "MapOf", "Number", "Reply", "Response", "TaskClient",
    "TaskDriver", "Text",
]  # fmt: skip
