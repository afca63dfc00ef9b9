"""A driver around sessions: a TaskClient's, or a ThreadClient's. Its operations are tables of the preset."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.declared_driver import DeclaredDriver
from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.operation import Sent
from perftui.engine.clients.reaching import shown_url
from perftui.engine.clients.rendered import Material, RenderedOperation
from perftui.engine.clients.rendering import Renderer, compile_value, templates_of
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.target_pool import SessionPool
from perftui.metrics.recorder import CellRecorder
from perftui.model.errors import UnreachableError
from perftui.model.plan import Operation, Phase, Plan, Target
from perftui.model.text import safe_text


class TaskOperation(RenderedOperation):
    """An operation whose request is its table of the preset, placeholders filled in."""

    __slots__ = ()

    def __init__(
        self, plan: Operation, cells: Mapping[Phase, CellRecorder], material: Material, *, whole: bool = False
    ) -> None:
        super().__init__(plan, cells, material, whole=whole)
        self.use(self._made_by(compile_value(plan.request)), templates_of(plan.request), size=size_of)

    def _made_by(self, render: Renderer) -> Renderer:
        """What makes requests as the client takes them, of what makes tables."""
        return render

    def describe(self, request: Any) -> Sent:  # noqa: ANN401 - a table
        """Key and value, the first on a line of its own."""
        texts = [(name, value if isinstance(value, str) else json_text(value)) for name, value in request.items()]
        return Sent(f"{texts[0][0]} {texts[0][1]}", texts[1:]) if texts else Sent(self.name)


def json_text(value: object) -> str:
    """A value as JSON, for people."""
    return msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace")


def size_of(value: object) -> int:
    """About what a value takes in memory."""
    match value:
        case str() | bytes():
            return 60 + len(value)
        case Mapping():
            return 250 + sum(map(size_of, value.values()))
        case Sequence():
            return 80 + sum(map(size_of, value))
        case _:
            return 40


class SessionDriver(DeclaredDriver):
    """A driver whose pools are SessionPools."""

    def first_look(self, plan: Plan) -> dict[str, Any]:  # noqa: ARG002 - of drivers whose sessions differ
        """The request that a session is opened for, to see whether the target is there."""
        return {}

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver: opens one session, and closes it."""
        loop = asyncio.get_running_loop()
        client = self.connect(loop, plan, addresses, most=1, done=_nobody_asked, sample=_nobody_asked)
        assert isinstance(client, SessionPool)
        shown = shown_url(plan.target)
        try:
            async with asyncio.timeout(plan.target.timeout_s):
                await client.try_session(self.first_look(plan))
        except TimeoutError as error:
            raise UnreachableError(f"{shown}: no answer within {plan.target.timeout_s:g} s") from error
        except Fault as fault:
            raise UnreachableError(f"{shown}: {_words(fault.error_class, fault.detail)}") from fault
        except OSError as error:
            raise UnreachableError(f"{shown}: {_words(*connect_error(error))}") from error
        finally:
            await client.close()
        return addresses


class TaskDriver(SessionDriver):
    """A driver around one class of clients, for whatever plan."""

    def __init__(
        self,
        *,
        client: Callable[[], type[SessionPool]],
        operation: Callable[[Target], type[RenderedOperation]] = lambda _: TaskOperation,
        **declared: Any,  # noqa: ANN401 - as DeclaredDriver
    ) -> None:
        """As DeclaredDriver; `client` gives a TaskClient or ThreadClient, and `operation` need not be said."""
        super().__init__(client=lambda _: client(), operation=operation, **declared)


def _words(error_class: str, detail: str) -> str:
    """What happened; of TLS also the class, which `perftui errors` explains."""
    return f"{safe_text(detail)} ({error_class})" if error_class.startswith("tls.") else safe_text(detail)


def _nobody_asked(*_: object) -> None:
    """No request was made."""
