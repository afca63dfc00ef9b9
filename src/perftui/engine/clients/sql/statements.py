"""Statements as a driver takes them: `:name` becomes its own kind of parameter, once, before the start.

Values never become part of a statement: they are sent beside it, whatever they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError, CompileError, NoSuchModuleError

from perftui.engine.clients.sql.schemes import NATIVE
from perftui.model.errors import UsageError
from perftui.model.plan import Target
from perftui.model.text import safe_text
from perftui.presets import grammar

_LEADS_ELSEWHERE = {
    "dsn", "host", "hostaddr", "odbc_connect", "port", "server", "service", "servicefile", "unix_socket",
}  # fmt: skip
"""Options in the URL of one database or another by which its driver connects past the URL's own host."""


class Statement(NamedTuple):
    """One statement. Two with the same text are the same to a database, too."""

    sql: str
    """With the driver's own kind of parameters."""
    names: tuple[str, ...]
    """Of the parameters, by position."""
    source: str
    """As the preset has it."""


Request = list[tuple[Statement, Sequence[Any]]]
"""Statements and their values; several are one transaction."""


def url_of(target: Target) -> URL:
    """The URL of a target as SQLAlchemy takes it, with the driver that we take.

    Raises:
        UsageError: it is no URL of a database, or its driver is not installed.
    """
    scheme, separator, rest = target.url.partition("://")
    try:
        url = make_url(f"{NATIVE.get(scheme.lower(), scheme)}{separator}{grammar.literal(rest)}")
        url.get_dialect()
    except (ArgumentError, ValueError) as error:
        raise UsageError("target.url: is no URL of a database, such as postgresql://USER@HOST/NAME") from error
    except NoSuchModuleError as error:
        raise UsageError(f"target.url: SQLAlchemy knows no {safe_text(scheme, 40)}; install its dialect") from error
    except ImportError as error:
        package = safe_text(error.name or scheme, 40)
        raise UsageError(f"{safe_text(scheme, 40)}:// needs a package: pip install {package}") from error
    _stay_at_host(url, target)
    return url


def _stay_at_host(url: URL, target: Target) -> None:
    """One host is looked up, guarded and confirmed: no part of the URL may lead a driver to another one.

    Raises:
        UsageError: one does.
    """
    for key in url.query:
        if key.lower() in _LEADS_ELSEWHERE:
            raise UsageError(
                f"target.url: {safe_text(key, 40)}= leads to another place than the host; write that there"
            )
    seen = urlsplit(target.url).hostname
    if (url.host or "").lower() != (seen or ""):
        raise UsageError(
            "target.url: its host can be read in two ways; write #, ? and / in a user or password as %23, %3F, %2F"
        )


def compiled(source: str, dialect: Dialect, params: Mapping[str, object]) -> Statement:
    """A statement of a preset for this dialect.

    Raises:
        ValueError: it has a parameter without a value.
    """
    try:
        found = text(source).compile(dialect=dialect)
    except CompileError as error:
        raise ValueError(f"sql: {safe_text(str(error))}") from error
    if missing := [name for name in found.binds if name not in params]:
        raise ValueError(f"sql: no value for :{missing[0]} in params; a colon that is none is written as \\:")
    names = found.positiontup if found.positional else tuple(found.binds)
    return Statement(str(found), tuple(names or ()), source)
