"""A driver around a TaskClient: its operations are tables of the preset, placeholders filled in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Addresses, Done, Sample
from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.operation import PreparedOperation, Sent
from perftui.engine.clients.rendering import Renderer, compile_value
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.errors import UnreachableError
from perftui.model.plan import Operation, Phase, Plan
from perftui.model.text import safe_text
from perftui.presets.sections import Key
from perftui.presets.values import ValueStream

if TYPE_CHECKING:
    from perftui.engine.clients.task_client import TaskClient


class TaskOperation(PreparedOperation):
    """An operation whose request is its table of the preset, placeholders filled in."""

    __slots__ = ("_render", "_values", "_variables")

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        values: ValueStream,
        variables: Mapping[str, str],
    ) -> None:
        super().__init__(plan, cells, clean_up)
        self._values = values
        self._variables = variables
        self._render: Renderer = compile_value(plan.request)

    def request_for(self, user: VirtualUser | None) -> Any:  # noqa: ANN401 - a table
        """The table of the next request."""
        if self.next_request is not None:
            return self.next_request()
        if user is None:
            self._values.advance()
            return self._render(self._values, self._variables)
        if user.journey is None:
            user.values.advance()
        return self._render(user.values, user.variables)

    def describe(self, request: Any) -> Sent:  # noqa: ANN401 - a table
        """Key and value, the first on a line of its own."""
        texts = [(name, value if isinstance(value, str) else _json_text(value)) for name, value in request.items()]
        return Sent(f"{texts[0][0]} {texts[0][1]}", texts[1:]) if texts else Sent(self.name)


def _json_text(value: object) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace")


class TaskPreparer:
    """Prepares TaskOperations."""

    def __init__(self, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues) -> None:
        self._values = values
        self._variables = variables
        self._clean_up = clean_up

    def prepare(
        self,
        operation: Operation,
        cells: Mapping[Phase, CellRecorder],
        *,
        in_journey: bool,  # noqa: ARG002 - answers are kept whole anyway
        whole: bool = False,  # noqa: ARG002 - the same
    ) -> TaskOperation:
        """As clients.client.Preparer."""
        return TaskOperation(operation, cells, self._clean_up, self._values, self._variables)

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """There are none."""


class TaskDriver:
    """A driver around a TaskClient."""

    def __init__(
        self,
        *,
        name: str,
        schemes: Mapping[str, int],
        keys: Mapping[str, Key],
        client: Callable[[], type[TaskClient]],
        only_reads: Callable[[Mapping[str, Any]], bool] = lambda _: False,
        missing: Callable[[], str] = lambda: "",
        default_url: str = "",
    ) -> None:
        """Describe the driver.

        Args:
            name: one word; the name of its entry point.
            schemes: of URLs, with their default ports; 0 where there is nothing to look up.
            keys: of an operation; the first one makes a table an operation of this driver.
            client: gives the class, imported when it is needed.
            only_reads: whether an operation with these keys certainly changes nothing.
            missing: what must be installed before it works, in words.
            default_url: of a target that needs none.
        """
        self.name = name
        self.schemes = schemes
        self.keys = keys
        self._client = client
        self.only_reads = only_reads
        self.missing = missing
        self.default_url = default_url

    def located(self, request: Mapping[str, Any], directory: Path) -> dict[str, Any]:  # noqa: ARG002 - of the interface
        """As presets.drivers.DriverFormat: it names no files."""
        return dict(request)

    def preparer(
        self,
        plan: Plan,  # noqa: ARG002 - of the interface
        values: ValueStream,
        variables: Mapping[str, str],
        clean_up: CleanUpValues,
    ) -> TaskPreparer:
        """As clients.client.Driver."""
        return TaskPreparer(values, variables, clean_up)

    def connect(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> TaskClient:
        """As clients.client.Driver."""
        return self._client()(loop, plan, addresses, most=most, done=done, sample=sample)

    def first_look(self, plan: Plan) -> dict[str, Any]:  # noqa: ARG002 - of drivers whose sessions differ
        """The request that a session is opened for, to see whether the target is there."""
        return {}

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver: opens one session, and closes it."""
        client = self.connect(
            asyncio.get_running_loop(), plan, addresses, most=1, done=_nobody_asked, sample=_nobody_asked
        )
        try:
            async with asyncio.timeout(plan.target.timeout_s):
                session = await client.open_session_for(self.first_look(plan))
                await client.close_session(session)
        except TimeoutError as error:
            raise UnreachableError(f"{_shown(plan)}: no answer within {plan.target.timeout_s:g} s") from error
        except Fault as fault:
            raise UnreachableError(f"{_shown(plan)}: {safe_text(fault.detail)}") from fault
        except OSError as error:
            raise UnreachableError(f"{_shown(plan)}: {safe_text(connect_error(error)[1])}") from error
        finally:
            await client.close()
        return addresses


def _nobody_asked(*_: object) -> None:
    """No request was made."""


def _shown(plan: Plan) -> str:
    """The URL without what must not be shown."""
    scheme, separator, rest = plan.target.url.partition("://")
    return safe_text(f"{scheme}{separator}{rest.rpartition('@')[2]}")
