"""A first preset for somebody's own database: its schema is read, nothing else; what it writes, changes nothing."""

# ruff: noqa: S608 - statements are what it writes, of names that the dialect has quoted
from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct
from sqlalchemy import MetaData, Table, create_engine, func, select
from sqlalchemy.engine import URL, Connection, Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import Integer

from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.reaching import shown_url
from perftui.engine.clients.sql.statements import url_of
from perftui.model.errors import UnreachableError, UsageError
from perftui.model.plan import Target
from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.writing import write_preset

_MOST_TABLES = 200
_BATCH = 100
_PASSWORD = "DATABASE_PASSWORD"  # noqa: S105 - the name of a variable
_TIMEOUT_S = 30.0


class _Found(Struct, frozen=True, kw_only=True):
    """A table that has one whole number as its key, and rows."""

    table: Table
    key: str
    low: int
    high: int


def database_preset(name: str, url: str) -> str:
    """The text of a preset: simple, complex, write and batch queries on the tables that there are.

    Args:
        name: of the preset.
        url: of the database.

    Raises:
        UsageError: the name or the URL cannot be used, or there is no table that queries could be written for.
        UnreachableError: the database cannot be asked.
    """
    if problem := texts.name_problem(name):
        raise UsageError(f"name {name!r}: {problem}")
    target = url_of(Target(url=url))
    try:
        found = asyncio.run(_read(target))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        cause = getattr(error, "orig", None) or error
        refused = next((each for each in (cause, cause.__cause__) if isinstance(each, OSError)), None)
        words = connect_error(refused)[1] if refused is not None else str(cause) or type(cause).__name__
        raise UnreachableError(f"{shown_url(Target(url=url))}: {safe_text(words, 300)}") from error
    if not found:
        raise UsageError("there is no table with rows and one whole number as its primary key to write queries for")
    operations = _operations(found, target.get_dialect()())
    tables: dict[str, Any] = {
        "schema": 1,
        "name": name,
        "title": name,
        "description": "Simple and complex queries, a write that changes nothing, and a batch.\n"
        "Expects 95 of 100 single rows within 50 ms.",
        "kind": "custom",
        "target": {"url": _shown(url, target), "timeout": "5s"},
        "load": {"mode": "rate", "rate": 10, "connections": 20, "warmup": "5s", "duration": "30s"},
        "operations": operations,
        "objectives": [
            {
                "metric": "response_time.p95",
                "operation": operations[0]["name"],
                "target": "< 50ms",
                "critical": "< 100ms",
            },
            {"metric": "error_rate", "target": "< 0.1%", "critical": "< 1%"},
        ],
    }
    comments = [f"Run it: perftui run {name}", f"Try it: perftui probe {name}"]
    if target.password is not None:
        comments.append(f"The password is read from the environment: export {_PASSWORD}=…")
    return write_preset(tables, comments)


def _shown(url: str, target: URL) -> str:
    """The URL with a placeholder for the password."""
    if target.password is None:
        return url
    scheme, _, rest = url.partition("://")
    user = rest.rpartition("@")[0].partition(":")[0]
    return f"{scheme}://{user}:${{env:{_PASSWORD}}}@{rest.rpartition('@')[2]}"


async def _read(url: URL) -> list[_Found]:
    if not url.get_dialect().is_async:
        engine = create_engine(url)
        with engine.connect() as connection:
            return _look(connection)
    asynchronous = create_async_engine(url)
    try:
        async with asyncio.timeout(_TIMEOUT_S), asynchronous.connect() as connected:
            return await connected.run_sync(_look)
    finally:
        await asynchronous.dispose()


def _look(connection: Connection) -> list[_Found]:
    """The tables, those with the most keys first."""
    metadata = MetaData()
    metadata.reflect(connection, views=False)
    found = []
    for table in list(metadata.tables.values())[:_MOST_TABLES]:
        keys = list(table.primary_key.columns)
        if len(keys) != 1 or not isinstance(keys[0].type, Integer) or "${" in str(table):
            continue
        low, high = connection.execute(select(func.min(keys[0]), func.max(keys[0]))).one()
        if low is not None:
            found.append(_Found(table=table, key=keys[0].name, low=int(low), high=int(high)))
    return sorted(found, key=lambda one: one.low - one.high)


def _operations(found: list[_Found], dialect: Dialect) -> list[dict[str, Any]]:
    quote = dialect.identifier_preparer.quote
    first = found[0]
    table, key = _escaped(quote(first.table.name)), _escaped(quote(first.key))
    title = safe_text(first.table.name, 60)
    number = f"${{rand:{first.low}..{first.high}}}"
    other = next((column.name for column in first.table.columns if column.name != first.key), first.key)
    column = _escaped(quote(other))
    return [
        {"name": f"{title} by {first.key}", "weight": 6, "sql": f"select * from {table} where {key} = :id",
         "params": {"id": number}},
        _complex(found, dialect),
        {"name": f"write {title}", "weight": 1, "sql": [f"update {table} set {column} = {column} where {key} = :id"],
         "params": {"id": number}},
        {"name": f"{title} in a batch", "weight": 1,
         "sql": f"select * from {table} where {key} >= :id order by {key} limit {_BATCH}",
         "params": {"id": number}, "checks": [{"min_rows": 1}]},
    ]  # fmt: skip


def _complex(found: list[_Found], dialect: Dialect) -> dict[str, Any]:
    """A join along a foreign key where there is one, else groups of the largest table."""
    quote = dialect.identifier_preparer.quote
    for one in found:
        for reference in one.table.foreign_keys:
            parent, own = reference.column.table.name, reference.parent.name
            if parent == one.table.name:
                continue
            sql = (
                f"select p.{quote(reference.column.name)}, count(*) as n from {quote(one.table.name)} c "
                f"join {quote(parent)} p on p.{quote(reference.column.name)} = c.{quote(own)} "
                f"group by p.{quote(reference.column.name)} order by n desc limit 20"
            )
            return {"name": f"{safe_text(one.table.name, 40)} per {safe_text(parent, 40)}", "weight": 2,
                    "sql": _escaped(sql)}  # fmt: skip
    first = found[0]
    column = quote(next((column.name for column in first.table.columns if column.name != first.key), first.key))
    sql = f"select {column}, count(*) as n from {quote(first.table.name)} group by {column} order by n desc limit 20"
    return {"name": f"groups of {safe_text(first.table.name, 60)}", "weight": 2, "sql": _escaped(sql)}


def _escaped(sql: str) -> str:
    """A colon in a name is no parameter."""
    return sql.replace(":", "\\:")
