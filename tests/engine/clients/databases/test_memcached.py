"""Memcached, a real one, and what it counted."""

from __future__ import annotations

import pytest

from perftui.model.errors import UsageError
from support.databases import Server
from support.short_runs import plan_of, probed, ran

OPERATIONS = (
    'name = "set"\nmemcached = ["set", "item:${rand:1..50}", "value ${seq}", 60]\nchecks = [{ equals = "STORED" }]',
    'name = "get"\nmemcached = ["get", "item:${rand:1..100}"]\nhit = { not_nil = true }',
    'name = "incr"\nmemcached = ["incr", "counter", 2]\nchecks = [{ matches = "^[0-9]+$" }]',
    'name = "touch"\nmemcached = ["touch", "no-such-item", 5]\nhit = { not_nil = true }',
    'name = "refused"\nmemcached = ["incr", "word", 1]',
)


def stats(server: Server) -> dict[str, int]:
    lines = (line.split() for line in server.ask("stats").splitlines() if line.startswith("STAT"))
    return {name: int(value) for _, name, value in lines if value.isdigit()}


def test_memcached_counted_what_the_run_counted(memcached: Server) -> None:
    assert probed(plan_of(memcached.url, 'memcached = ["set", "counter", "5"]')).holds
    assert probed(
        plan_of(memcached.url, 'memcached = ["set", "word", "good day"]\nchecks = [{ equals = "STORED" }]')
    ).holds
    before = stats(memcached)
    record = ran(plan_of(memcached.url, *OPERATIONS, load="users = 3\nmax_requests = 300"))
    after = stats(memcached)

    found = record.summary.operations
    assert {name: stats.counts.ok for name, stats in found.items() if stats.error_classes} == {"refused": 0}
    assert set(found["refused"].error_classes) == {"memcached.CLIENT_ERROR"}
    assert found["touch"].hit_rate == 0.0
    counted = {name: after[name] - before[name] for name in ("cmd_set", "get_hits", "get_misses", "incr_hits")}
    assert counted == {
        "cmd_set": found["set"].counts.ok,
        "get_hits": found["get"].hit_time_ms.count,
        "get_misses": found["get"].miss_time_ms.count + 1,  # one before the start, whether it is there
        "incr_hits": found["incr"].counts.ok,
    }


def test_a_value_of_many_lines_is_one_value(memcached: Server) -> None:
    text = "END\\r\\nVALUE x 0 1\\r\\n" * 3000
    store, get, both = probed(
        plan_of(
            memcached.url,
            f'memcached = ["set", "lines", "{text}"]',
            'memcached = ["get", "lines"]\nchecks = [{ min_bytes = 50000 }, { rows = 1 }]',
            'memcached = ["get", "lines", "nothing"]\nchecks = [{ rows = 1 }]',
        )
    ).operations
    assert (store.problem, get.problem, both.problem) == ("", "", "")


def test_a_key_cannot_hold_a_command(memcached: Server) -> None:
    before = stats(memcached)["cmd_get"]
    record = ran(plan_of(memcached.url, 'memcached = ["get", "${choice:a b|c d}"]'))
    assert set(record.summary.total.error_classes) == {"client.capture"}
    assert stats(memcached)["cmd_get"] == before + 1  # whether it is there


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('memcached = ["gett", "a"]', "did you mean 'get'"),
        ('memcached = ["set", "a"]', r"write it as set KEY VALUE \[SECONDS\]"),
        ('memcached = "get a"', "is no command"),
        ('memcached = ["incr", "a", 1, 2]', "write it as incr KEY NUMBER"),
    ],
)
def test_what_is_no_command_is_refused(line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        plan_of("memcached://127.0.0.1:1", line)
