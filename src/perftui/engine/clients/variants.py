"""Requests prepared ahead, where what varies in them may repeat: making one anew costs more than sending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from perftui.presets.makers import Variables
from perftui.presets.placeholders import JsonTemplate, Template
from perftui.presets.values import ValueStream

MOST_VARIANTS = 4096
MOST_VARIANT_BYTES = 4 * 1024 * 1024
"""Memory for the prepared variants of one operation."""
Request = TypeVar("Request")


def prepared_ahead(
    render: Callable[[ValueStream, Variables], Request],
    templates: Sequence[Template | JsonTemplate],
    values: ValueStream,
    variables: Mapping[str, str],
    size: Callable[[Request], int] = len,  # type: ignore[assignment]  # of bytes, which most requests are
) -> list[Request]:
    """One request if nothing varies in its templates, many if what varies may repeat, none otherwise.

    Raises:
        ValueError: a value cannot stand where it is used.
    """
    names = {name for template in templates for name in template.names}
    if names - variables.keys() or not all(template.is_repeatable for template in templates):
        return []
    prepared = [render(values, variables)]
    if not all(template.is_static for template in templates):
        wanted = max(16, min(MOST_VARIANTS, MOST_VARIANT_BYTES // size(prepared[0])))
        prepared += [render(values, variables) for _ in range(wanted - 1)]
    return prepared
