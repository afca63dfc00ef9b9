"""The chosen preset as a form: what may be changed before a run, and what the preset does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static

from perftui.model.plan import Plan
from perftui.tui.describe import objective_text, path_text
from perftui.tui.forms import (
    FormValues,
    at_url,
    changed,
    changed_cluster,
    hints_of,
    newest_url,
    origin_of,
    problems_of,
    values_of,
)
from perftui.tui.marks import quiet, words
from perftui.tui.preset_copy import importable

if TYPE_CHECKING:
    from perftui.presets.catalog import PresetInfo

_ROWS = ("url", "level", "duration", "warmup", "workers")
_FIELDS = (*_ROWS, "cluster")


class FormInput(Input):
    """A text field; Enter starts, wherever one types."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "start", id="form.start", tooltip="Start with these values; asks first"),
    ]

    def _on_paste(self, event: events.Paste) -> None:
        """A curl command or a dropped file is for the screen, which makes a preset of it."""
        if importable(event.text):
            event.prevent_default()


class FormField(Horizontal):
    """A label, a text field, what the number means, and below it what is wrong with it."""

    def __init__(self, name: str, label: str, unit: str = "") -> None:
        super().__init__(id=f"field-{name}", classes="field")
        self._field = name
        self._label = label
        self._unit = unit

    def compose(self) -> ComposeResult:
        """Label, input, unit."""
        yield Label(self._label, id=f"label-{self._field}", classes="field-label", markup=False)
        yield FormInput(id=self._field, compact=True, select_on_focus=False)
        yield Label(self._unit, id=f"unit-{self._field}", classes="field-unit", markup=False)


class WorkersField(FormField):
    """How many workers there are, and where."""

    def compose(self) -> ComposeResult:
        """The number, and in the same row the place: `1 on this machine`."""
        yield from super().compose()
        yield FormInput(id="cluster", compact=True, select_on_focus=False)


