"""What the command line or the app's form changes in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from perftui.model.plan import Frozen, Headers, Load, Operation, Plan, Stage
from perftui.model.units import format_duration
from perftui.presets import texts
from perftui.presets.cluster import cluster_problem
from perftui.presets.drivers import driver_named
from perftui.presets.following import following
from perftui.presets.format import MOST_DURATION_S, MOST_RATE, MOST_REDIRECTS, MOST_USERS, MOST_WORKERS
from perftui.presets.kinds import BAD, Kind, Number, Text
from perftui.presets.one_request import RequestOverrides, apply_request
from perftui.presets.problems import GIVEN_URL, KeyPath, Problems, show_path
from perftui.presets.request_format import HEADER_VALUE, OPERATION_KEYS
from perftui.presets.urls import full_url

_WEB_SOCKETS = {"http": "ws", "https": "wss"}


class Overrides(Frozen, frozen=True, kw_only=True):
    """Values that replace those of the preset; None keeps the preset's.

    A level on a preset with several stages scales the profile, so that its highest level is the one given; a duration
    stretches the stages. A rate on a preset of users (or the other way round) holds that level for the whole duration.
    """

    rate: float | None = None
    """Arrivals per second."""
    users: int | None = None
    duration_s: float | None = None
    warmup_s: float | None = None
    workers: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Name and value; added to those of the target."""
    secret_headers: tuple[str, ...] = ()
    """Names of those whose values are never stored or shown."""
    timeout_s: float | None = None
    max_requests: int | None = None
    in_flight_cap: int | None = None
    connections: int | None = None
    """Most connections at once."""
    cluster: str | None = None
    """Where workers run."""
    insecure_cluster: bool = False
    """The way there may be without TLS; False keeps what the preset says."""
    redirects: int | None = None
    """How many are followed at most."""
    insecure: bool = False
    """Accept any certificate; False keeps what the preset says."""
    request: RequestOverrides = RequestOverrides()


_RANGES: dict[str, tuple[str, Kind]] = {
    "rate": ("--rate", Number(above=True, high=MOST_RATE)),
    "users": ("--users", Number(low=1, high=MOST_USERS, whole=True)),
    "duration_s": ("--duration", Number(above=True, high=MOST_DURATION_S)),
    "warmup_s": ("--warmup", Number(high=MOST_DURATION_S)),
    "workers": ("--workers", Number(whole=True, high=MOST_WORKERS)),
    "redirects": ("--redirects", Number(whole=True, high=MOST_REDIRECTS)),
    "timeout_s": ("--timeout", Number(above=True, high=3600)),
    "max_requests": ("--max-requests", Number(whole=True, high=1e12)),
    "in_flight_cap": ("--in-flight-cap", Number(low=1, whole=True, high=1e6)),
    "connections": ("--connections", Number(low=1, whole=True, high=1e6)),
    "cluster": ("--cluster", Text(check=cluster_problem, most=500)),
}


def apply_overrides(plan: Plan, overrides: Overrides, problems: Problems) -> Plan:
    """The plan with the overrides; mistakes in them are noted and leave the plan's values."""
    values: dict[str, Any] = {}
    for field, (option, kind) in _RANGES.items():
        given = getattr(overrides, field)
        if given is not None and (read := kind.read(given, (option,), problems)) is not BAD:
            values[field] = read
    if "rate" in values and "users" in values:
        problems.add(("--rate",), "and --users exclude each other")
        return plan
    load = _with_level(plan.load, values)
    if "duration_s" in values:
        load = _stretched(load, values["duration_s"])
    names = ("warmup_s", "workers", "max_requests", "in_flight_cap", "connections", "cluster")
    load = replace(load, **{name: values[name] for name in names if name in values})
    if overrides.insecure_cluster:
        load = replace(load, insecure_cluster=True)
    if load.duration_s + load.warmup_s > MOST_DURATION_S:
        problems.add(("--duration",), f"with the warm-up longer than {format_duration(MOST_DURATION_S)}")
    target = replace(
        plan.target,
        headers=_with_headers(plan.target.headers, overrides.headers, problems),
        secret_headers=overrides.secret_headers,
    )
    target = replace(target, **{name: values[name] for name in ("timeout_s", "redirects") if name in values})
    if overrides.insecure:
        target = replace(target, tls=replace(target.tls, insecure=True))
    objectives = following(plan.objectives, plan.load, load)
    changed = replace(plan, load=load, target=target, objectives=objectives)
    return apply_request(changed, overrides.request, problems)


