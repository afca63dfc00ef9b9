"""A plan made ready on the machines of a cluster: its files go there, and each is asked whether it may start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import msgspec
from anyio.abc import TaskGroup

from perftui.engine.clients.client import Addresses
from perftui.engine.fleet.cluster import Cluster
from perftui.engine.fleet.remote import RemoteNode
from perftui.engine.runner.on_machine import Fit, check_here
from perftui.engine.runner.prepare import Prepared, workers_for
from perftui.model.errors import GuardError, PerftuiError, UnreachableError, UsageError
from perftui.model.plan import Plan
from perftui.model.units import format_bytes
from perftui.presets.files import FOLDER, moved, with_files
from perftui.presets.text_files import read_data

MOST_FILES_BYTES = 48 * 1024 * 1024
_ASK_S = 30.0
_ERRORS: dict[int, type[PerftuiError]] = {kind.exit_code: kind for kind in (UsageError, UnreachableError, GuardError)}


async def prepare_machines(prepared: Prepared, cluster: Cluster, confirm_host: str, tasks: TaskGroup) -> Prepared:
    """Open the cluster, and have every machine say that it can send.

    Raises:
        PerftuiError: one of them must not or cannot, in words.
    """
    plan = prepared.resolved
    files = _contents(plan)
    if prepared.secrets and not cluster.is_private:
        raise GuardError("the plan has secrets: they travel over TLS or loopback only, also with --insecure-cluster")
    await cluster.open(tasks)
    nodes = cluster.nodes
    workers = max(len(nodes), plan.load.workers or workers_for(plan, sum(_free_cores(nodes).values())))
    fits: dict[str, Fit] = {}

    async def ask(node: RemoteNode) -> None:
        try:
            if files:
                node.places = await node.ask("keep_files", files, within_s=_ASK_S)
            asked = moved(plan, node.places), confirm_host, workers
            fits[node.name] = await node.ask("ask", check_here, *asked, within_s=_ASK_S)
        except PerftuiError as error:
            fits[node.name] = Fit(problem=(error.exit_code, error.problems))

    async with anyio.create_task_group() as asking:
        for node in nodes:
            asking.start_soon(ask, node)
    _raise_problems(fits)
    for node in nodes:
        node.found, node.addresses = dict(fits[node.name].found), dict(fits[node.name].reachable)
    saved = msgspec.structs.replace(prepared.plan, load=msgspec.structs.replace(prepared.plan.load, workers=workers))
    return replace(
        prepared,
        plan=saved,
        workers=workers,
        addresses=_together([fit.found for fit in fits.values()]),
        reachable=_together([fit.reachable for fit in fits.values()]),
        notes=[*prepared.notes, *(f"machine {name}: {note}" for name, fit in fits.items() for note in fit.notes)],
    )


def _contents(plan: Plan) -> dict[str, bytes]:
    """The files that workers read, by path; of functions, the modules beside the preset.

    Raises:
        UsageError: one cannot be read, or they are too large together.
    """
    paths: dict[str, None] = {}

    def note(path: str) -> str:
        if path:
            paths[path] = None
        return path

    with_files(plan, note)
    for folder in {part.request[FOLDER] for part in plan.all_operations if FOLDER in part.request}:
        paths.update((str(path), None) for path in sorted(Path(folder).glob("*.py")))
    contents = {path: read_data(Path(path), MOST_FILES_BYTES) for path in paths}
    size = sum(map(len, contents.values()))
    if size > MOST_FILES_BYTES:
        most = format_bytes(MOST_FILES_BYTES)
        raise UsageError(f"the plan's files are {format_bytes(size)} together; at most {most} travel to a cluster")
    return contents


def _free_cores(nodes: list[RemoteNode]) -> dict[str, int]:
    """Of each machine, however many nodes are on it: all but one."""
    return {node.facts.boot_id or node.name: max(1, node.facts.cores - 1) for node in nodes}


def _raise_problems(fits: dict[str, Fit]) -> None:
    found = {name: fit.problem for name, fit in fits.items() if fit.problem is not None}
    if not found:
        return
    code = max(number for number, _ in found.values())
    machines: dict[str, list[str]] = {}
    for name, (_, texts) in found.items():
        for text in texts:
            machines.setdefault(text, []).append(name)
    raise _ERRORS.get(code, PerftuiError)(*(f"{_who(names, len(fits))}: {text}" for text, names in machines.items()))


def _who(names: list[str], of: int) -> str:
    """Of whom something is said: what is wrong everywhere is said once."""
    if len(names) == 1:
        return f"machine {names[0]}"
    return f"all {of} machines" if len(names) == of else f"machines {', '.join(names)}"


def _together(parts: list[dict[str, Addresses]]) -> dict[str, Addresses]:
    """All addresses of each target, whichever machine found them."""
    found: dict[str, Addresses] = {}
    for part in parts:
        for name, addresses in part.items():
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *addresses)))
    return found
