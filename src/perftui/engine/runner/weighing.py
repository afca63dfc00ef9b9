"""How many requests a page is: visited once before the load, where the guard must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from perftui.engine.clients.client import Addresses
from perftui.model.plan import Operation, Plan
from perftui.presets.drivers import fetches_more

if TYPE_CHECKING:
    from perftui.engine.around.steps import Steps

Weights = Mapping[str, int]
"""Requests that an operation makes each time, by its name; those left out make one."""


def has_pages(plan: Plan) -> bool:
    """Whether an operation of the load fetches what an answer names."""
    return any(fetches_more(operation.driver) for operation in plan.counted_operations)


async def weigh(
    plan: Plan, addresses: Mapping[str, Addresses], variables: Mapping[str, str], headers: Mapping[str, str]
) -> dict[str, int]:
    """Visit each page once, and count what that takes. A visit that fails weighs what its answer says, or one.

    Args:
        plan: with secrets resolved.
        addresses: of the targets by name.
        variables: values that requests may use.
        headers: what a log-in brought.

    Raises:
        UsageError: a target or a certificate cannot be used.
    """
    from perftui.engine.around.steps import Steps

    weights: dict[str, int] = {}
    async with Steps(plan, addresses, variables, headers) as steps:
        for operation in plan.operations:
            if fetches_more(operation.driver):
                await _take(steps.fork({}), (operation,), weights)
        for journey in plan.journeys:
            pages = [place for place, step in enumerate(journey.steps) if fetches_more(step.driver)]
            if pages:
                user = steps.fork({})
                user.begin_journey()
                await _take(user, journey.steps[: pages[-1] + 1], weights)
    return weights


async def _take(user: Steps, operations: Sequence[Operation], weights: dict[str, int]) -> None:
    for operation in operations:
        step = await user.take(operation)
        rows = getattr(step.response, "rows", None)
        if fetches_more(operation.driver) and rows:
            weights[operation.name] = rows
        if step.problem:
            return
