"""What the parts of a plan say about each other: names that must be unique, values that must come from somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from perftui.model.errors import UsageError
from perftui.model.load_profile import held_stages, peak
from perftui.model.objectives import CHECK
from perftui.model.plan import Capture, DataSource, Objective, Operation, Plan
from perftui.model.text import is_unicode, safe_text
from perftui.model.units import format_duration
from perftui.presets import grammar
from perftui.presets.data_files import read_columns, read_rows
from perftui.presets.drivers import driver_named, driver_of_url, ways
from perftui.presets.problems import KeyPath, Problems, nearest


def check_references(plan: Plan, problems: Problems, *, whole_files: bool = False) -> None:
    """Note every name of the plan that is double or leads nowhere.

    Args:
        plan: what is checked.
        problems: take what is wrong.
        whole_files: look at every row of data files; otherwise at their names.
    """
    if not plan.operations and not plan.journeys:
        problems.add((), "nothing to send: write [[operations]] or [[journeys]]")
    if plan.load.rate_of == "journeys" and not plan.journeys:
        problems.add(("load", "rate_of"), "is journeys, but the preset has none")
    elif plan.load.rate_of == "journeys" and plan.operations:
        problems.add(("load", "rate_of"), "is journeys, but the preset also has operations, which have no journey")
    if (text := next((text for text in strings_of(plan) if not is_unicode(text)), None)) is not None:
        problems.add((), f"{safe_text(text)}: the name is not UTF-8; rename the file, or the folder that it is in")
    _check_names(plan, problems)
    _check_targets(plan, problems)
    _check_objectives(plan, problems)
    _Values(plan, problems, whole_files=whole_files).check()


def strings_of(value: object) -> Iterator[str]:
    """Every string in a part of a plan, keys of tables as well."""
    match value:
        case str():
            yield value
        case Mapping():
            for name, inner in value.items():
                yield from strings_of(name)
                yield from strings_of(inner)
        case list() | tuple():
            for inner in value:
                yield from strings_of(inner)
        case msgspec.Struct():
            for field in value.__struct_fields__:
                yield from strings_of(getattr(value, field))
        case _:
            return


def operations_with_paths(plan: Plan) -> Iterator[tuple[KeyPath, Operation]]:
    """Every counted operation with its place in the file."""
    for number, operation in enumerate(plan.operations):
        yield ("operations", number), operation
    for number, journey in enumerate(plan.journeys):
        for at, step in enumerate(journey.steps):
            yield ("journeys", number, "steps", at), step


def _check_names(plan: Plan, problems: Problems) -> None:
    seen: dict[str, KeyPath] = {}
    for path, operation in operations_with_paths(plan):
        if operation.name in seen:
            problems.add((*path, "name"), f"{operation.name!r} is used twice; results are kept by name")
        seen.setdefault(operation.name, path)
    for key, names in (
        ("journeys", [journey.name for journey in plan.journeys]),
        ("data", [source.name for source in plan.data]),
    ):
        for number, name in enumerate(names):
            if name in names[:number]:
                problems.add((key, number, "name"), f"{name!r} is used twice")


def _check_targets(plan: Plan, problems: Problems) -> None:
    """Every operation goes to a target that there is, and that speaks its protocol."""
    around: list[tuple[KeyPath, Operation]] = [
        *((("before", number), operation) for number, operation in enumerate(plan.before)),
        *((("after", number), operation) for number, operation in enumerate(plan.after)),
    ]
    used = set()
    for path, operation in (*operations_with_paths(plan), *around):
        used.add(operation.target)
        if operation.target and operation.target not in plan.targets:
            guess = nearest(operation.target, plan.targets) or f"; known: {', '.join(plan.targets) or 'none'}"
            problems.add((*path, "target"), f"there is no [targets.{safe_text(operation.target, 60)}]{guess}")
            continue
        for name in operation.also:
            used.add(name)
            _check_further(name, plan, (*path, "hosts"), problems)
        _check_hold(operation, plan.aimed_at(operation.target).target.timeout_s, path, problems)
        target = plan.targets[operation.target] if operation.target else plan.target
        where = f"targets.{operation.target}" if operation.target else "target"
        heeded = ways(operation.driver)
        for way in ("unix_socket", "proxy"):
            if getattr(target, way) and way not in heeded:
                problems.add(path, f"{where}.{way}: operations of {operation.driver} do not go that way; leave it out")
        if speaker := _speaker(target.url, operation):
            problems.add(path, f"is an operation of {operation.driver}, and the URL of its {where} means {speaker}")
    for name in plan.targets:
        if name not in used:
            problems.add(("targets", name), "no operation goes there; leave it out, or write target in an operation")


def _check_further(name: str, plan: Plan, path: KeyPath, problems: Problems) -> None:
    """A target that an operation goes to besides its own is there, and of the web."""
    if name not in plan.targets:
        guess = nearest(name, plan.targets) or f"; known: {', '.join(plan.targets) or 'none'}"
        problems.add(path, f"there is no [targets.{safe_text(name, 60)}]{guess}")
    elif not plan.targets[name].url.lower().startswith(("http://", "https://", "${")):
        problems.add(path, f"[targets.{safe_text(name, 60)}] is no http:// or https:// URL")


def _check_hold(operation: Operation, timeout_s: float, path: KeyPath, problems: Problems) -> None:
    """What is held longer than the timeout would always be a timeout."""
    hold_s = operation.request.get("hold_s", 0.0)
    if isinstance(hold_s, float) and hold_s >= timeout_s:
        problems.add(
            (*path, "hold"),
            f"is not shorter than the target's timeout, {format_duration(timeout_s)}; give the target a longer one",
        )


def _speaker(url: str, operation: Operation) -> str:
    """The driver that the URL means when it is not the operation's; empty when it is, or the URL is not known yet."""
    scheme, separator, _ = url.partition("://")
    if not separator or "${" in scheme or scheme.lower() in driver_named(operation.driver).schemes:
        return ""
    try:
        name = driver_of_url(url).name
    except UsageError:
        return ""  # said where the URL stands
    return "" if name == operation.driver else name


