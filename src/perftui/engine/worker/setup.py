"""From a job to everything a worker needs before its first request."""

from __future__ import annotations

import asyncio
import os

import msgspec

from perftui.engine.clients.registry import driver_of, way_of
from perftui.engine.fleet.messages import Job
from perftui.engine.load.arrivals import share
from perftui.engine.load.schedule import Schedule
from perftui.engine.worker.clients import Clients
from perftui.engine.worker.health import HealthSampler
from perftui.engine.worker.lag import LagTimer
from perftui.engine.worker.operations import Operations
from perftui.engine.worker.rate import RateLoad
from perftui.engine.worker.samples import Sampler
from perftui.engine.worker.sending import Load
from perftui.engine.worker.users import UsersLoad
from perftui.presets.values import ValueStream


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a worker."""

    worker: int
    workers: int
    schedule: Schedule
    operations: Operations
    load: Load
    clients: Clients
    sampler: Sampler
    health: HealthSampler
    lag: LagTimer
    drain_ns: int
    """Longest wait for answers after the last request."""


def set_up(loop: asyncio.AbstractEventLoop, job: Job) -> Engine:
    """Build everything; nothing is sent yet.

    Raises:
        UsageError: a certificate, data file or URL cannot be used.
        ValueError: a placeholder, check or header is wrong.
        OSError: a file cannot be read.
    """
    if job.cpu >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {job.cpu})
    plan, load_plan = job.plan, job.plan.load
    values = ValueStream(plan.data, load_plan.seed, job.worker, job.workers)
    operations = Operations(plan, values, job.variables)
    schedule = Schedule(load_plan)
    kind = RateLoad if load_plan.mode == "rate" else UsersLoad
    load = kind(loop, operations, schedule, job.worker, job.workers)
    sampler = Sampler(job.secrets, job.plan.target.secret_headers)
    most = load_plan.in_flight_cap
    if load_plan.connections:
        most = min(most, load_plan.connections)
    most = max(1, share(most, job.worker, job.workers))
    targets = plan.used_targets
    load.oldest_ns = round(max(target.timeout_s for target in targets.values()) * 1e9)
    load.clients = clients = Clients(
        {
            way: driver_of(operation).connect(
                loop,
                plan.aimed_at(operation.target),
                job.addresses.get(operation.target, ()),
                most=most,
                done=load.done,
                sample=sampler,
            )
            for way, operation in {way_of(operation): operation for operation in plan.counted_operations}.items()
        },
        job.addresses,
    )
    operations.send_by(clients)
    health = HealthSampler(job.worker)
    health.settle()
    return Engine(
        worker=job.worker,
        workers=job.workers,
        schedule=schedule,
        operations=operations,
        load=load,
        clients=clients,
        sampler=sampler,
        health=health,
        lag=LagTimer(
            loop,
            (lambda: operations.sent) if load_plan.mode == "users" else None,
            lambda: clients.in_flight,
        ),
        drain_ns=min(round(load_plan.drain_s * 1e9), load.oldest_ns),
    )
