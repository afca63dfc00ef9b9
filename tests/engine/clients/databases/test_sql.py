"""Databases, real ones: the same operations for each, counted by the server itself where it counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.model.errors import UnreachableError, UsageError
from support.databases import Server
from support.short_runs import plan_of, probed, ran

ITEMS = "create table items(id integer primary key, name varchar(200), price numeric(9, 2), sold integer not null)"
ROWS = ",".join(f"({number}, 'item {number}', {number}.5, 0)" for number in range(1, 101))
BY_ID = """name = "by id"
sql = "select id, name, price from items where id = :id and :id > 0"
params = { id = "${rand:1..100}" }
checks = [{ rows = 1 }, { json = "$[0].name", matches = "^item [0-9]+$" }]"""
SALE = """name = "sale"
sql = ["update items set sold = sold + 1 where id = :id", "select sold from items where id = :id"]
params = { id = "${rand:1..20}" }
checks = [{ min_rows = 1 }]"""
DOUBLE = """name = "double"
sql = ["insert into items values (:new, 'x', 1, 0)", "insert into items values (1, 'twice', 1, 0)"]
params = { new = 1000 }"""
INJECTED = "x'; drop table items; -- \\\" ${seq}"
Ask = Callable[[str], str]


@pytest.fixture(params=["postgresql", "mariadb", "sqlite", "generic"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Ask]:
    """A URL of a database with 100 items, and a way to ask it past perftui."""
    statements = ["drop table if exists items", ITEMS, f"insert into items values {ROWS}"]
    if request.param in {"sqlite", "generic"}:
        path = tmp_path / "shop.db"

        def ask(statement: str) -> str:
            with sqlite3.connect(path) as connection:
                return "\n".join("|".join(map(str, row)) for row in connection.execute(statement))

        url = f"sqlite:///{path}" if request.param == "sqlite" else f"sqlite+pysqlite:///{path}"
    else:
        server: Server = request.getfixturevalue(request.param)
        url = server.url
        use = "use shop; " if request.param == "mariadb" else ""

        def ask(statement: str) -> str:
            return server.ask(f"{use}{statement};")

    for statement in statements:
        ask(statement)
    return url, ask


def test_transactions_are_whole_or_not_at_all(shop: tuple[str, Ask]) -> None:
    url, ask = shop
    record = ran(plan_of(url, SALE, DOUBLE, load="users = 1\nmax_requests = 40"))

    sale, double = (record.summary.operations[name] for name in ("sale", "double"))
    assert sale.counts.ok == sale.counts.scheduled > 0
    assert int(ask("select sum(sold) from items")) == sale.counts.ok
    assert double.counts.errors == double.counts.scheduled > 0
    (refused,) = double.error_classes
    assert refused in {"sql.23505", "sql.23000", "sql.SQLITE_CONSTRAINT_PRIMARYKEY"}
    assert ask("select count(*) from items where id = 1000") == "0"


def test_rows_are_values_and_their_time_has_parts(shop: tuple[str, Ask]) -> None:
    url, _ = shop
    record = ran(plan_of(url, BY_ID, load="users = 4\nconnections = 2\nmax_requests = 100"))

    total = record.summary.total
    assert total.counts.ok == total.counts.scheduled == 100
    assert total.times_ms["execute"] > 0
    assert total.times_ms["queue"] > 0
    assert "first_byte" not in total.times_ms
    through = [finding for finding in record.findings if finding.code == "through_library"]
    assert len(through) == url.startswith("sqlite+")


def test_what_a_placeholder_holds_never_becomes_sql(shop: tuple[str, Ask]) -> None:
    url, ask = shop
    write = (
        f'name = "w"\nsql = "update items set name = :name where id = :id"\nparams = {{ id = 7, name = "{INJECTED}" }}'
    )
    read = """name = "r"\nsql = "select id from items where name = :name"\nparams = { name = "' or '1'='1" }"""
    record = ran(plan_of(url, write + "\nchecks = [{ rows = 1 }]", read + "\nchecks = [{ rows = 0 }]"))

    assert record.whole_run.ok == record.whole_run.scheduled == 40
    assert ask("select count(*) from items") == "100"
    assert ask("select name from items where id = 7").startswith("x'; drop table items; -- \" ")
    with pytest.raises(UsageError, match="write :name in it, and the value in params"):
        plan_of(url, """sql = "select * from items where name = '${fake:word}'" """)


def test_values_of_every_kind_come_back_as_they_were(shop: tuple[str, Ask]) -> None:
    url, _ = shop
    plan = plan_of(
        url,
        'sql = "insert into items values (:id, :name, :price, :sold)"\n'
        'params = { id = "500", name = "grüße ☃", price = 12.25, sold = 3 }\nchecks = [{ rows = 1 }]',
        'sql = "select id, name, sold from items where id = :id"\nparams = { id = 500 }\nchecks = ['
        '{ json = "$[0].name", equals = "grüße ☃" }, { json = "$[0].sold", equals = 3 }, { rows = 1 }]',
        'sql = "select name from items where id = :id"\nparams = { id = 501 }\nchecks = [{ not_nil = true }]',
    )
    insert, select, nothing = probed(plan).operations
    assert (insert.problem, select.problem) == ("", "")
    assert "not nil" in nothing.problem


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ('sql = "select :a"', "no value for :a"),
        ('sql = "select 1"\nparams = { b = 1 }', "no statement has :b"),
    ],
)
def test_parameters_and_values_fit(shop: tuple[str, Ask], operation: str, words: str) -> None:
    url, _ = shop
    with pytest.raises(UsageError, match=words):
        ran(plan_of(url, operation))


def test_a_table_that_is_not_there_has_the_code_of_the_server(shop: tuple[str, Ask]) -> None:
    url, _ = shop
    record = ran(plan_of(url, 'sql = "select * from nothing_here"'))
    (name,) = record.summary.total.error_classes
    assert name in {"sql.42P01", "sql.42S02", "sql.SQLITE_ERROR"}
    assert record.whole_run.errors == 40


def test_postgresql_counted_what_the_run_counted(postgresql: Server) -> None:
    postgresql.ask("create extension if not exists pg_stat_statements; drop table if exists items")
    postgresql.ask(f"{ITEMS}; insert into items values {ROWS}; select pg_stat_statements_reset()")
    record = ran(plan_of(postgresql.url, BY_ID, SALE, load="users = 4\nmax_requests = 200"))

    def calls(start: str) -> int:
        return int(
            postgresql.ask(f"select coalesce(sum(calls), 0) from pg_stat_statements where query ilike '{start}%'")
        )

    operations = record.summary.operations
    assert record.whole_run.ok == 200
    assert calls("select id, name, price from items") == operations["by id"].counts.ok
    assert calls("update items") == calls("commit") == operations["sale"].counts.ok


def test_a_password_that_is_wrong_is_said_before_the_start(mariadb: Server) -> None:
    url = mariadb.url.replace("app@", "nobody_known:geheim@")
    with pytest.raises(UnreachableError, match=r"28000|1045|Access denied") as raised:
        ran(plan_of(url, 'sql = "select 1"'))
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("statement", "writes"),
    [
        ("select * from items", False),
        ("  -- a comment\\nselect 1", False),
        ("select nextval('s')", True),
        ("select * into copy from items", True),
        ("with gone as (delete from items returning *) select * from gone", True),
        ("delete from items", True),
        ("explain analyze delete from items", True),
    ],
)
def test_what_may_write_is_known_to_the_guard(statement: str, writes: bool) -> None:  # noqa: FBT001 - a table
    assert plan_of("postgresql://127.0.0.1/x", f'sql = "{statement}"').writes is writes
