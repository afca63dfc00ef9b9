"""The question before any load: where it goes, how much it is, and whether it changes data."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from perftui.model.errors import PerftuiError
from perftui.model.plan import Plan
from perftui.presets.cluster import machines_text
from perftui.tui.describe import host_text, plan_text, planned_requests
from perftui.tui.marks import quiet, words
from perftui.tui.requests_text import planned_lines
from perftui.tui.screens.base import BUTTON_KEYS, Dialog
from perftui.tui.target import CLASS_WORDS, TargetReport, host_of, look_at, warnings_of
from perftui.tui.widgets.letter_button import LetterButton

_MOST_REQUESTS = 8
_ON_CANCEL = "So Enter cancels; ← and Enter start it."


class ConfirmScreen(Dialog[Path | None]):
    """Answers the folder of the run that was started, or None."""

    CSS_PATH = "confirm.tcss"
    AUTO_FOCUS = "#cancel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", id="confirm.cancel", tooltip="Send nothing"),
        Binding("y", "start", "start", id="confirm.start", tooltip="Start the run"),
    ]
    start_button = getters.query_one("#start", LetterButton)
    facts = getters.query_one("#facts", Static)
    problem = getters.query_one("#problem", Static)

    def __init__(self, plan: Plan, label: str = "") -> None:
        super().__init__()
        self._plan = plan
        self._label = label
        self._report: TargetReport | None = None
        self._starting = False

    def compose(self) -> ComposeResult:
        """Facts, warnings, what must be typed, two buttons."""
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "Start this run?"
            dialog.border_subtitle = BUTTON_KEYS
            yield Static(_facts(self._plan, None), id="facts", markup=False)
            yield Static(Content("\n").join(planned_lines(self._plan, _MOST_REQUESTS)), id="requests", markup=False)
            yield Static("", id="warnings", markup=False)
            yield Static("", id="ask", markup=False)
            yield Input(id="host", compact=True)
            yield Static("", id="problem", classes="problem", markup=False)
            with Horizontal(classes="buttons"):
                yield LetterButton("start", id="start", disabled=True)
                yield LetterButton("cancel", id="cancel")

    def on_mount(self) -> None:
        """Look up where the requests would go."""
        self._look()

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        report = await look_at(self._plan)
        self._report = report
        self.facts.update(_facts(self._plan, report))
        if report.problems:
            self._say(report.problems)
            return
        warnings = warnings_of(self._plan, report)
        if warnings:
            block = self.query_one("#warnings", Static)
            block.update(Content("\n").join(Content(f"! {warning}") for warning in (*warnings, _ON_CANCEL)))
            block.display = True
            self.query_one(".dialog").add_class("-loud")
        if report.must_type:
            ask = self.query_one("#ask", Static)
            ask.update(Content("Type ") + words(host_of(self._plan), "bold") + Content(" to go on:"))
            ask.display = True
            field = self.query_one("#host", Input)
            field.display = True
        else:
            self.start_button.disabled = False
            if not warnings:
                self.start_button.focus()

    @property
    def _typed(self) -> bool:
        typed = self.query_one("#host", Input).value.strip().casefold()
        report = self._report
        return report is not None and (not report.must_type or typed == host_of(self._plan).casefold())

    @on(Input.Changed, "#host")
    def check_host(self) -> None:
        """The button opens when the name is complete."""
        self.start_button.disabled = not self._typed

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Send nothing, and say so: Enter may have been meant for the other button."""
        if not self._starting:
            self.app.notify("Cancelled: nothing was sent", timeout=4)
            self.dismiss(None)

    @on(Button.Pressed, "#start")
    @on(Input.Submitted, "#host")
    def action_start(self) -> None:
        """Start, once everything is known and typed."""
        if self._report is not None and not self._report.problems and self._typed and not self._starting:
            self._starting = True
            self._start()

    @work(group="start", exclusive=True)
    async def _start(self) -> None:
        from perftui.engine.runner.launch import start_runner
        from perftui.engine.runner.request import RunRequest

        assert self._report is not None
        self.start_button.disabled = True
        self.start_button.say("starting…")
        self.problem.display = False
        confirmed = host_of(self._plan) if self._report.must_type else ""
        try:
            handle = await start_runner(RunRequest(plan=self._plan, label=self._label, confirm_host=confirmed))
        except PerftuiError as error:
            self._starting = False
            self.start_button.say("try again")
            self.start_button.disabled = False
            self._say(error.problems)
            return
        self.dismiss(handle.path)

    def _say(self, problems: tuple[str, ...]) -> None:
        self.problem.update(Content("\n").join(words(f"✗ {problem}") for problem in problems))
        self.problem.display = True


def _facts(plan: Plan, report: TargetReport | None) -> Content:
    if report is None:
        address = quiet("looking up…")
    elif report.asked_there:
        address = Content(f"{CLASS_WORDS[report.address_class]} by its name; the machines look it up themselves")
    elif report.addresses:
        shown = ", ".join(report.addresses[:2]) + (
            f" and {len(report.addresses) - 2} more" if len(report.addresses) > 2 else ""
        )
        address = Content(f"{CLASS_WORDS[report.address_class]}, {shown}")
    else:
        address = Content.styled("unknown", "$error")
    requests = planned_requests(plan.load)
    many = f"about {requests:,}" if requests is not None else "as many as the server answers"
    lines = [
        ("target", words(plan.where, "bold")),
        ("address", address),
        ("preset", words(f"{plan.name}, {plan.title}" if plan.title else plan.name)),
        ("load", Content(plan_text(plan))),
        ("writes", Content("yes: it changes data on the target" if plan.writes else "no")),
        ("requests", words(f"{many}, to {' and '.join(map(host_text, plan.where.split(' + ')))}:")),
    ]
    if plan.load.cluster:
        lines.insert(2, ("from", words(machines_text(plan.load.cluster))))
    return Content("\n").join(Content.styled(f"{name:<10}", "$quiet") + value for name, value in lines)
