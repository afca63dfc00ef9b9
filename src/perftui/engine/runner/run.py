"""Executes a plan: prepares, has workers send, saves what they measured. One engine for app and headless runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import anyio

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.registry import driver_for
from perftui.engine.fleet.messages import Job
from perftui.engine.fleet.process import LocalSeats
from perftui.engine.fleet.supervisor import Supervisor
from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.weighing import has_pages
from perftui.model.errors import PerftuiError
from perftui.model.journal import JournalLine
from perftui.model.plan import Load, Plan
from perftui.model.record import Record

if TYPE_CHECKING:
    from perftui.engine.fleet.cluster import Cluster
    from perftui.engine.fleet.link import Link
    from perftui.engine.runner.hooks import Hooks
    from perftui.engine.runner.prepare import Prepared
    from perftui.store.library import RunFolder

__all__ = ["RunRequest", "Runs", "run_plan"]

OnLine = Callable[[JournalLine], None]
OnStarted = Callable[["RunFolder"], None]


def run_plan(request: RunRequest, *, on_line: OnLine | None = None, on_started: OnStarted | None = None) -> Record:
    """Execute a plan in this process, save the run, and return its record. Prints nothing.

    Args:
        request: what to do.
        on_line: called with every journal line as it is written.
        on_started: called when the run's folder exists and the first request is about to be sent.

    Raises:
        PerftuiError: the run could not start; nothing was saved.
    """
    with Runs() as runs:
        return runs.run(request, on_line=on_line, on_started=on_started)


class Runs:
    """Runs one after the other on one event loop. The way to their cluster is opened once. A context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.Runner()
        self._links: dict[tuple[str, bool], Link] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            for link in self._links.values():
                self._loop.run(link.close())
        finally:
            self._loop.close()

    def run(self, request: RunRequest, *, on_line: OnLine | None = None, on_started: OnStarted | None = None) -> Record:
        """As run_plan.

        Raises:
            PerftuiError: the run could not start; nothing was saved.
        """
        try:
            return self._loop.run(_execute(request, self._cluster(request.plan.load), on_line, on_started))
        except BaseExceptionGroup as group:
            told = _first_told(group)
            if told is None:
                raise
            raise told from group

    def rest(self, seconds: float) -> None:
        """Wait, while a cluster is kept."""
        self._loop.run(asyncio.sleep(seconds))

    def _cluster(self, load: Load) -> Cluster | None:
        """Where the plan has its workers; None: on this machine.

        Raises:
            UsageError: the packages for it are missing.
        """
        if not load.cluster:
            return None
        from perftui.engine.fleet.cluster import Cluster  # a second that only those wait who need it
        from perftui.engine.fleet.link import Link

        where = load.cluster, load.insecure_cluster
        if where not in self._links:
            self._links[where] = Link(load.cluster, insecure=load.insecure_cluster)
        return Cluster(self._links[where])


async def _execute(
    request: RunRequest, cluster: Cluster | None, on_line: OnLine | None, on_started: OnStarted | None
) -> Record:
    supervisor = Supervisor(cluster or LocalSeats())
    secrets: tuple[str, ...] = ()
    async with anyio.create_task_group() as tasks:
        try:
            if cluster is None:
                # one is always needed, and takes longest to be there; it knows nothing yet
                await supervisor.start(1, tasks)
            from perftui.engine.runner.hooks import Hooks
            from perftui.engine.runner.prepare import prepare

            prepared = await prepare(request)
            secrets = prepared.secrets
            if cluster is not None:
                from perftui.engine.runner.machines import prepare_machines

                prepared = await prepare_machines(prepared, cluster, request.confirm_host, tasks)
            await supervisor.start(prepared.workers, tasks)
            if cluster is None or _asks_itself(prepared.resolved):
                prepared = replace(prepared, reachable=await _reach(prepared))
            hooks = await Hooks.before(prepared)
            async with hooks.undone_without_load():
                await supervisor.give_jobs(_jobs(prepared, hooks))
                from perftui.engine.runner.session import save_run  # while the workers start

                await supervisor.wait_ready()
                record = await save_run(request, prepared, supervisor, hooks, on_line=on_line, on_started=on_started)
        except PerftuiError as error:
            # whatever a worker, a server or the system said may repeat a secret
            from perftui.presets.redaction import Redactor

            scrub = Redactor(secrets).text
            raise type(error)(*(scrub(problem) for problem in error.problems)) from None
        finally:
            await supervisor.close()
            if cluster is not None:
                await cluster.close()
        tasks.cancel_scope.cancel()
    return record


def _asks_itself(plan: Plan) -> bool:
    """Whether the runner makes requests of its own, around the load."""
    auth = plan.target.auth
    return bool(plan.before or plan.after or has_pages(plan) or (auth is not None and (auth.login or auth.oauth2)))


async def _reach(prepared: Prepared) -> dict[str, Addresses]:
    """The addresses of each target that are worth using.

    Raises:
        UnreachableError: a target is not there.
    """
    plan = prepared.resolved
    return {
        name: await driver_for(target).reach(plan.aimed_at(name), prepared.addresses[name])
        for name, target in plan.used_targets.items()
    }


def _jobs(prepared: Prepared, hooks: Hooks) -> Callable[[int], Job]:
    def job_of(number: int) -> Job:
        return Job(
            worker=number,
            workers=prepared.workers,
            plan=hooks.plan,
            addresses=prepared.reachable,
            secrets=(*prepared.secrets, *hooks.secrets),
            variables=hooks.variables,
        )

    return job_of


def _first_told(group: BaseExceptionGroup[BaseException]) -> PerftuiError | KeyboardInterrupt | None:
    """The error in a group that is meant for the user."""
    for error in group.exceptions:
        found = _first_told(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, PerftuiError | KeyboardInterrupt):
            return found
    return None
