"""One request per operation and journey step, kept in full: what is sent, what comes back, which checks hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from perftui.engine.around.before import run_before
from perftui.model.errors import PerftuiError
from perftui.model.plan import Operation, Plan
from perftui.model.text import safe_text
from perftui.presets.redaction import REDACTED, Redactor, is_secret_field
from perftui.presets.secrets import resolve_secrets
from perftui.presets.variables import names_in

if TYPE_CHECKING:
    from perftui.engine.around.steps import Step
    from perftui.engine.clients.operation import Sent

MOST_BODY_CHARACTERS = 2000
MOST_LINE_CHARACTERS = 1000


class ProbedCheck(Struct, frozen=True, kw_only=True):
    """A check and whether it holds."""

    name: str
    holds: bool
    detail: str = ""
    """What is wrong; empty when it holds."""


class ProbedOperation(Struct, frozen=True, kw_only=True):
    """One exchange, made safe to print, with secrets hidden."""

    name: str
    group: str = ""
    """`before`, `after` or the journey's name; empty for a plain operation."""
    request_head: str = ""
    """Request line and headers, one per line."""
    request_body: str = ""
    """Start of the body."""
    response_head: str = ""
    body_start: str = ""
    body_bytes: int = 0
    is_body_cut: bool = False
    """Whether there is more of the body than its start."""
    times_ms: dict[str, float] = {}
    """connect, tls, first_byte, transfer and total, as far as they happened."""
    checks: tuple[ProbedCheck, ...] = ()
    captures: dict[str, str] = {}
    problem: str = ""
    """What went wrong, in words; empty: all is well."""


class ProbeResult(Struct, frozen=True, kw_only=True):
    """What every operation of a plan does, tried once."""

    operations: tuple[ProbedOperation, ...] = ()
    problems: tuple[str, ...] = ()
    """What kept operations from being tried: no log-in, no set-up. And a tear-down that failed."""

    @property
    def holds(self) -> bool:
        """Whether every request was answered and every check holds."""
        return not self.problems and not any(operation.problem for operation in self.operations)


async def probe(plan: Plan) -> ProbeResult:
    """Send one request per operation and journey step, with the plan's set-up and clean-up around them.

    Args:
        plan: as loaded; secrets are resolved here.

    Raises:
        UsageError: a secret is missing, or a certificate or file cannot be used.
    """
    resolved, secrets = resolve_secrets(plan)
    return await _Probe(resolved, secrets).run()


def _secret_headers(plan: Plan) -> tuple[str, ...]:
    return tuple(name for target in plan.used_targets.values() for name in target.secret_headers)


class _Probe:
    def __init__(self, plan: Plan, secrets: tuple[str, ...]) -> None:
        self._plan = plan
        self._secrets = list(secrets)
        self._redactor = Redactor(secrets, _secret_headers(plan))
        """Of the exchange that is looked at: what it captures may be secret as well."""
        self._probed: list[ProbedOperation] = []
        self._problems: list[str] = []

    async def run(self) -> ProbeResult:
        plan = self._plan
        try:
            ready = await run_before(plan, secrets=self._secrets)
        except PerftuiError as error:
            return ProbeResult(problems=tuple(map(self._redactor.text, error.problems)))
        self._secrets += ready.secrets
        self._problems += map(self._text, ready.notes)
        captured = dict(ready.variables)
        for operation in plan.operations:
            captured |= await self._take("", (operation,), ready.variables, ready.headers)
        for journey in plan.journeys:
            captured |= await self._take(journey.name, journey.steps, ready.variables, ready.headers, is_journey=True)
        for operation in plan.after:
            if names_in(operation) <= captured.keys():
                captured |= await self._take("after", (operation,), captured, ready.headers)
        return ProbeResult(operations=tuple(self._probed), problems=tuple(self._problems))

    async def _take(
        self,
        group: str,
        operations: Iterable[Operation],
        variables: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        is_journey: bool = False,
    ) -> dict[str, str]:
        from perftui.engine.around.steps import Steps

        failed = False
        async with Steps(self._plan, None, variables, headers) as steps:
            if is_journey:
                steps.begin_journey()
            for operation in operations:
                if failed:
                    self._probed.append(
                        ProbedOperation(name=operation.name, group=group, problem="not sent: an earlier step failed")
                    )
                    continue
                step = await steps.take(operation)
                self._probed.append(self._seen(group, step))
                failed = bool(step.problem)
        self._problems += map(self._text, steps.notes)
        return steps.variables

    def _seen(self, group: str, step: Step) -> ProbedOperation:
        response = step.response
        sent = step.exchange.sent if step.exchange else None
        self._secrets += [value for name, value in step.captures.items() if is_secret_field(name)]
        self._redactor = Redactor(self._secrets, _secret_headers(self._plan))
        body = self._body(response.body) if response else ""
        return ProbedOperation(
            name=step.operation.name,
            group=group,
            request_head=self._request_head(sent) if sent else "",
            request_body=self._body(sent.body)[:MOST_BODY_CHARACTERS] if sent else "",
            response_head=self._response_head(response.head_text()) if response else "",
            body_start=body[:MOST_BODY_CHARACTERS],
            body_bytes=(response.body_bytes or len(response.body)) if response else 0,
            is_body_cut=len(body) > MOST_BODY_CHARACTERS,
            times_ms=step.exchange.times_ms if step.exchange else {},
            checks=tuple(
                ProbedCheck(name=name, holds=not fault, detail=self._text(fault)) for name, fault in step.checks
            ),
            captures={
                name: REDACTED if is_secret_field(name) else self._text(value) for name, value in step.captures.items()
            },
            # A clean-up request that finds nothing left has nothing to tell the next one.
            problem="" if group == "after" and step.lacks else self._text(step.problem),
        )

    def _text(self, text: str) -> str:
        return self._redactor.text(safe_text(text, MOST_LINE_CHARACTERS))

    def _request_head(self, sent: Sent) -> str:
        return self._head(sent.line, sent.headers)

    def _response_head(self, text: str) -> str:
        line, *rows = text.split("\n")
        return self._head(line, [row.partition(": ")[::2] for row in rows])

    def _head(self, line: str, headers: Iterable[tuple[str, str]]) -> str:
        pairs = [(safe_text(name), safe_text(value, MOST_LINE_CHARACTERS)) for name, value in headers]
        rows = [f"{name}: {value}" for name, value in self._redactor.headers(pairs)]
        return "\n".join([self._text(line), *rows])

    def _body(self, body: bytes) -> str:
        """A text that is longer than what is shown when there is more to show."""
        text = self._redactor.text(body[: 4 * MOST_BODY_CHARACTERS + 4].decode("utf-8", "replace"))
        return "\n".join(safe_text(line, 2 * MOST_BODY_CHARACTERS) for line in text.splitlines())