def _check_objectives(plan: Plan, problems: Problems) -> None:
    names = [operation.name for operation in plan.counted_operations]
    for number, objective in enumerate(plan.objectives):
        if objective.operation and objective.operation not in names:
            guess = nearest(objective.operation, names) or f"; known: {', '.join(names[:10])}"
            problems.add(("objectives", number, "operation"), f"{objective.operation!r} is no operation{guess}")
        if objective.metric.startswith(CHECK):
            _check_check(plan, objective, number, problems)
        if objective.level is not None:
            _check_level(plan, objective.level, number, problems)


def _check_check(plan: Plan, objective: Objective, number: int, problems: Problems) -> None:
    wanted = [one for one in plan.counted_operations if objective.operation in {"", one.name}]
    names = [check.name for operation in wanted for check in operation.checks if check.name]
    name = objective.metric.removeprefix(CHECK)
    if name not in names:
        known = nearest(name, names) or (
            "; give it one with name" if not names else f"; known: {', '.join(names[:10])}"
        )
        problems.add(("objectives", number, "metric"), f"no check has the name {name!r}{known}")


def _check_level(plan: Plan, level: float, number: int, problems: Problems) -> None:
    held = sorted({stage.level for stage in held_stages(plan.load)})
    if level not in held:
        known = ", ".join(f"{each:g}" for each in held) or "none"
        problems.add(("objectives", number, "level"), f"the load holds no level of {level:g}; it holds {known}")


