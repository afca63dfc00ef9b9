"""PostgreSQL: asyncpg opens connections, which then carry our own messages."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
from asyncpg import connect_utils

from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.connecting import ConnectOptions
from perftui.engine.clients.sql.postgresql_connection import PostgresqlConnection
from perftui.engine.clients.sql.reply import refused
from perftui.engine.clients.target_pool import SessionPool
from perftui.model.errors import UsageError
from perftui.model.text import safe_text

_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_FILES = {"sslrootcert", "sslcert", "sslkey", "sslcrl"}
_OWN_OPTIONS = frozenset(inspect.signature(asyncpg.connect).parameters)
_STOP_S = 1.0
"""For telling the server that nobody waits for an answer any more."""


class PostgresqlPool(SessionPool):
    """A pool whose lanes are connections to PostgreSQL."""

    def begin(self) -> None:
        """Read the URL and the certificates.

        Raises:
            UsageError: one cannot be used.
        """
        self._options = ConnectOptions(self)
        for name in [name for name in self._options.fixed if name.startswith("prepared_statement")]:
            del self._options.fixed[name]  # of SQLAlchemy's own
        _use_libpq_options(self._options.fixed)
        self._stops: set[asyncio.Task[None]] = set()

    def new_lane(self) -> PostgresqlConnection:
        """A connection that is still to be opened."""
        return PostgresqlConnection(self)

    async def connect(self) -> Any:  # noqa: ANN401 - asyncpg has no types
        """A connection of asyncpg's to the next address.

        Raises:
            Fault: the server refused it, or is none.
            OSError: nothing took it.
        """
        try:
            options, loop = self._options.next()
            return await asyncpg.connect(**options, loop=loop, timeout=self.timeout_ns / 1e9)
        except asyncpg.PostgresError as error:
            raise _fault(error) from error
        except TimeoutError as error:
            raise Fault("connect.timeout", "no connection within the timeout", lost=True) from error
        except OSError:
            raise
        except Exception as error:  # asyncpg believes what a server says of itself, whatever that is
            raise Fault("protocol", f"{type(error).__name__}: {error}", lost=True) from error

    async def try_session(self, _request: Any) -> None:  # noqa: ANN401 - as SessionPool
        """As SessionPool."""
        (await self.connect()).terminate()

    def stop(self, held: Any) -> None:  # noqa: ANN401 - as above
        """Let the server stop what it does for this connection of asyncpg's, which may end meanwhile."""
        protocol = held._protocol  # noqa: SLF001 - asyncpg has no other door
        asking = connect_utils._cancel(  # noqa: SLF001 - the same
            loop=held._loop,  # noqa: SLF001 - the same
            addr=held._addr,  # noqa: SLF001 - the same
            params=held._params,  # noqa: SLF001 - the same
            backend_pid=protocol.backend_pid,
            backend_secret=protocol.backend_secret,
        )
        task = self.loop.create_task(_stop(asking))
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)

    async def close(self) -> None:
        """Close every connection."""
        await super().close()
        if self._stops:
            await asyncio.wait(self._stops)


def _use_libpq_options(options: dict[str, Any]) -> None:
    """What URLs say to every other program, such as `sslmode=verify-full`, is read as asyncpg reads it in a URL.

    Raises:
        UsageError: there is no such mode or file.
    """
    others = {name: options.pop(name) for name in list(options) if name not in _OWN_OPTIONS}
    mode = others.get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        raise UsageError(f"target.url: sslmode is one of {', '.join(_SSL_MODES)}; not {safe_text(str(mode), 40)}")
    for name in _SSL_FILES & others.keys():
        if not Path(str(others[name])).is_file():
            raise UsageError(f"target.url: {name}: there is no file {safe_text(str(others[name]), 80)}")
    if mode.startswith("verify-") and not ("ssl" in options or "sslrootcert" in others or _has_own_authority()):
        raise UsageError(
            f"target.url: sslmode={mode} needs to know an authority: write sslrootcert=FILE, or target.tls.ca_file"
        )
    if others:
        options["dsn"] = f"postgresql://?{urlencode(others)}"


def _has_own_authority() -> bool:
    """Whether libpq's own places name an authority."""
    return bool(os.environ.get("PGSSLROOTCERT")) or os.path.exists(os.path.expanduser("~/.postgresql/root.crt"))  # noqa: PTH110, PTH111 - Path raises without a home


async def _stop(asking: Coroutine[Any, Any, None]) -> None:
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # it stops by itself, or is gone
        async with asyncio.timeout(_STOP_S):
            await asking


def _fault(error: asyncpg.PostgresError) -> Fault:
    if isinstance(error, asyncpg.PostgresConnectionError) and not getattr(error, "severity", None):
        return Fault("closed", str(error), lost=True)
    code = getattr(error, "sqlstate", None)
    return refused(code, f"{code} {error}", lost=True)
