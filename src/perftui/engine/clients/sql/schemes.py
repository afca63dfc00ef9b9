"""Which schemes of URLs are databases, and which driver takes them. Imports nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import entry_points

NATIVE = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mysql+asyncmy": "mysql+asyncmy",
    "mariadb": "mariadb+asyncmy",
    "mariadb+asyncmy": "mariadb+asyncmy",
    "sqlite": "sqlite+pysqlite",
}
"""Schemes that are spoken by the driver's own connection, and what SQLAlchemy calls them."""
_PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306, "sqlite": 0}
_THROUGH_SQLALCHEMY = {
    **dict.fromkeys(("postgresql+psycopg", "postgresql+psycopg2", "postgresql+pg8000"), 5432),
    **dict.fromkeys(
        ("mysql+pymysql", "mysql+mysqldb", "mysql+mysqlconnector", "mariadb+pymysql", "mariadb+mariadbconnector"), 3306
    ),
    **dict.fromkeys(("mssql+pyodbc", "mssql+pymssql"), 1433),
    "oracle+oracledb": 1521,
    "sqlite+pysqlite": 0,
}


class Schemes(Mapping[str, int]):
    """Schemes and their default ports: those above, and those of SQLAlchemy's dialects that are installed."""

    @cached_property
    def _ports(self) -> dict[str, int]:
        native = {scheme: _PORTS[scheme.partition("+")[0]] for scheme in NATIVE}
        installed = {entry.name.replace(".", "+"): 0 for entry in entry_points(group="sqlalchemy.dialects")}
        return installed | _THROUGH_SQLALCHEMY | native

    def __getitem__(self, scheme: str) -> int:
        return self._ports[scheme]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ports)

    def __len__(self) -> int:
        return len(self._ports)