class _Values:
    """Follows captured values and data columns in the order in which requests are sent."""

    def __init__(self, plan: Plan, problems: Problems, *, whole_files: bool) -> None:
        self._plan = plan
        self._whole_files = whole_files
        self._problems = problems
        self._columns: dict[str, tuple[str, ...]] = {}
        self._used: set[str] = set()

    def check(self) -> None:
        plan = self._plan
        for number, source in enumerate(plan.data):
            self._read_columns(number, source)
        known: list[str] = []
        for number, operation in enumerate(plan.before):
            self._check_operation(("before", number), operation, known)
            known += _names(operation.captures)
        for name, value in plan.target.headers.items():
            self._check_value(("target", "headers", name), value, known)
        for target_name, target in plan.targets.items():
            for name, value in target.headers.items():
                self._check_value(("targets", target_name, "headers", name), value, known)
        if plan.target.auth and (login := plan.target.auth.login):
            path: KeyPath = ("target", "auth", "login")
            self._check_operation((*path, "request"), login.request, known)
            self._check_value((*path, "value"), login.value, [*known, *_names(login.request.captures)])
        for number, operation in enumerate(plan.operations):
            self._check_operation(("operations", number), operation, known)
        for number, journey in enumerate(plan.journeys):
            mine = list(known)
            for at, step in enumerate(journey.steps):
                self._check_operation(("journeys", number, "steps", at), step, mine)
                mine += _names(step.captures)
        everything = [*known, *(name for operation in plan.counted_operations for name in _names(operation.captures))]
        for number, operation in enumerate(plan.after):
            self._check_operation(("after", number), operation, everything)
            everything += _names(operation.captures)

    def _read_columns(self, number: int, source: DataSource) -> None:
        try:
            self._columns[source.name] = read_columns(Path(source.file))
            per_user = source.order == "per_user" and self._plan.load.mode == "users"
            if per_user or self._whole_files:
                rows = len(read_rows(Path(source.file)))
                if per_user:
                    self._check_rows(number, rows)
        except UsageError as error:
            for problem in error.problems:
                self._problems.add(("data", number, "file"), problem)

    def _check_rows(self, number: int, rows: int) -> None:
        users = peak(self._plan.load)
        if rows < users:
            self._problems.add(
                ("data", number, "order"), f"is per_user, but there are {rows:,} rows for up to {users:,.0f} users"
            )

    def _check_operation(self, path: KeyPath, operation: Operation, known: Sequence[str]) -> None:
        for name in ("path", "query", "headers", "json", "form", "body", "multipart"):
            self._check_value((*path, name), getattr(operation, name), known)
        for name, value in operation.request.items():
            self._check_value((*path, name), value, known)

    def _check_value(self, path: KeyPath, value: object, known: Iterable[str]) -> None:
        names = list(known)
        for text in strings_of(value):
            for placeholder in grammar.placeholders(text):
                if placeholder.kind in {"var", "number"} and placeholder.argument not in names:
                    words = [*names, *grammar.KINDS_WITHOUT_ARGUMENT]
                    guess = nearest(placeholder.argument, words)
                    self._problems.add(
                        path,
                        f"{placeholder} is captured nowhere before: a capture of an earlier request makes it{guess}",
                    )
                elif placeholder.kind == "data":
                    self._check_column(path, placeholder)

    def _check_column(self, path: KeyPath, placeholder: grammar.Placeholder) -> None:
        name, column = grammar.parse_column(placeholder.argument)
        sources = [source.name for source in self._plan.data]
        if name not in sources:
            self._problems.add(path, f"{placeholder}: there is no [[data]] named {name!r}{nearest(name, sources)}")
        elif self._columns.get(name) and column not in self._columns[name]:  # without any, the file says why
            columns = self._columns[name]
            guess = nearest(column, columns) or f"; columns are {', '.join(columns[:20])}"
            self._problems.add(path, f"{placeholder}: the file has no column {column!r}{guess}")


def _names(captures: Iterable[Capture]) -> list[str]:
    return [capture.name for capture in captures]
