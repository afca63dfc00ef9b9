"""From a job to everything a worker needs before its first request."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable

import msgspec

from perftui.engine.clients.http.connection import Connection
from perftui.engine.clients.http.request import RequestBuilder
from perftui.engine.clients.http.secure import TlsConnection, client_context
from perftui.engine.clients.http.target import Endpoint
from perftui.engine.clients.http.tunnel import TunnelConnection
from perftui.engine.clients.pool import Pool, PoolSettings
from perftui.engine.fleet.messages import Job
from perftui.engine.load.arrivals import share
from perftui.engine.load.schedule import Schedule
from perftui.engine.worker.health import HealthSampler
from perftui.engine.worker.operations import Operations
from perftui.engine.worker.rate import RateLoad
from perftui.engine.worker.samples import Sampler
from perftui.engine.worker.sending import Load
from perftui.engine.worker.users import UsersLoad
from perftui.model.plan import Target
from perftui.presets.values import ValueStream


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a worker."""

    worker: int
    workers: int
    schedule: Schedule
    operations: Operations
    load: Load
    pool: Pool
    sampler: Sampler
    health: HealthSampler
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
    endpoint = Endpoint.of(plan.target)
    values = ValueStream(plan.data, load_plan.seed, job.worker, job.workers)
    operations = Operations(plan, RequestBuilder(plan, endpoint, values), values, job.variables)
    schedule = Schedule(load_plan)
    kind = RateLoad if load_plan.mode == "rate" else UsersLoad
    load = kind(loop, operations, schedule, job.worker, job.workers)
    sampler = Sampler(job.secrets, job.plan.target.secret_headers)
    most = load_plan.in_flight_cap
    if load_plan.connections:
        most = min(most, load_plan.connections)
    settings = PoolSettings(
        addresses=job.addresses,
        unix_socket=endpoint.unix_socket,
        timeout_s=plan.target.timeout_s,
        keep_alive=plan.target.keep_alive,
        most_connections=max(1, share(most, job.worker, job.workers)),
    )
    load.pool = pool = Pool(loop, settings, connector(endpoint, plan.target), load.done, sampler)
    health = HealthSampler(job.worker)
    health.settle()
    return Engine(
        worker=job.worker,
        workers=job.workers,
        schedule=schedule,
        operations=operations,
        load=load,
        pool=pool,
        sampler=sampler,
        health=health,
        drain_ns=round(min(load_plan.drain_s, plan.target.timeout_s) * 1e9),
    )


def connector(endpoint: Endpoint, target: Target) -> Callable[[Pool], Connection]:
    """What makes connections to this target.

    Raises:
        UsageError: a certificate or key cannot be read.
    """
    if not endpoint.tls:
        return Connection
    context: ssl.SSLContext = client_context(target.tls)
    server_name = target.tls.server_name or endpoint.host
    if endpoint.proxy is not None:
        return lambda pool: TunnelConnection(pool, context, server_name, endpoint)
    return lambda pool: TlsConnection(pool, context, server_name)
