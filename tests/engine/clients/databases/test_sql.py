"""Databases, real ones: the same operations for each, counted by the server itself where it counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from perftui.model.errors import UnreachableError, UsageError
from perftui.model.record import Record
from support.databases import Server
from support.short_runs import plan_of, probed, ran

pytestmark = pytest.mark.xdist_group("databases that take seconds to make")

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


@dataclass(frozen=True)
class Shop:
    """A database with 100 items."""

    url: str
    ask: Ask
    """Asks it past perftui."""


@pytest.fixture(scope="module", params=["postgresql", "mariadb", "sqlite", "generic"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """One of each kind."""
    statements = ["drop table if exists items", ITEMS, f"insert into items values {ROWS}"]
    if request.param in {"sqlite", "generic"}:
        path = tmp_path_factory.mktemp("shop") / "shop.db"

        def ask(statement: str) -> str:
            with closing(sqlite3.connect(path)) as connection, connection:
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
    return Shop(url, ask)


@pytest.fixture(scope="module")
def run(shop: Shop) -> Record:
    """What came of all of it; one user more than there are connections."""
    write = 'name = "write"\nsql = "update items set name = :name where id = :id"\nchecks = [{ rows = 1 }]'
    write += f'\nparams = {{ id = 7, name = "{INJECTED}" }}'
    read = 'name = "read"\nsql = "select id from items where name = :name"\nchecks = [{ rows = 0 }]'
    read += """\nparams = { name = "' or '1'='1" }"""
    nothing = 'name = "nothing"\nsql = "select * from nothing_here"'
    load = "users = 2\nconnections = 1\nmax_requests = 120"
    return ran(plan_of(shop.url, BY_ID, SALE, DOUBLE, write, read, nothing, load=load))


def test_transactions_are_whole_or_not_at_all(shop: Shop, run: Record) -> None:
    sale, double = (run.summary.operations[name] for name in ("sale", "double"))
    assert sale.counts.ok == sale.counts.scheduled > 0
    assert int(shop.ask("select sum(sold) from items")) == sale.counts.ok
    assert double.counts.errors == double.counts.scheduled > 0
    (refused,) = double.error_classes
    assert refused in {"sql.23505", "sql.23000", "sql.SQLITE_CONSTRAINT_PRIMARYKEY"}
    assert shop.ask("select count(*) from items where id = 1000") == "0"


def test_rows_are_values_and_their_time_has_parts(shop: Shop, run: Record) -> None:
    by_id = run.summary.operations["by id"]
    assert by_id.counts.ok == by_id.counts.scheduled > 0
    assert by_id.times_ms["execute"] > 0
    assert "first_byte" not in by_id.times_ms
    assert run.summary.total.times_ms["queue"] > 0
    through = [finding for finding in run.findings if finding.code == "through_library"]
    assert len(through) == shop.url.startswith("sqlite+")


def test_what_a_placeholder_holds_never_becomes_sql(shop: Shop, run: Record) -> None:
    write, read = (run.summary.operations[name].counts for name in ("write", "read"))
    assert write.ok == write.scheduled > 0
    assert read.ok == read.scheduled > 0
    assert shop.ask("select count(*) from items") == "100"
    assert shop.ask("select name from items where id = 7").startswith("x'; drop table items; -- \" ")
    with pytest.raises(UsageError, match="write :name in it, and the value in params"):
        plan_of(shop.url, """sql = "select * from items where name = '${fake:word}'" """)


def test_a_table_that_is_not_there_has_the_code_of_the_server(run: Record) -> None:
    nothing = run.summary.operations["nothing"]
    (name,) = nothing.error_classes
    assert name in {"sql.42P01", "sql.42S02", "sql.SQLITE_ERROR"}
    assert nothing.counts.errors == nothing.counts.scheduled > 0


def test_values_of_every_kind_come_back_as_they_were(shop: Shop) -> None:
    plan = plan_of(
        shop.url,
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
def test_parameters_and_values_fit(shop: Shop, operation: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ran(plan_of(shop.url, operation))


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


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=r"none\.db: there is no such file"):
        ran(plan_of(f"sqlite:///{tmp_path}/none.db", "sql = 'select 1'"))
    assert list(tmp_path.iterdir()) == [], "and none is made"


@pytest.mark.slow
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
