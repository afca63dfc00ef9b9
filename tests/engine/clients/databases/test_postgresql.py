"""PostgreSQL's own messages: values of its types, what a server says between, statements that change under us."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from perftui.engine.clients.sql.postgresql_wire import Columns, WireReply, changed_rows, columns_of, error_of
from perftui.model.errors import UnreachableError, UsageError
from perftui.model.record import Record
from support.certificates import LOCALHOST, Authority
from support.databases import Server
from support.databases import postgresql as postgresql_server
from support.short_runs import plan_of, probed, ran


def classes(record: Record) -> dict[str, int]:
    return record.summary.total.error_classes


def once(server: Server, *operations: str, users: int = 1) -> Record:
    """Each operation as often as the others, five times or more."""
    return ran(plan_of(server.url, *operations, load=f"users = {users}\nmax_requests = {5 * len(operations)}"))


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("7::int8", "7"),
        ("1.5::float8", "1.5"),
        ("1.50::numeric", '"1.50"'),
        ("true", "true"),
        ("null::text", "null"),
        ("'grüße'::text", '"grüße"'),
        ("'2026-01-02 03:04:05'::timestamp", '"2026-01-02T03:04:05"'),
        ("'2026-01-02 03:04:05+00'::timestamptz", '"2026-01-02T03:04:05Z"'),
        ("'2026-01-02'::date", '"2026-01-02"'),
        ("'{\"a\": 1}'::jsonb", '"{\\"a\\": 1}"'),
        ("array[1, 2, null]", "[1,2,null]"),
        ("array[[1, 2], [3, 4]]", "[[1,2],[3,4]]"),
        ("array['a,b', 'c\"d', '{e}']", '["a,b","c\\"d","{e}"]'),
        ("'{}'::int[]", "[]"),
        ("'a81bc81b-dead-4e5d-abff-90865d1e13b1'::uuid", '"a81bc81b-dead-4e5d-abff-90865d1e13b1"'),
    ],
)
def test_values_are_those_of_json(postgresql: Server, expression: str, wanted: str) -> None:
    plan = plan_of(postgresql.url, f"sql = '''select {expression} as value'''")
    (operation,) = probed(plan).operations
    assert operation.problem == ""
    assert operation.body_start == f'[{{"value":{wanted}}}]'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("declared", "value", "wanted"),
    [
        ("int4", '"7"', '"7"'),
        ("int8", "7", '"7"'),
        ("numeric", "1.25", '"1.25"'),
        ("bool", "true", '"true"'),
        ("bool", '"yes"', '"true"'),
        ("text", '"a\\u2603b"', '"a☃b"'),
        ("timestamp", '"2026-01-02T03:04:05"', '"2026-01-02 03:04:05"'),
        ("float8", "0.5", '"0.5"'),
    ],
)
def test_parameters_take_the_type_of_their_place(postgresql: Server, declared: str, value: str, wanted: str) -> None:
    sql = f'sql = "select (:value ::{declared})::text as value"\nparams = {{ value = {value} }}'
    (operation,) = probed(plan_of(postgresql.url, sql)).operations
    assert operation.problem == ""
    assert operation.body_start == f'[{{"value":{wanted}}}]'


@pytest.mark.slow
def test_a_value_of_another_type_has_the_code_of_the_server(postgresql: Server) -> None:
    record = once(postgresql, 'sql = "select :value ::int4"\nparams = { value = "no number" }')
    assert classes(record) == {"sql.22P02": 5}


@pytest.mark.slow
def test_what_a_server_says_between_is_no_answer(postgresql: Server) -> None:
    speaks = "sql = \"do $$ begin raise notice 'hear'; perform set_config('application_name', 'x', false); end $$\""
    record = once(postgresql, 'sql = "listen news"', 'sql = "notify news"', speaks)
    assert classes(record) == {}
    assert record.whole_run.ok == record.whole_run.scheduled == 15


def test_rows_that_fill_many_reads_are_counted(postgresql: Server) -> None:
    many = "sql = \"select repeat('x', 100) from generate_series(1, 5000)\""
    record = once(postgresql, f'name = "seen"\n{many}\nchecks = [{{ rows = 5000 }}]', f'name = "unseen"\n{many}')
    assert classes(record) == {}
    total = record.summary.total
    assert total.received_bytes > 10 * 5000 * 100
    assert total.times_ms["fetch"] > 0


def test_statements_that_are_forgotten_are_prepared_anew(postgresql: Server) -> None:
    record = once(postgresql, 'name = "a"\nsql = "select 1"', 'name = "b"\nsql = "deallocate all"')
    assert set(classes(record)) == {"sql.26000"}
    assert record.summary.operations["a"].counts.ok >= 2
    assert record.summary.operations["b"].counts.ok >= 1


def test_copying_is_data_out_and_an_error_in(postgresql: Server) -> None:
    postgresql.ask("drop table if exists copied; create table copied(id int); insert into copied values (1), (2)")
    out = 'name = "out"\nsql = "copy copied to stdout"\nchecks = [{ rows = 2 }]'
    record = once(postgresql, out, 'name = "in"\nsql = "copy copied from stdin"')
    assert record.summary.operations["out"].error_classes == {}
    assert record.summary.operations["in"].error_classes.keys() == {"sql.57014"}


def test_what_is_past_its_deadline_is_stopped_on_the_server(postgresql: Server) -> None:
    plan = plan_of(postgresql.url, 'sql = "select pg_sleep(60)"', load="users = 3\nmax_requests = 3")
    record = ran(replace(plan, target=replace(plan.target, timeout_s=0.5)))
    assert classes(record) == {"timeout": 3}
    left = "select count(*) from pg_stat_activity where query like 'select pg_sleep(60)%' and state = 'active'"
    assert postgresql.ask(left) == "0"


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\1name", b"\0\1name\0", b"\xff\xff" + b"a\0" * 9])
def test_a_row_description_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        columns_of(body)


@pytest.mark.parametrize(
    "rows", [(b"",), (b"\0",), (b"\0\1",), (b"\0\1\0\0",), (b"\0\1\x7f\xff\xff\xff",), (b"\0\1\0\0\0\1x",)]
)
def test_rows_that_are_none_do_no_harm(rows: Sequence[bytes]) -> None:
    reply = WireReply(Columns(("a",), (int,)), rows, len(rows))
    with suppress(ValueError):
        assert isinstance(reply.document(), list)


def test_errors_and_tags_are_read_for_what_they_are() -> None:
    assert error_of(b"SFATAL\0VFATAL\0C57P01\0Mend\0\0") == (True, "57P01", "end")
    assert error_of(b"SERROR\0C42601\0Mno \xff\0") == (False, "42601", "no \ufffd")
    assert error_of(b"") == (False, "", "")
    assert [changed_rows(tag) for tag in (b"INSERT 0 5", b"UPDATE 12", b"LISTEN", b"SELECT " + b"9" * 30)] == [
        5,
        12,
        0,
        0,
    ]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[str]:
    """The URL of a PostgreSQL that speaks TLS, too, under the name of its certificate."""
    with postgresql_server(authority.issue("server", names=f"{LOCALHOST},DNS:moved.test")) as server:
        yield server.url.replace("127.0.0.1", "localhost")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "is_encrypted"),
    [
        ("?sslmode=disable", False),
        ("?sslmode=require&application_name=perftui", True),
        ("?sslmode=verify-full&sslrootcert={authority}", True),
    ],
)
def test_the_options_of_other_programs_mean_the_same(
    encrypted: str, authority: Authority, options: str, *, is_encrypted: bool
) -> None:
    url = encrypted + options.format(authority=authority.certificate)
    asked = 'sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"'
    checked = f"checks = [{{ json = '$[0].ssl', equals = {str(is_encrypted).lower()} }}]"
    record = ran(plan_of(url, f"{asked}\n{checked}", load="users = 2\nmax_requests = 10"))
    assert (record.summary.total.counts.ok, classes(record)) == (10, {})


@pytest.mark.parametrize("options", ["?sslmode=verify-full&sslrootcert={authority}", "?sslmode=require"])
def test_connections_go_where_the_name_led_before_the_start(
    encrypted: str, authority: Authority, options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only this process can look the name up: workers that ask again would find nobody."""
    ask = socket.getaddrinfo

    def answer(host: str, *arguments: Any, **named: Any) -> Any:
        return ask("127.0.0.1" if host == "moved.test" else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    url = encrypted.replace("localhost", "moved.test") + options.format(authority=authority.certificate)
    record = ran(plan_of(url, 'sql = "select 1"', load="users = 2\nmax_requests = 10"))
    assert (record.summary.total.counts.ok, classes(record)) == (10, {})


def test_the_name_that_is_verified_is_that_of_the_url(
    encrypted: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = socket.getaddrinfo

    def answer(host: str, *arguments: Any, **named: Any) -> Any:
        return ask("127.0.0.1" if host == "other.test" else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    url = encrypted.replace("localhost", "other.test") + f"?sslmode=verify-full&sslrootcert={authority.certificate}"
    with pytest.raises(UnreachableError, match=r"not valid for 'other\.test'\. \(tls\.hostname\)"):
        ran(plan_of(url, 'sql = "select 1"'))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("?sslmode=maybe", "sslmode is one of disable, allow"),
        ("?sslmode=verify-full&sslrootcert=/nonexistent.pem", "sslrootcert: there is no file /nonexistent.pem"),
        ("?sslmode=verify-full", "sslmode=verify-full needs to know an authority: write sslrootcert=FILE"),
    ],
)
def test_what_they_cannot_mean_is_told_before_the_start(encrypted: str, options: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ran(plan_of(encrypted + options, 'sql = "select 1"'))
