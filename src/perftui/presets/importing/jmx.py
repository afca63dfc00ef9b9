"""JMeter's test plans (.jmx): thread groups become journeys, HTTP samplers their steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.importing.found import Finding
from perftui.presets.importing.jmx_checks import use_assertion, use_extractor
from perftui.presets.importing.jmx_samplers import SamplerReader
from perftui.presets.importing.jmx_tree import Element, read_plan
from perftui.presets.importing.jmx_values import JmxValues
from perftui.presets.importing.whole_preset import preset_of

_MOST_REPEATS = 20
_PLAIN_CONTROLLERS = {"GenericController", "TransactionController", "SimpleController", "CriticalSectionController"}
_ALWAYS_KNOWN = {
    "CookieManager", "CacheManager", "ResultCollector", "Summariser", "DNSCacheManager", "BackendListener", "TestPlan",
    "ConfigTestElement", "HeaderManager", "Arguments", "CSVDataSet", "AuthManager", "KeystoreConfig",
    "ConstantTimer", "UniformRandomTimer", "GaussianRandomTimer", "PoissonRandomTimer", "ProxyControl", "WorkBench",
}  # fmt: skip
_ORDER = {"SetupThreadGroup": 0, "PostThreadGroup": 2}
"""JMeter runs them first and last, wherever they stand."""
_TIMERS = {"ConstantTimer", "UniformRandomTimer", "GaussianRandomTimer", "PoissonRandomTimer"}


class _Scope(Struct, frozen=True, kw_only=True):
    """What is said for all samplers at a place of the tree."""

    defaults: tuple[Element, ...] = ()
    headers: tuple[Element, ...] = ()
    timers: tuple[Element, ...] = ()
    assertions: tuple[Element, ...] = ()
    extractors: tuple[Element, ...] = ()
    group: str = ""


def import_jmx(text: str, name: str = "imported") -> str:
    """The preset of a test plan: its users and their requests, as far as a preset can say them.

    Raises:
        UsageError: no test plan, or no HTTP request in it.
    """
    finding = Finding(is_journey=True)
    try:
        top = read_plan(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise UsageError(f"not a JMeter test plan: {safe_text(str(error), 120)}") from error
    plan = next((element for element in top if element.tag == "TestPlan"), None)
    if plan is None:
        raise UsageError("not a JMeter test plan: no TestPlan in it")
    finding.title = safe_text(plan.name, 100)
    _Walk(finding).plan(plan)
    return preset_of(finding, name, "a JMeter test plan")


class _Walk:
    """Goes through a plan in the order in which JMeter runs it."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding
        self._values = JmxValues(finding)
        self._samplers = SamplerReader(finding, self._values)
        self._groups: list[tuple[float, float, float, float]] = []
        """Users, seconds of ramp, seconds in all (0: unknown) and repetitions (0: no end) of each thread group."""

    def plan(self, plan: Element) -> None:
        """All thread groups."""
        self._learn_variables(plan.part("TestPlan.user_defined_variables"))
        scope = self._scope(_Scope(), plan.below)
        for element in sorted(plan.below, key=lambda element: _ORDER.get(element.tag, 1)):
            if element.tag in {"SetupThreadGroup", "PostThreadGroup"}:
                self._around_the_load(element, scope)
            elif element.tag.endswith("ThreadGroup") or "threads" in element.tag.lower():
                self._thread_group(element, scope)
            else:
                self._tell(element)
        self._set_load()

    def _thread_group(self, element: Element, scope: _Scope) -> None:
        name = safe_text(element.name or "users", 150)
        taken = {request.group for request in self._finding.requests}
        while name in taken:
            name += "'"
        before = len(self._finding.requests)
        inner = self._scope(scope, element.below)
        self._walk(element.below, _with(inner, group=name))
        steps = len(self._finding.requests) - before
        if not steps:
            return
        number = self._values.number
        users = max(1.0, number(element.get("ThreadGroup.num_threads"), 1))
        ramp = max(0.0, number(element.get("ThreadGroup.ramp_time"), 0))
        seconds = number(element.get("ThreadGroup.duration"), 0) if element.is_set("ThreadGroup.scheduler") else 0.0
        loops = number(element.part("ThreadGroup.main_controller").get("LoopController.loops"), 1)
        if element.tag != "ThreadGroup":
            self._finding.omit("how much load it is", f"{element.tag} {name}")
        self._finding.weights[name] = min(users, 1e6)
        self._groups.append((users, ramp, seconds, max(0.0, loops) * steps))

    def _around_the_load(self, element: Element, scope: _Scope) -> None:
        """What is sent once before or after the load."""
        before = len(self._finding.requests)
        self._walk(element.below, _with(self._scope(scope, element.below), group=element.name))
        for request in self._finding.requests[before:]:
            request.stage = "before" if element.tag == "SetupThreadGroup" else "after"
        loops = self._values.number(element.part("ThreadGroup.main_controller").get("LoopController.loops"), 1)
        threads = self._values.number(element.get("ThreadGroup.num_threads"), 1)
        if loops * threads != 1:
            self._finding.omit("how often it is sent: it is sent once", element.name)

    def _set_load(self) -> None:
        """The users of all thread groups together."""
        if not self._groups:
            return
        users = int(min(100_000, sum(group[0] for group in self._groups)))
        ramp = min(3600.0, max(group[1] for group in self._groups))
        seconds = max(group[2] for group in self._groups)
        requests = sum(group[0] * group[3] for group in self._groups)
        has_end = all(group[3] for group in self._groups) and not seconds
        if has_end:
            self._finding.load["max_requests"] = int(min(requests, 1e12))
        elif not seconds:
            self._finding.notes.append("the plan has no end: 30 s are measured")
        held = min(20 * 3600.0, max(1.0, seconds - ramp) if seconds else 3600.0 if has_end else 30.0)
        load = {"mode": "users", **self._finding.load}
        if ramp:
            stages = [{"duration": f"{ramp:g}s", "to": users}, {"duration": f"{held:g}s", "to": users}]
            self._finding.load = {**load, "stages": stages}
        else:
            self._finding.load = {**load, "users": users, "duration": f"{held:g}s"}
        if len({group[1:3] for group in self._groups}) > 1:
            self._finding.notes.append("thread groups have one ramp and one duration here, the longest of theirs")

    def _scope(self, outer: _Scope, elements: Sequence[Element]) -> _Scope:
        """What is said at a place is for all that stands there and below, wherever it stands."""
        for element in elements:
            if element.tag == "Arguments":
                self._learn_variables(element)
            elif element.tag == "CSVDataSet":
                self._add_data(element)
        return _Scope(
            defaults=(*outer.defaults, *_tagged(elements, "ConfigTestElement")),
            headers=(*outer.headers, *_tagged(elements, "HeaderManager")),
            timers=(*outer.timers, *(one for one in elements if one.tag in _TIMERS)),
            assertions=(*outer.assertions, *(one for one in elements if one.tag.endswith("Assertion"))),
            extractors=(*outer.extractors, *(one for one in elements if _is_extractor(one))),
            group=outer.group,
        )

    def _walk(self, elements: Sequence[Element], scope: _Scope) -> None:
        for element in elements:
            if element.tag in {"HTTPSamplerProxy", "HTTPSampler", "HTTPSampler2"}:
                self._sampler(element, scope)
            elif "Controller" in element.tag or element.tag in {"InterleaveControl", "OnceOnlyController"}:
                self._controller(element, scope)
            elif not element.tag.endswith("Assertion") and not _is_extractor(element):
                self._tell(element)

    def _controller(self, element: Element, scope: _Scope) -> None:
        inner = self._scope(scope, element.below)
        repeats = 1
        if element.tag == "LoopController":
            wanted = self._values.number(element.get("LoopController.loops"), 1)
            repeats = int(wanted) if 0 < wanted <= _MOST_REPEATS else 1
            if repeats != wanted:
                self._finding.omit(f"how often it is repeated ({wanted:g} times)", element.name)
        elif element.tag not in _PLAIN_CONTROLLERS:
            self._finding.omit(
                "when a controller sends its requests: they are sent each time", f"{element.tag} {element.name}"
            )
        for _ in range(repeats):
            self._walk(element.below, inner)

    def _sampler(self, element: Element, scope: _Scope) -> None:
        own = self._scope(scope, element.below)
        request = self._samplers.read(element, own.defaults, own.headers)
        if request is None:
            return
        request.group = own.group
        request.think_s, request.think_until_s = self._wait(own.timers)
        for assertion in own.assertions:
            use_assertion(request, assertion, self._values, self._finding)
        for extractor in own.extractors:
            use_extractor(request, extractor, self._values, self._finding)
        for other in element.below:
            if not other.tag.endswith("Assertion") and not _is_extractor(other):
                self._tell(other)
        self._finding.requests.append(request)

    def _wait(self, timers: Sequence[Element]) -> tuple[float, float]:
        low = high = 0.0
        for timer in timers:
            least = max(0.0, self._values.number(timer.get("ConstantTimer.delay"), 0)) / 1e3
            more = max(0.0, self._values.number(timer.get("RandomTimer.range"), 0)) / 1e3
            low, high = low + least, high + least + more
            if timer.tag not in {"ConstantTimer", "UniformRandomTimer"}:
                self._finding.omit("how a wait is spread: it is drawn evenly", timer.name or timer.tag)
        return low, high if high > low else 0.0

    def _learn_variables(self, element: Element) -> None:
        for argument in element.part("Arguments.arguments").parts:
            self._values.variables[argument.get("Argument.name") or argument.name] = argument.get("Argument.value")

    def _add_data(self, element: Element) -> None:
        file = self._values.plain(element.get("filename"))
        names = [name.strip() for name in element.get("variableNames").split(",") if name.strip()]
        if not file or len(self._finding.data) >= 50:
            self._finding.omit("a data file without a name", element.name)
            return
        name = f"data{len(self._finding.data) + 1}"
        share = element.get("shareMode")
        order = "per_user" if share == "shareMode.thread" else "in_turn"
        self._finding.data.append({"name": name, "file": file, "order": order})
        for column in names:
            self._values.columns[column] = f"${{data:{name}.{column.replace('}', '')}}}"
        if names and not element.is_set("ignoreFirstLine"):
            self._finding.notes.append(f"{file} needs a first line with the names: {','.join(names)}")
        if element.get("delimiter", ",") not in {",", ""}:
            self._finding.notes.append(
                f"{file} has {element.get('delimiter')!r} between its columns; a preset wants commas"
            )
        if element.get("recycle", "true") == "false":
            self._finding.omit("that the load ends with the last line of a file", file)

    def _tell(self, element: Element) -> None:
        if element.tag.endswith("Sampler") or element.tag in {"JDBCRequest", "SystemSampler"}:
            self._finding.omit("as they are not HTTP", element.name or element.tag)
        elif element.tag not in _ALWAYS_KNOWN:
            self._finding.omit("as a preset has nothing like it", f"{element.tag} {element.name}")


def _with(scope: _Scope, *, group: str) -> _Scope:
    values: dict[str, Any] = {name: getattr(scope, name) for name in scope.__struct_fields__}
    return _Scope(**{**values, "group": group})


def _tagged(elements: Sequence[Element], tag: str) -> Iterator[Element]:
    return (element for element in elements if element.tag == tag)


def _is_extractor(element: Element) -> bool:
    return element.tag.endswith("Extractor") or element.tag in {"JSONPostProcessor", "XPath2Extractor"}
