"""Files that a plan names: made absolute, so that the plan means the same wherever it is run from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from perftui.model.plan import Operation, Plan, Target
from perftui.presets import grammar
from perftui.presets.drivers import driver_named
from perftui.presets.rewriting import rewrite_operations, rewrite_strings


def with_absolute_files(plan: Plan, directory: Path) -> Plan:
    """The plan with every relative file beside the preset's own directory."""

    def absolute(file: str) -> str:
        # ~ of a user without a home stays as it is
        return str(directory / os.path.expanduser(file)) if file else ""  # noqa: PTH111 - Path.expanduser raises

    def operation(part: Operation) -> Operation:
        multipart = tuple(replace(one, file=absolute(one.file)) for one in part.multipart)
        request = driver_named(part.driver).located(part.request, directory) if part.request else part.request
        return replace(part, body_file=absolute(part.body_file), multipart=multipart, request=request)

    def placeholder_files(text: str) -> str:
        if "${file:" not in text:
            return text
        segments: list[Any] = [
            replace(segment, argument=absolute(segment.argument))
            if isinstance(segment, grammar.Placeholder) and segment.kind == "file"
            else segment
            for segment in grammar.split(text)
        ]
        return grammar.join(segments)

    def target(part: Target) -> Target:
        names = ("ca_file", "cert_file", "key_file")
        tls = replace(part.tls, **{name: absolute(getattr(part.tls, name)) for name in names})
        return replace(part, tls=tls, unix_socket=absolute(part.unix_socket))

    plan = replace(
        plan,
        target=target(plan.target),
        targets={name: target(part) for name, part in plan.targets.items()},
        data=tuple(replace(source, file=absolute(source.file)) for source in plan.data),
    )
    return rewrite_strings(rewrite_operations(plan, operation), placeholder_files)
