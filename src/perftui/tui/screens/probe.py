"""Probe: one request per operation, shown in full, before any load."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from perftui.model.errors import PerftuiError
from perftui.model.plan import Plan
from perftui.model.units import format_bytes, format_ms
from perftui.tui.marks import quiet, words
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.question import Question
from perftui.tui.table import Column, Row, Table

if TYPE_CHECKING:
    from perftui.engine.around.probe import ProbedOperation, ProbeResult

_COLUMNS = (
    Column("mark", "", 1),
    Column("name", "operation", 12, grow=1),
    Column("status", "status", 6, right=True),
    Column("time", "ms", 6, right=True),
)


class OperationTable(Table):
    """What was sent."""

    BINDINGS: ClassVar[list[BindingType]] = []


class ProbeScreen(PerftuiScreen[None]):
    """Operations on the left, the exchange of the chosen one on the right."""

    CSS_PATH = "probe.tcss"
    heading: ClassVar[str] = "Probe"
    AUTO_FOCUS = "#operations"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "back", id="probe.back", tooltip="Back"),
        Binding("r", "again", "send again", id="probe.again", tooltip="Send every request once more"),
        Binding("space", "scroll(1)", "scroll", id="probe.scroll", tooltip="Scroll the exchange"),
        Binding("s", "start", "start a run", id="probe.start", tooltip="Start a run of this plan; asks first"),
    ]
    table = getters.query_one("#operations", OperationTable)

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._probed: dict[str, ProbedOperation] = {}

    def compose_body(self) -> Iterable[Widget]:
        """List and exchange."""
        table = OperationTable(_COLUMNS, id="operations", classes="panel", empty="Sending one request of each…")
        table.border_title = "Operations"
        with Horizontal(id="body"):
            yield table
            with VerticalScroll(id="exchange", classes="panel", can_focus=False) as exchange:
                exchange.border_title = "Exchange"
                yield Static(id="text", markup=False)

    def on_mount(self) -> None:
        """Send at once; a plan that writes asks first."""
        super().on_mount()
        self.action_again()

    @work(group="probe", exclusive=True)
    async def action_again(self) -> None:
        """Send every request once."""
        if self._plan.writes:
            text = f"One request of each operation is sent to {self._plan.where}\nand changes data there."
            if not await self.app.push_screen_wait(Question("Send these requests?", text, "send")):
                if not self._probed:
                    self.app.pop_screen()
                return
        self.say("sending…")
        # httpx takes a while to import: not on the loop that answers keys
        module = await asyncio.to_thread(import_module, "perftui.engine.runner.probing")
        try:
            result: ProbeResult = await module.guarded_probe(self._plan)
        except PerftuiError as error:
            self._show_problems(error.problems)
            return
        self._show(result)

    def _show(self, result: ProbeResult) -> None:
        self._probed = {str(number): operation for number, operation in enumerate(result.operations)}
        if result.problems:
            self._show_problems(result.problems)
            return
        failed = sum(bool(operation.problem) for operation in result.operations)
        whole = len(result.operations)
        self.say(
            Content.styled(f"✗ {failed} of {whole} not as expected", "$error")
            if failed
            else Content.styled(f"✓ {whole} of {whole} as expected", "$success")
        )
        self.table.show(_row(key, operation) for key, operation in self._probed.items())
        self._show_exchange()

    def _show_problems(self, problems: Iterable[str]) -> None:
        self.say(Content.styled("✗ nothing could be sent", "$error"))
        self.table.show((), empty="Nothing was sent.")
        lines = [words(f"✗ {problem}", "$error") for problem in problems]
        self.query_one("#text", Static).update(Content("\n").join(lines))

    @on(Table.Highlighted, "#operations")
    def _show_exchange(self) -> None:
        operation = self._probed.get(self.table.cursor_key or "")
        if operation is not None:
            exchange = self.query_one("#exchange", VerticalScroll)
            exchange.border_title = words(operation.name)
            exchange.border_subtitle = words(operation.group)
            self.query_one("#text", Static).update(_exchange(operation))
            exchange.scroll_home(animate=False)

    def action_scroll(self, pages: int) -> None:
        """Scroll the exchange by what one sees; from the end back to its top."""
        exchange = self.query_one("#exchange", VerticalScroll)
        if exchange.scroll_offset.y >= exchange.max_scroll_y:
            exchange.scroll_home(animate=False)
        else:
            exchange.scroll_relative(y=pages * max(1, exchange.size.height - 2), animate=False)

    def action_start(self) -> None:
        """Ask, then run it."""
        self.app.confirm(self._plan)


def _row(key: str, operation: ProbedOperation) -> Row:
    mark = Content.styled("✗", "$error") if operation.problem else Content.styled("✓", "$success")
    status = operation.response_head.split("\n", 1)[0].split(" ")[1:2]
    total = operation.times_ms.get("total")
    return Row(
        key,
        (
            mark,
            operation.name,
            status[0] if status else quiet("–"),
            format_ms(total) if total is not None else quiet("–"),
        ),
    )


def _exchange(operation: ProbedOperation) -> Content:
    blocks: list[Content] = []
    if operation.problem:
        blocks.append(Content.styled(f"✗ {operation.problem}", "$error"))
    facts = [_check(check.name, check.detail, holds=check.holds) for check in operation.checks]
    facts += [quiet(f"captured {name} = ") + Content(value) for name, value in operation.captures.items()]
    if operation.times_ms:
        times = (f"{name.replace('_', ' ')} {format_ms(time)}" for name, time in operation.times_ms.items())
        facts.append(quiet(f"{' · '.join(times)} ms"))
    if facts:
        blocks.append(Content("\n").join(facts))
    for title, head, body in (
        ("Request", operation.request_head, operation.request_body),
        ("Response", operation.response_head, operation.body_start),
    ):
        if head:
            parts = [Content.styled(title, "bold $panel-title"), _head(head)]
            parts += [Content(""), Content(body)] if body else []
            blocks.append(Content("\n").join(parts))
    if operation.is_body_cut:
        blocks.append(quiet(f"… {format_bytes(operation.body_bytes)} in all"))
    return Content("\n\n").join(blocks)


def _head(head: str) -> Content:
    first, *rest = head.split("\n")
    lines = [Content.styled(first, "bold")]
    for line in rest:
        name, colon, value = line.partition(":")
        lines.append(quiet(f"{name}{colon}") + Content(value))
    return Content("\n").join(lines)


def _check(name: str, detail: str, *, holds: bool) -> Content:
    if holds:
        return Content.styled("✓ ", "$success") + Content(name)
    return Content.styled(f"✗ {name}", "$error") + Content(f": {detail}" if detail else "")
