"""Clean-up after the load: what it made is undone, one short sequence of requests for each set of captured values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct

from perftui.engine.around.tokens import fetch_token, needs_token
from perftui.engine.clients.client import Addresses
from perftui.model.errors import UnreachableError
from perftui.model.plan import Operation, Plan
from perftui.presets.redaction import Redactor
from perftui.presets.variables import names_in

if TYPE_CHECKING:
    from perftui.engine.around.steps import Steps

MOST_AT_ONCE = 8
LIMIT_S = 120.0
MOST_PROBLEMS = 5


class CleanupResult(Struct, frozen=True, kw_only=True):
    """What the clean-up did."""

    sent: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()
    """The first ones, in words."""

    @property
    def summary(self) -> str:
        """What became of it, in words; the problems not."""
        return f"clean-up: {self.sent:,} {'request' if self.sent == 1 else 'requests'} sent, {self.failed:,} failed"


async def run_after(
    plan: Plan,
    variables: Mapping[str, str],
    captured: Sequence[Mapping[str, str]] = (),
    addresses: Mapping[str, Addresses] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    secrets: Sequence[str] = (),
) -> CleanupResult:
    """Send the clean-up requests: once each, or once for each set of captured values when they use any.

    Requests that use captured values are sent in their order for each set, with cookies and captures of their own; one
    whose values are not there is left out. A failed request does not stop the others.

    Args:
        plan: with secrets resolved.
        variables: from run_before.
        captured: values that the load captured, one mapping per request or journey.
        addresses: of the targets by name, as found before the start; looked up where missing.
        headers: the token; without one, a plan that needs a token fetches it again.
        secrets: values to blank out of what is told.
    """
    if not plan.after:
        return CleanupResult()
    from perftui.engine.around.steps import Steps

    if not headers and needs_token(plan):
        try:
            headers = (await fetch_token(plan, addresses, variables, secrets=secrets)).headers
        except UnreachableError as error:
            return CleanupResult(problems=error.problems)
    cleanup = _Cleanup(secrets)
    with anyio.move_on_after(LIMIT_S) as limit:
        async with Steps(plan, addresses, variables, headers) as steps:
            once = [operation for operation in plan.after if names_in(operation) <= variables.keys()]
            each = [operation for operation in plan.after if operation not in once]
            if each:
                await cleanup.send_for_each(steps, each, distinct(captured))
            for operation in once:
                await cleanup.send(steps, operation)
        for note in steps.notes:
            cleanup.note(note)
    if limit.cancelled_caught:
        cleanup.note(f"the clean-up took longer than {LIMIT_S:.0f} s and was ended")
    return cleanup.result()


def distinct(captured: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The sets of values that no other set contains; workers report a journey's values as they come to be known."""
    owners: dict[tuple[str, str], int] = {}
    kept: list[Mapping[str, str]] = []
    for values in sorted(captured, key=len, reverse=True):
        found = {owners.get(item, -1) for item in values.items()}
        if values and (len(found) > 1 or -1 in found):
            for item in values.items():
                owners.setdefault(item, len(kept))
            kept.append(values)
    return kept


class _Cleanup:
    """Counts what the clean-up does."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._redactor = Redactor(secrets)
        self._sent = 0
        self._failed = 0
        self._problems: list[str] = []

    async def send_for_each(
        self, steps: Steps, operations: Sequence[Operation], sets: Sequence[Mapping[str, str]]
    ) -> None:
        """Send the operations for each set of values, a few sets at once."""
        places = anyio.Semaphore(MOST_AT_ONCE)

        async def one(values: Mapping[str, str]) -> None:
            try:
                own = steps.fork(values)
                for operation in operations:
                    if names_in(operation) <= own.variables.keys():
                        await self.send(own, operation)
            finally:
                places.release()

        async with anyio.create_task_group() as tasks:
            for values in sets:
                await places.acquire()
                tasks.start_soon(one, values)

    async def send(self, steps: Steps, operation: Operation) -> None:
        """Send one request; a value that its answer lacks is missed only by what would use it."""
        step = await steps.take(operation)
        self._sent += 1
        if step.problem and not step.lacks:
            self._failed += 1
            self.note(step.problem)

    def note(self, problem: str) -> None:
        """Keep the first problems, each once."""
        problem = self._redactor.text(problem)
        if problem not in self._problems and len(self._problems) < MOST_PROBLEMS:
            self._problems.append(problem)

    def result(self) -> CleanupResult:
        """What was done up to now."""
        return CleanupResult(sent=self._sent, failed=self._failed, problems=tuple(self._problems))
