"""One request per operation and journey step, kept in full: what is sent, what comes back, which checks hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from perftui.engine.around.before import run_before
from perftui.engine.runner.guard import check_once
from perftui.model.errors import PerftuiError
from perftui.model.plan import Operation, Plan
from perftui.model.text import safe_text
from perftui.presets.redaction import REDACTED, Redactor, is_secret_field
from perftui.presets.secrets import resolve_secrets
from perftui.presets.variables import names_in

if TYPE_CHECKING:
    from perftui.engine.around.steps import Step
    from perftui.engine.clients.http.answer import Answer
    from perftui.engine.clients.http.single import Request

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
    """What kept operations from being tried: no log-in, no set-up."""

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
        GuardError: the target is never asked.
    """
    resolved, secrets = resolve_secrets(plan)
    await check_once(resolved)
    return await _Probe(resolved, secrets).run()


class _Probe:
    def __init__(self, plan: Plan, secrets: tuple[str, ...]) -> None:
        self._plan = plan
        self._secrets = list(secrets)
        self._redactor = Redactor(secrets, plan.target.secret_headers)
        """Of the exchange that is looked at: what it captures may be secret as well."""
        self._probed: list[ProbedOperation] = []

    async def run(self) -> ProbeResult:
        plan = self._plan
        try:
            ready = await run_before(plan, secrets=self._secrets)
        except PerftuiError as error:
            return ProbeResult(problems=tuple(map(self._redactor.text, error.problems)))
        self._secrets += ready.secrets
        captured = dict(ready.variables)
        for operation in plan.operations:
            captured |= await self._take("", (operation,), ready.variables, ready.headers)
        for journey in plan.journeys:
            captured |= await self._take(journey.name, journey.steps, ready.variables, ready.headers)
        for operation in plan.after:
            if names_in(operation) <= captured.keys():
                captured |= await self._take("after", (operation,), captured, ready.headers)
        return ProbeResult(operations=tuple(self._probed))

    async def _take(
        self, group: str, operations: Iterable[Operation], variables: Mapping[str, str], headers: Mapping[str, str]
    ) -> dict[str, str]:
        from perftui.engine.around.steps import Steps

        failed = False
        async with Steps(self._plan, (), variables, headers) as steps:
            for operation in operations:
                if failed:
                    self._probed.append(
                        ProbedOperation(name=operation.name, group=group, problem="not sent: an earlier step failed")
                    )
                    continue
                step = await steps.take(operation)
                self._probed.append(self._seen(group, step))
                failed = bool(step.problem)
            return steps.variables

    def _seen(self, group: str, step: Step) -> ProbedOperation:
        answer, request = step.answer, step.request
        self._secrets += [value for name, value in step.captures.items() if is_secret_field(name)]
        self._redactor = Redactor(self._secrets, self._plan.target.secret_headers)
        body = self._body(answer.body) if answer else ""
        return ProbedOperation(
            name=step.operation.name,
            group=group,
            request_head=self._request_head(request) if request else "",
            request_body=self._body(request.body)[:MOST_BODY_CHARACTERS] if request else "",
            response_head=self._response_head(answer) if answer else "",
            body_start=body[:MOST_BODY_CHARACTERS],
            body_bytes=answer.body_bytes if answer else 0,
            is_body_cut=len(body) > MOST_BODY_CHARACTERS,
            times_ms=answer.times_ms if answer else {},
            checks=tuple(
                ProbedCheck(name=name, holds=holds, detail=self._text(detail)) for name, holds, detail in step.checks
            ),
            captures={
                name: REDACTED if is_secret_field(name) else self._text(value) for name, value in step.captures.items()
            },
            # A clean-up request that finds nothing left has nothing to tell the next one.
            problem="" if group == "after" and step.lacks else self._text(step.problem),
        )

    def _text(self, text: str) -> str:
        return self._redactor.text(safe_text(text, MOST_LINE_CHARACTERS))

    def _request_head(self, request: Request) -> str:
        line = f"{request.method} {request.target.decode('latin-1')} HTTP/1.1"
        return self._head(line, request.headers)

    def _response_head(self, answer: Answer) -> str:
        return self._head(f"{answer.version} {answer.status} {answer.reason}".rstrip(), answer.headers)

    def _head(self, line: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        pairs = [
            (safe_text(name.decode("latin-1")), safe_text(value.decode("latin-1"), MOST_LINE_CHARACTERS))
            for name, value in headers
        ]
        rows = [f"{name}: {value}" for name, value in self._redactor.headers(pairs)]
        return "\n".join([self._text(line), *rows])

    def _body(self, body: bytes) -> str:
        """A text that is longer than what is shown when there is more to show."""
        text = self._redactor.text(body[: 4 * MOST_BODY_CHARACTERS + 4].decode("utf-8", "replace"))
        return "\n".join(safe_text(line, 2 * MOST_BODY_CHARACTERS) for line in text.splitlines())
