"""Closed loop against redis-benchmark and pgbench -S, everything recorded: generators in turn, one server for both.

    python tests/benchmarks/databases.py [SECONDS] [ROUNDS]

Both by requests per second of the generator's own processor time. PostgreSQL's rival is written in C and looks at no
row; psycopg, and SQLAlchemy on asyncpg, in bare loops stand beside it for what a suite in Python reaches: held
connections, prepared statements, rows fetched, nothing recorded.
"""

from __future__ import annotations

import asyncio
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from perftui.model.plan import Plan, Stage
from support import databases
from support.benchmark import Speed, compare, measure, numbers, require
from support.databases import Server
from support.short_runs import plan_of
from support.turns import GENERATOR_CPU

CONNECTIONS = 20
ROWS = 10_000
LEAST_REDIS, LEAST_POSTGRESQL, LEAST_PYTHON = 0.9, 0.33, 1.5
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
            ("postgresql, psycopg", partial(_psycopg, server, seconds), LEAST_PYTHON),
            ("postgresql, SQLAlchemy", partial(_sqlalchemy, server, seconds), LEAST_PYTHON),
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


def _psycopg(server: Server, seconds: float) -> Speed:
    """What most suites in Python have been on since SQLAlchemy 2: psycopg 3, its C implementation."""
    return asyncio.run(_loop(partial(_psycopg_user, server.url), seconds))


def _sqlalchemy(server: Server, seconds: float) -> Speed:
    """Connections that are held, statements that SQLAlchemy executes."""
    return asyncio.run(_with_engine(server.url.replace("postgresql:", "postgresql+asyncpg:"), seconds))


async def _with_engine(url: str, seconds: float) -> Speed:
    engine = create_async_engine(url, pool_size=CONNECTIONS, isolation_level="AUTOCOMMIT")
    try:
        return await _loop(partial(_sqlalchemy_user, engine), seconds)
    finally:
        await engine.dispose()


async def _psycopg_user(url: str, end_s: float, number: int) -> int:
    done = 0
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        while time.perf_counter() < end_s:
            number = number * 7919 % ROWS + 1
            await cursor.execute("select abalance from pgbench_accounts where aid = %s", (number,), prepare=True)
            assert len(await cursor.fetchall()) == 1
            done += 1
    return done


async def _sqlalchemy_user(engine: AsyncEngine, end_s: float, number: int) -> int:
    statement = text("select abalance from pgbench_accounts where aid = :id")
    done = 0
    async with engine.connect() as connection:
        while time.perf_counter() < end_s:
            number = number * 7919 % ROWS + 1
            assert len((await connection.execute(statement, {"id": number})).all()) == 1
            done += 1
    return done


async def _loop(user: Callable[[float, int], Coroutine[None, None, int]], seconds: float) -> Speed:
    """So many users at once, each one statement after the other."""
    began, cpu_began = time.perf_counter(), time.process_time()
    done = sum(await asyncio.gather(*(user(began + seconds, number) for number in range(CONNECTIONS))))
    taken_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    return Speed(done / taken_s, done / cpu_s)


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
