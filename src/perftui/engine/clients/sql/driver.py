"""SQL as a driver: `sql = "select … where id = :id"`, `params = { id = "${rand:1..5000}" }`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.client import Driver
from perftui.engine.clients.sql.schemes import NATIVE, Schemes
from perftui.engine.clients.task_driver import SessionDriver
from perftui.presets.kinds import BAD, Kind, ListOf, MapOf, Number, Schema, Text
from perftui.presets.problems import KeyPath, Problems
from perftui.presets.request_format import ANY_PLACEHOLDER
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.sql.operation import SqlOperation
    from perftui.engine.clients.target_pool import SessionPool
    from perftui.model.plan import Plan, Target

_NAME = re.compile(r"[A-Za-z_]\w{0,62}")
_READS = re.compile(r"\s*(select|values|table|show|explain(?!\s+(\(.*)?analy))\b", re.IGNORECASE)
_CHANGES = re.compile(
    r"\b(into|insert|update|delete|merge|nextval|setval|lock|call|(pg|lo|dblink|set)_\w+|get_lock)\b", re.IGNORECASE
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def _sql_problem(text: str) -> str:
    if "${" in text:
        return "a statement has no ${…}: write :name in it, and the value in params, where it cannot become SQL"
    return "" if text.strip() else "is empty"


class _Value(Kind):
    """A value of a parameter: text with placeholders, a number, true or false."""

    _text = Text(allow=ANY_PLACEHOLDER, empty=True, most=10_000_000)
    _number = Number(low=-1e300, high=1e300)

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return BAD if self._number.read(value, path, problems) is BAD else value
        return self._text.read(value, path, problems)

    def _schema(self) -> Schema:
        return {"type": ["string", "number", "boolean"]}


class SqlDriver(SessionDriver):
    """Databases."""

    def remark(self, url: str) -> str:
        """What must be known about numbers measured by this URL."""
        scheme = url.partition(":")[0].lower()
        return "" if scheme in NATIVE else f"{scheme}:// goes through SQLAlchemy: its time is in these numbers"

    def requests_in(self, request: Mapping[str, Any]) -> int:
        """How many statements are sent each time."""
        return len(_statements(request))


def _statements(request: Mapping[str, Any]) -> Sequence[str]:
    said: str | Sequence[str] = request.get("sql", "")
    return [said] if isinstance(said, str) else said


def _scheme(target: Target) -> str:
    """The scheme of a URL; empty for those that go through SQLAlchemy."""
    scheme = target.url.partition(":")[0].lower()
    return scheme if scheme in NATIVE else ""


def _client_of(plan: Plan) -> type[SessionPool]:
    """The client of the URL's kind of database."""
    scheme = _scheme(plan.target)
    if not scheme:
        from perftui.engine.clients.sql.generic import GenericClient

        return GenericClient
    if scheme == "sqlite":
        from perftui.engine.clients.sql.sqlite import SqliteClient

        return SqliteClient
    if scheme.startswith("postgres"):
        from perftui.engine.clients.sql.postgresql import PostgresqlPool

        return PostgresqlPool
    from perftui.engine.clients.sql.mysql import MysqlClient

    return MysqlClient


def _operation_of(target: Target) -> type[SqlOperation]:
    if _scheme(target).startswith("postgres"):
        from perftui.engine.clients.sql.postgresql_operation import PostgresqlOperation

        return PostgresqlOperation
    from perftui.engine.clients.sql.operation import SqlOperation

    return SqlOperation


def _check(target: Target) -> None:
    from perftui.engine.clients.sql.statements import url_of

    url_of(target)


def _only_reads(request: Mapping[str, Any]) -> bool:
    bare = [_COMMENT.sub(" ", statement) for statement in _statements(request)]
    return all(_READS.match(statement) and not _CHANGES.search(statement) for statement in bare)


def _missing() -> str:
    needed = ("sqlalchemy", "asyncpg", "asyncmy")
    missing = [name for name in needed if find_spec(name) is None]
    return f"SQL needs {' and '.join(missing)}: pip install 'perftui[sql]'" if missing else ""


DRIVER: Driver = SqlDriver(
    name="sql",
    schemes=Schemes(),
    keys={
        "sql": Key(
            ListOf(Text(check=_sql_problem), single=True, least=1, most=100),
            "Statement with :name for each value; a list of statements is one transaction, answered by its last.",
            required=True,
        ),
        "params": Key(
            MapOf(_Value(), check_name=lambda name: "" if _NAME.fullmatch(name) else "is no name of a parameter"),
            "Values of the parameters, sent beside the statement.",
        ),
    },
    client=_client_of,
    operation=_operation_of,
    only_reads=_only_reads,
    missing=_missing,
    check=_check,
)
