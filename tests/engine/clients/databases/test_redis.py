"""Redis, a real one: what it counted, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.model.errors import UnreachableError, UsageError
from support import databases
from support.certificates import Authority
from support.databases import Server, redis_calls
from support.short_runs import plan_of, probed, ran


def test_redis_counted_what_the_run_counted(redis: Server) -> None:
    before = redis_calls(redis, "get"), redis_calls(redis, "incr")
    plan = plan_of(
        redis.url,
        'name = "get"\nredis = ["GET", "item:${rand:1..100}"]',
        'name = "pipeline"\nredis = [["INCR", "a"], ["INCR", "b"], ["GET", "a"]]\nchecks = [{ rows = 3 }]',
        load="users = 4\nmax_requests = 300",
    )
    record = ran(plan)

    get, pipeline = (record.whole_run, record.summary.operations["pipeline"].counts)
    assert get.ok == get.scheduled == 300
    calls = redis_calls(redis, "get") - before[0], redis_calls(redis, "incr") - before[1]
    assert calls == (get.started, 2 * pipeline.started)
    assert record.summary.operations["get"].received_bytes == 5 * record.summary.operations["get"].counts.ok


def test_what_redis_refuses_is_an_error_of_its_own_name(redis: Server) -> None:
    redis.ask("LPUSH a-list 1")
    record = ran(
        plan_of(
            redis.url,
            'name = "type"\nredis = ["GET", "a-list"]',
            'name = "unknown"\nredis = ["NOSUCHCOMMAND"]',
            'name = "inside"\nredis = [["MULTI"], ["INCR", "a-list"], ["EXEC"]]',
        )
    )
    operations = record.summary.operations
    assert set(operations["type"].error_classes) == {"redis.WRONGTYPE"}
    assert set(operations["unknown"].error_classes) == {"redis.ERR"}
    assert set(operations["inside"].error_classes) == {"redis.WRONGTYPE"}
    assert record.whole_run.errors == record.whole_run.scheduled == 40


def test_user_password_and_database_come_from_the_url() -> None:
    with databases.redis_server("--requirepass", "geheim/1") as server:
        there = f"127.0.0.1:{server.port}"
        operation = 'redis = ["INCR", "seen"]'
        assert ran(plan_of(f"redis://:geheim%2F1@{there}/3", operation)).whole_run.ok == 40
        assert ran(plan_of(f"redis://default:geheim%2F1@{there}/3?protocol=3", operation)).whole_run.ok == 40
        assert server.ask("--no-auth-warning -a geheim/1 -n 3 GET seen").strip() == "80"
        for url, words in ((f"redis://:falsch@{there}", "WRONGPASS"), (f"redis://{there}", "NOAUTH")):
            with pytest.raises(UnreachableError, match=words) as raised:
                ran(plan_of(url, operation))
            assert "falsch" not in str(raised.value)


def test_tls_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with databases.redis_server(certificate=authority.issue("redis")) as server:
        operation = 'redis = ["PING"]'
        trusting = plan_of(server.url, operation, target=f'tls = {{ ca_file = "{authority.certificate}" }}')
        record = ran(trusting)
        assert record.whole_run.ok == 40
        assert record.summary.total.times_ms["tls"] > 0
        with pytest.raises(UnreachableError, match=r"tls\.untrusted"):
            ran(plan_of(server.url, operation))


def test_replies_are_values_for_checks_and_people(redis: Server) -> None:
    redis.ask("HSET user:1 name Ada age 36")
    plan = plan_of(
        f"{redis.url}?protocol=3",
        'name = "map"\nredis = ["HGETALL", "user:1"]\nchecks = [{ json = "$.name", equals = "Ada" }, { rows = 2 }]',
        'name = "nil"\nredis = ["GET", "not there"]\nchecks = [{ not_nil = true }]',
        'name = "words"\nredis = ["SET", "greeting", "good morning ${seq}"]',
    )
    one, nil, words = probed(plan).operations
    assert one.problem == ""
    assert "not nil" in nil.problem
    assert words.problem == ""
    assert 'SET greeting "good morning' in words.request_head


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('redis = ["SUBSCRIBE", "news"]', "stream"),
        ('redis = ["AUTH", "secret"]', "belongs to the URL"),
        ("redis = []", "is no command"),
        ('redis = "GET a"', "is no command"),
        ('redis = [["GET", "a"], "GET b"]', "is no command"),
        ('redis = ["${rand:1..3}"]', "written as it is"),
        ('redis = ["GET", true]', "not text"),
    ],
)
def test_what_is_no_command_is_refused_where_it_stands(line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        plan_of("redis://127.0.0.1:1", line)
    assert "operations[0].redis" in str(raised.value)
