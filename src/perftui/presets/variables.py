"""Captured values: which ones a request uses, and which ones the clean-up needs."""

from __future__ import annotations

from perftui.model.plan import Operation, Plan
from perftui.presets import grammar
from perftui.presets.references import strings_of


def names_in(operation: Operation) -> frozenset[str]:
    """The captured values that a request is made of."""
    used = (
        operation.path, operation.query, operation.headers, operation.json, operation.form, operation.body,
        operation.multipart, operation.request,
    )  # fmt: skip
    return frozenset(
        placeholder.argument
        for part in used
        for text in strings_of(part)
        for placeholder in grammar.placeholders(text)
        if placeholder.kind in {"var", "number"}
    )


def names_for_cleanup(plan: Plan) -> frozenset[str]:
    """The values that workers must report, because a clean-up request uses them and the load captures them."""
    captured = {capture.name for operation in plan.counted_operations for capture in operation.captures}
    return frozenset(name for operation in plan.after for name in names_in(operation)) & captured