class HomeForm(VerticalScroll, can_focus=False):
    """The form. Empty fields keep what the preset says."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "next field", id="form.next", tooltip="Next field"),
        Binding("up", "app.focus_previous", "previous field", show=False, id="form.previous", tooltip="Previous field"),
        Binding("escape", "leave", "to the presets", id="form.leave", tooltip="Back to the list of presets"),
    ]

    @dataclass
    class Left(Message):
        """The user is done typing."""

    @dataclass
    class Submitted(Message):
        """Enter was pressed in a field."""

    @dataclass
    class Imported(Message):
        """Something that a preset can be made of was typed in the place of a URL."""

        text: str

    def __init__(self, url: str = "") -> None:
        super().__init__(id="form", classes="panel")
        self._entry: PresetInfo | None = None
        self._preset = FormValues()
        self._typed_url = url

    @property
    def entry(self) -> PresetInfo | None:
        """The preset that is shown."""
        return self._entry

    @property
    def mode(self) -> str:
        """`rate` or `users`."""
        return self._entry.plan.load.mode if self._entry and self._entry.plan else "rate"

    @property
    def values(self) -> FormValues:
        """What the fields hold."""
        return FormValues(**{name: self.query_one(f"#{name}", Input).value for name in _FIELDS})

    @property
    def overrides(self) -> dict[str, float | int]:
        """What differs from the preset, by name."""
        return changed(self.values, self._preset)

    @property
    def cluster(self) -> str | None:
        """Where workers are to run instead of where the preset says."""
        return changed_cluster(self.values, self._preset)

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, by field."""
        return problems_of(self.values, self.mode)

    def compose(self) -> ComposeResult:
        """The fields, then what the preset does."""
        yield FormField("url", "URL")
        yield Static(id="problem-url", classes="field-problem", markup=False)
        yield FormField("level", "Rate", "per second")
        yield Static(id="problem-level", classes="field-problem", markup=False)
        yield FormField("duration", "Duration")
        yield Static(id="problem-duration", classes="field-problem", markup=False)
        yield FormField("warmup", "Warm-up", "not counted")
        yield Static(id="problem-warmup", classes="field-problem", markup=False)
        yield WorkersField("workers", "Workers", "on")
        yield Static(id="problem-workers", classes="field-problem", markup=False)
        yield Static(id="problem-cluster", classes="field-problem", markup=False)
        yield Static(id="details", markup=False)
        yield Static(id="description", markup=False)

    def show(self, entry: PresetInfo) -> None:
        """Fill the form with a preset; of a URL that was typed the host stays, not the path: that is one request."""
        if self._entry is not None and self._entry.path != entry.path:
            self._typed_url = origin_of(self._typed_url)
        self._entry = entry
        plan = entry.plan
        self.border_title = words(entry.title or entry.name)
        self.border_subtitle = Content(f"{plan.kind} · {plan.load.mode} mode" if plan else "cannot be used")
        for name in _ROWS:
            self.query_one(f"#field-{name}").display = plan is not None
        details = self.query_one("#details", Static)
        if plan is None:
            details.update(_mistakes(entry))
            self.query_one("#description", Static).update("")
            self._mark()
            return
        self._preset = values_of(plan)
        hints = hints_of(plan)
        with self.prevent(Input.Changed):
            for name in _FIELDS:
                field = self.query_one(f"#{name}", Input)
                value = self._typed_url if name == "url" and self._typed_url else getattr(self._preset, name)
                field.value = value
                field.placeholder = getattr(hints, name)
                field.cursor_position = len(value)
        users = plan.load.mode == "users"
        self.query_one("#label-level", Label).update("Users" if users else "Rate")
        self.query_one("#unit-level", Label).update("at once" if users else "per second")
        stages = len(plan.load.stages)
        self.query_one("#unit-duration", Label).update(f"in {stages} stages" if stages > 1 else "")
        self._say_what_is_sent()
        self.query_one("#description", Static).update(quiet(" ".join(entry.description.split())))
        self.scroll_home(animate=False)
        self._mark()

    def set_url(self, url: str) -> None:
        """Put a URL into its field, as if it had been typed."""
        self.query_one("#url", Input).value = url

    def forget_url(self) -> None:
        """The next preset brings its own URL."""
        self._typed_url = ""

    def focus_first_problem(self) -> bool:
        """Go to the first field that is wrong; False when none is."""
        for name in _FIELDS:
            if name in self.problems:
                self.query_one(f"#{name}", Input).focus()
                return True
        return False

    @on(Input.Changed)
    def check(self, event: Input.Changed) -> None:
        """Mark what is wrong while it is typed."""
        event.stop()
        if event.input.id == "url" and (newest := newest_url(event.value)) != event.value:
            event.input.value = newest  # which is another change
            event.input.cursor_position = len(newest)
            return
        if event.input.id == "url":
            self._typed_url = "" if event.value == self._preset.url else event.value
            self._say_what_is_sent()
        self._mark()

    @on(Input.Submitted)
    def submit(self, event: Input.Submitted) -> None:
        """Enter starts, wherever one types."""
        event.stop()
        is_import = event.input.id == "url" and importable(event.value)
        self.post_message(self.Imported(event.value) if is_import else self.Submitted())

    def action_leave(self) -> None:
        """Back to the presets."""
        self.post_message(self.Left())

    def _say_what_is_sent(self) -> None:
        """Operations and objectives, of the preset and the URL together."""
        plan = self._entry.plan if self._entry else None
        if plan is not None:
            self.query_one("#details", Static).update(_details(at_url(plan, self.query_one("#url", Input).value)))

    def _mark(self) -> None:
        problems = self.problems if self._entry and self._entry.plan else {}
        for name in _FIELDS:
            problem = problems.get(name, "")
            line = self.query_one(f"#problem-{name}", Static)
            line.update(f"✗ {problem}" if problem else "")
            line.display = bool(problem)
            self.query_one(f"#{name}", Input).set_class(bool(problem), "-invalid")


def _details(plan: Plan) -> Content:
    blocks: list[Content] = []
    lines = [Content.styled("Operations", "bold $panel-title")]
    whole = sum(operation.weight for operation in plan.operations) + sum(journey.weight for journey in plan.journeys)
    lines += [
        _share(operation.weight, whole)
        + words(f"{operation.method:<6} {operation.path}  ")
        + quiet(operation.name if operation.name != f"{operation.method} {operation.path}" else "")
        for operation in plan.operations
    ]
    for journey in plan.journeys:
        steps = " → ".join(step.name for step in journey.steps)
        lines.append(_share(journey.weight, whole) + words(f"{journey.name}  ") + quiet(steps))
    blocks.append(Content("\n").join(lines))
    if plan.objectives:
        title = Content.styled("Objectives", "bold $panel-title")
        blocks.append(Content("\n").join([title, *(_objective(objective_text(each)) for each in plan.objectives)]))
    return Content("\n\n").join(blocks)


def _share(weight: float, whole: float) -> Content:
    return Content.styled(f"{weight / whole if whole else 1:>4.0%}  ", "$series-1")


def _objective(text: str) -> Content:
    target, bracket, critical = text.partition("  (")
    return words(f"  {target}") + quiet(f", {critical.removesuffix(')')}" if bracket else "")


def _mistakes(entry: PresetInfo) -> Content:
    lines: Iterable[Content] = (words(f"✗ {problem}", "$error") for problem in entry.problems)
    return Content("\n").join(
        [quiet(path_text(entry.path)), Content(""), *lines, Content("\nPress e to mend a copy of it.")]
    )