def apply_url(plan: Plan, url: str, problems: Problems, changed: Sequence[KeyPath] = ()) -> Plan:
    """The plan against another service; a URL with a path or query replaces the operations by one with that path.

    Args:
        plan: of the preset.
        url: with or without its scheme.
        problems: take what is wrong.
        changed: keys that were set on the command line: they are wanted beside the URL.
    """
    url = _as_spoken(plan, full_url(url))
    problem = texts.target_problem(url)
    if problem:
        problems.add((GIVEN_URL,), problem)
        return plan
    if not url.lower().startswith(("http://", "https://")):
        return replace(plan, target=replace(plan.target, url=url))
    parts = urlsplit(url)
    if plan.target.unix_socket and ("target", "unix_socket") not in changed:
        problems.add(
            (GIVEN_URL,),
            f"the preset goes to the Unix socket {plan.target.unix_socket}, not to {parts.netloc}; "
            "say which: --set target.unix_socket=PATH, or '' for none",
        )
        return plan
    plan = replace(plan, target=replace(plan.target, url=f"{parts.scheme}://{parts.netloc}"))
    if not parts.path and not parts.query:
        return plan
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if lost := next((path for path in changed if path[0] in {"operations", "journeys"}), None):
        problems.add(
            ("--set",),
            f"{show_path(lost)}: the path of the URL replaces the preset's operations; "
            "use --method, --body and --header, or a URL without a path",
        )
        return plan
    if isinstance(path_kind := OPERATION_KEYS["path"].kind.read(path, (GIVEN_URL,), problems), str):
        path = path_kind
    return _with_only(plan, path)


def _as_spoken(plan: Plan, url: str) -> str:
    """The URL of a page as that of the WebSocket there, for a preset that speaks nothing else."""
    kinds = {operation.driver for operation in plan.all_operations if not operation.target}
    scheme, separator, rest = url.partition("://")
    return f"{_WEB_SOCKETS[scheme]}{separator}{rest}" if kinds == {"ws"} and scheme in _WEB_SOCKETS else url


def _with_only(plan: Plan, path: str) -> Plan:
    """One operation with that path.

    It is as the preset's first one of another kind over HTTP; else method and body are as of the first one that writes,
    if the preset's kind is to write.
    """
    first = next(iter(plan.counted_operations), None)
    driver = None if first is None or first.driver == "http" else driver_named(first.driver)
    model = next((one for one in plan.counted_operations if one.method not in {"GET", "HEAD"}), None)
    if first is not None and driver is not None and "http" in driver.schemes:
        key = next(iter(driver.keys))
        operation = replace(
            first, name=f"{key} {path}"[:200], request={**first.request, key: path}, weight=1.0, checks=(), captures=()
        )
    elif plan.kind != "write" or model is None:
        operation = Operation(name=f"GET {path}"[:200], path=path)
    else:
        operation = replace(
            model, name=f"{model.method} {path}"[:200], weight=1.0, path=path, query={}, checks=(), captures=()
        )
    return replace(
        plan,
        operations=(operation,),
        journeys=(),
        before=(),
        after=(),
        objectives=tuple(objective for objective in plan.objectives if not objective.operation),
        load=replace(plan.load, rate_of="requests"),
    )


def _with_level(load: Load, values: dict[str, Any]) -> Load:
    mode = "rate" if "rate" in values else "users" if "users" in values else None
    if mode is None:
        return load
    level = float(values[mode])
    highest = max(stage.to for stage in load.stages)
    if mode != load.mode or highest <= 0:
        stages = (Stage(duration_s=load.duration_s, to=level),)
        return replace(
            load, mode=mode, stages=stages, start_level=level, rate_of="requests" if mode == "users" else load.rate_of,
            think_s=load.think_s if mode == "users" else (0.0, 0.0),
        )  # fmt: skip
    scale = level / highest

    def scaled(old: float) -> float:
        new = level if old == highest else old * scale
        return float(max(1, round(new))) if mode == "users" and old else new

    return replace(
        load,
        stages=tuple(replace(stage, to=scaled(stage.to)) for stage in load.stages),
        start_level=scaled(load.start_level) if load.start_level else 0.0,
    )


def _stretched(load: Load, duration_s: float) -> Load:
    scale = duration_s / load.duration_s
    if len(load.stages) == 1:
        return replace(load, stages=(replace(load.stages[0], duration_s=duration_s),))
    return replace(load, stages=tuple(replace(stage, duration_s=stage.duration_s * scale) for stage in load.stages))


def _with_headers(headers: Headers, added: tuple[tuple[str, str], ...], problems: Problems) -> Headers:
    """The headers with those of the command line: they replace the preset's, and stand beside each other."""
    given: Headers = {}
    for name, value in added:
        problem = texts.header_name_problem(name) or HEADER_VALUE.problem(value)
        if problem:
            problems.add(("--header", name), problem)
            continue
        known = next((other for other in given if other.lower() == name.lower()), name)
        before = given.get(known, [])
        lines = [*([before] if isinstance(before, str) else before), value]
        if name.lower() == "cookie":
            given[known] = "; ".join(lines)  # a request has one Cookie header
        else:
            given[known] = lines if len(lines) > 1 else value
    replaced = {name.lower() for name in given}
    return {name: value for name, value in headers.items() if name.lower() not in replaced} | given
