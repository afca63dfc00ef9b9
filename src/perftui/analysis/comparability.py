"""Whether two runs measured the same thing in the same way: what must be equal, and what else differs, in words.

Equal must be: how the target is reached (scheme, host, TLS, keep-alive, connections), what is sent (operations with
weight, method, path, query, header names, body, checks), how load is made (mode, levels, arrivals, warm-up, duration,
timeout, cap, workers) and where and with what it was measured (machine, CPUs, kernel, Python, uvloop, metric
definitions). The port of a loopback target may differ: a service under test gets a free one each time. Labels,
objectives and the version of perftui may differ: metric definitions have a version of their own.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from perftui.metrics.trust_rules import is_local
from perftui.model.plan import Load, Operation, Plan
from perftui.model.record import Environment, Record
from perftui.model.units import format_duration


def comparability_key(record: Record) -> dict[str, str]:
    """What must be equal, as names and values in words."""
    plan = record.plan
    return {
        **_of_targets(plan),
        **_of_load(plan.load),
        **_of_operations(plan),
        **_of_environment(record.environment),
        **({"cluster": ", ".join(machine.name for machine in record.cluster)} if record.cluster else {}),
    }


def key_hash(record: Record) -> str:
    """Short text that is equal for comparable runs."""
    return hashlib.sha256(msgspec.json.encode(comparability_key(record), order="sorted")).hexdigest()[:16]


def differences(baseline: Record, run: Record) -> tuple[list[str], list[str]]:
    """What differs although it must not, and what else differs, in words."""
    before, after = comparability_key(baseline), comparability_key(run)
    hard = [
        _words(name, before.get(name, "none"), after.get(name, "none"))
        for name in [*before, *(name for name in after if name not in before)]
        if (before.get(name) or "") != (after.get(name) or "")  # of a target that only one of them has, what it has
    ]
    soft_before, soft_after = _may_differ(baseline), _may_differ(run)
    soft = [_words(name, value, soft_after[name]) for name, value in soft_before.items() if value != soft_after[name]]
    return hard, soft


def _words(name: str, before: str, after: str) -> str:
    return f"{name}: {before or 'none'} → {after or 'none'}"


def _of_targets(plan: Plan) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in plan.used_targets:
        one = _of_target(plan.aimed_at(name))
        found |= {f"{key} ({name})" if name else key: value for key, value in one.items()}
    return found


def _of_target(plan: Plan) -> dict[str, str]:
    target, url = plan.target, urlsplit(plan.target.url)
    port = "" if is_local(plan) or url.port is None else f":{url.port}"
    return {
        "target": target.unix_socket or f"{url.scheme}://{_host(url.hostname or '')}{port}{url.path}",
        "timeout": format_duration(target.timeout_s),
        "keep-alive": _yes(target.keep_alive),
        "headers": ", ".join(sorted(name.lower() for name in target.headers)),
        "authentication": _auth(plan),
        "proxy": target.proxy,
        "certificate check": _yes(not target.tls.insecure) if url.scheme == "https" else "",
    }


def _host(name: str) -> str:
    return "localhost" if name in {"localhost", "127.0.0.1", "::1"} else name


def _yes(value: bool) -> str:  # noqa: FBT001 - the value is all it takes
    return "yes" if value else "no"


def _auth(plan: Plan) -> str:
    auth = plan.target.auth
    if auth is None:
        return ""
    return ", ".join(name for name in auth.__struct_fields__ if getattr(auth, name))


def _of_load(load: Load) -> dict[str, str]:
    return {
        "mode": load.mode,
        "load": _profile(load),
        "arrivals": load.arrivals if load.mode == "rate" else "",
        "seed": str(load.seed) if load.arrivals == "poisson" else "",
        "warm-up": format_duration(load.warmup_s),
        "most requests": str(load.max_requests or ""),
        "think time": f"{load.think_s[0]:g} to {load.think_s[1]:g} s" if load.think_s != (0.0, 0.0) else "",
        "in-flight cap": str(load.in_flight_cap),
        "connections": str(load.connections or ""),
        "rate of": load.rate_of,
    }


def _profile(load: Load) -> str:
    """Every stage: `100/s for 30s`, `from 0: 10s to 50 users, 1m to 50 users`."""
    unit = " users" if load.mode == "users" else "/s"
    if [stage.to for stage in load.stages] == [load.start_level]:
        return f"{load.start_level:g}{unit} for {format_duration(load.duration_s)}"
    stages = ", ".join(f"{format_duration(stage.duration_s)} to {stage.to:g}{unit}" for stage in load.stages)
    return f"from {load.start_level:g}: {stages}"


def _of_operations(plan: Plan) -> dict[str, str]:
    key = {f"operation {item.name!r}": _operation(item) for item in plan.operations}
    for journey in plan.journeys:
        steps = "; ".join(f"{step.name} {_operation(step)}" for step in journey.steps)
        key[f"journey {journey.name!r}"] = f"weight {journey.weight:g}: {steps}"
    for source in plan.data:
        key[f"data {source.name!r}"] = f"{_file_name(source.file)}, {source.order}"
    return key


def _file_name(path: str) -> str:
    """Without its directory: a checkout may lie elsewhere."""
    return path.rsplit("/", 1)[-1]


def _operation(operation: Operation) -> str:
    sent: dict[str, Any] = {
        "query": operation.query,
        "json": operation.json,
        "form": operation.form,
        "body": operation.body,
        "body_file": _file_name(operation.body_file),
        "multipart": [replace(part, file=_file_name(part.file)) for part in operation.multipart],
        "checks": operation.checks,
        "headers": sorted(name.lower() for name in operation.headers),
        "think": operation.think_s,
    }
    if operation.driver != "http":
        sent |= {"driver": operation.driver, "target": operation.target, "request": operation.request}
    if operation.hit is not None:
        sent["hit"] = operation.hit
    digest = hashlib.sha256(msgspec.json.encode(sent, order="sorted")).hexdigest()[:8]
    if operation.driver != "http":
        return f"{operation.driver} weight {operation.weight:g}, content {digest}"
    return f"{operation.method} {operation.path} weight {operation.weight:g}, content {digest}"


def _of_environment(environment: Environment) -> dict[str, str]:
    return {
        "machine": environment.host_id,
        "CPU": f"{environment.cpus} x {environment.cpu_model}".strip(" x"),
        "kernel": environment.kernel,
        "Python": environment.python,
        "uvloop": environment.uvloop,
        "workers": str(environment.workers),
        "metric definitions": str(environment.metric_definitions),
    }


def _may_differ(record: Record) -> dict[str, str]:
    return {
        "perftui": record.environment.perftui,
        "target URL": record.plan.where,
        "preset": record.plan.name,
        "objectives": "; ".join(
            f"{item.operation} {item.metric} {item.target} {item.critical}".strip() for item in record.plan.objectives
        ),
        "label": record.label,
        "host name": record.environment.host,
        "addresses": ", ".join(record.environment.addresses) if not is_local(record.plan) else "",
        "status": record.status,
    }
