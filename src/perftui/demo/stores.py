"""What the demo service keeps its items in beside SQLite, where somebody gives the URLs: PostgreSQL, Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from perftui.demo.database import Row

KEEP_S = 60
"""How long Redis keeps an item."""
_TABLE = """create table if not exists items (
    id integer primary key, name text not null, description text not null, category text not null,
    price float8 not null, quantity integer not null)"""
_COLUMNS = ("id", "name", "description", "category", "price", "quantity")


class StoreError(Exception):
    """A store cannot be used; the text says why."""


class PostgresqlStore:
    """The items in a table `items` of a PostgreSQL database: made and filled when it is not there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opening: asyncio.Task[Any] | None = None

    async def fill(self, items: Sequence[Row]) -> None:
        """Make the table, and put items into an empty one.

        Raises:
            StoreError: the server, or the driver, is not there.
        """
        try:
            import asyncpg
        except ImportError as error:
            raise StoreError("--postgres needs asyncpg: pip install 'perftui[sql]'") from error
        try:
            connection = await asyncpg.connect(self._url, timeout=10)
            try:
                await connection.execute(_TABLE)
                if not await connection.fetchval("select exists (select from items)"):
                    rows = [tuple(item[name] for name in _COLUMNS) for item in items]
                    await connection.copy_records_to_table("items", records=rows, columns=_COLUMNS)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            raise StoreError(f"--postgres: {error}") from error

    async def item(self, item_id: int) -> Row | None:
        """One item."""
        if self._opening is None:  # the first of all who ask
            self._opening = asyncio.ensure_future(self._open())
        pool = await asyncio.shield(self._opening)
        found = await pool.fetchrow("select * from items where id = $1", item_id)
        return None if found is None else dict(found)

    async def _open(self) -> Any:  # noqa: ANN401 - asyncpg has no types
        import asyncpg

        return await asyncpg.create_pool(self._url, min_size=1, max_size=10)


class RedisStore:
    """Items as JSON in Redis, each for a minute. One connection, one command at a time."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn: asyncio.Lock | None = None

    async def check(self) -> None:
        """Ask whether it is there.

        Raises:
            StoreError: it is not.
        """
        try:
            async with asyncio.timeout(10):
                await self._ask("PING")
        except (OSError, TimeoutError, StoreError) as error:
            raise StoreError(f"--redis: {error or 'no answer'}") from error
        finally:
            self.close()

    async def item(self, item_id: int) -> Row | None:
        """One item, if it is kept."""
        kept = await self._ask("GET", f"perftui:item:{item_id}")
        found: Row | None = json.loads(kept) if isinstance(kept, bytes) else None
        return found

    async def keep(self, item: Row) -> None:
        """Keep an item for a while."""
        await self._ask("SET", f"perftui:item:{item['id']}", json.dumps(item), "EX", str(KEEP_S))

    def close(self) -> None:
        """Close the connection; the next command opens another."""
        streams, self._streams = self._streams, None
        self._turn = None
        if streams is not None:
            streams[1].close()

    async def _ask(self, *command: str) -> object:
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            try:
                if self._streams is None:
                    host, port = self._parts.hostname or "127.0.0.1", self._parts.port or 6379
                    self._streams = await asyncio.open_connection(host, port)
                    if self._parts.password:
                        user = [unquote(self._parts.username)] if self._parts.username else []
                        await self._exchange("AUTH", *user, unquote(self._parts.password))
                    if self._parts.path.strip("/"):
                        await self._exchange("SELECT", self._parts.path.strip("/"))
                return await self._exchange(*command)
            except OSError:
                self.close()
                raise

    async def _exchange(self, *command: str) -> object:
        import hiredis

        assert self._streams is not None
        stream, writer = self._streams
        writer.write(hiredis.pack_command(command))  # type: ignore[arg-type]  # its stub means one word
        replies = hiredis.Reader()
        while (reply := replies.gets()) is False:
            data = await stream.read(65536)
            if not data:
                raise ConnectionResetError("Redis closed the connection")
            replies.feed(data)
        if isinstance(reply, hiredis.ReplyError):
            raise StoreError(str(reply))
        return reply
