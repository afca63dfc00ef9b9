"""Closed loop against redis-benchmark and pgbench -S, everything recorded: generators in turn, one server for both.

    python tests/benchmarks/databases.py [SECONDS] [ROUNDS]

Both by requests per second of the generator's own processor time. PostgreSQL's rival is written in C and looks at no
row; SQLAlchemy's asyncpg in a bare loop stands beside it for what a suite in Python reaches.
"""

from __future__ import annotations

import asyncio
import re
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from perftui.model.plan import Plan, Stage
from support import databases
from support.benchmark import GENERATOR_CPU, Speed, compare, measure, numbers, require
from support.databases import Server
from support.short_runs import plan_of

CONNECTIONS = 20
ROWS = 10_000
LEAST_REDIS, LEAST_POSTGRESQL = 0.9, 0.33
REDIS_GET = 'redis = ["GET", "key:${rand:1..1000}"]'
ONE_ROW = 'sql = "select abalance from pgbench_accounts where aid = :id"\nparams = { id = "${rand:1..10000}" }'


def main(seconds: float = 3.0, rounds: float = 3) -> int:
    """Print the ratios; 0 when they reach their floors."""
    require("redis-benchmark", "taskset")
    load = f"users = {CONNECTIONS}"
    with databases.redis_server() as redis:
        plan = _lasting(plan_of(redis.url, REDIS_GET, load=load), seconds)
        rival = partial(_redis_benchmark, redis, seconds)
        reached = compare("redis", partial(measure, plan), rival, rounds=rounds, least=LEAST_REDIS, per_cpu=True)
    with databases.postgresql() as server:
        to = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "app", "postgres"]
        pgbench = databases.postgresql_program("pgbench")
        subprocess.run([pgbench, "-i", "-q", "-F", "100", *to], check=True, capture_output=True)
        plan = _lasting(plan_of(server.url, ONE_ROW, load=load), seconds)
        command = [pgbench, "-S", "-n", "-M", "prepared", f"-c{CONNECTIONS}", f"-T{max(1, round(seconds))}", *to]
        for name, rival, least in (
            ("postgresql, pgbench", partial(_pgbench, command), LEAST_POSTGRESQL),
            ("postgresql, SQLAlchemy", partial(_sqlalchemy, server, seconds), 1.5),
        ):
            reached &= compare(name, partial(measure, plan), rival, rounds=rounds, least=least, per_cpu=True)
    return 0 if reached else 1


def _lasting(plan: Plan, seconds: float) -> Plan:
    return replace(plan, load=replace(plan.load, stages=(Stage(duration_s=seconds, to=CONNECTIONS),)))


def _redis_benchmark(server: Server, seconds: float) -> Speed:
    count = round(25_000 * seconds)
    command = ["redis-benchmark", "-p", str(server.port), "-c", str(CONNECTIONS), "-n", str(count), "-r", "1000"]
    said, cpu_s = _run([*command, "-q", "GET", "key:__rand_int__"])
    found = re.findall(r"([\d.]+) requests per second", said)
    assert found, said
    return Speed(float(found[-1]), count / cpu_s)


def _pgbench(command: list[str]) -> Speed:
    said, cpu_s = _run(command)
    rate = re.search(r"tps = ([\d.]+)", said)
    count = re.search(r"actually processed: (\d+)", said)
    assert rate is not None, said
    assert count is not None, said
    return Speed(float(rate[1]), int(count[1]) / cpu_s)


def _run(command: list[str]) -> tuple[str, float]:
    """What a program on the generator's core printed, and its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pinned = ["taskset", "-c", str(GENERATOR_CPU), *command]
    said = subprocess.run(pinned, capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return said, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _sqlalchemy(server: Server, seconds: float) -> Speed:
    """Connections that are held, statements that SQLAlchemy executes."""
    return asyncio.run(_loop(server.url.replace("postgresql:", "postgresql+asyncpg:"), seconds))


async def _loop(url: str, seconds: float) -> Speed:
    engine = create_async_engine(url, pool_size=CONNECTIONS, isolation_level="AUTOCOMMIT")
    statement = text("select abalance from pgbench_accounts where aid = :id")
    done = 0
    began, cpu_began = time.perf_counter(), time.process_time()

    async def user(number: int) -> None:
        nonlocal done
        async with engine.connect() as connection:
            while time.perf_counter() - began < seconds:
                number = number * 7919 % ROWS + 1
                (await connection.execute(statement, {"id": number})).all()
                done += 1

    await asyncio.gather(*(user(number) for number in range(CONNECTIONS)))
    taken_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    await engine.dispose()
    return Speed(done / taken_s, done / cpu_s)


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
