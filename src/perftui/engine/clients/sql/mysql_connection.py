"""asyncmy's connection, bounded: an answer is only so large, and a password is never sent as it is."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from typing import Any

from asyncmy.connection import Connection
from asyncmy.errors import OperationalError

from perftui.engine.clients.reply import Fault

_NO_PLUGIN = 2059


class _Clear:
    """In the place of a way to log in that shows the password to everybody on the way, and to whoever pretends."""

    def __init__(self, _connection: object) -> None:
        """As asyncmy makes it."""

    def authenticate(self, _packet: object) -> None:
        """Not so."""
        raise OperationalError(_NO_PLUGIN, "the server asks for the password in clear text, which takes TLS")


class BoundedConnection(Connection):
    """A connection whose answers end somewhere."""

    def __init__(self, most_bytes: int, loop: AbstractEventLoop, **options: Any) -> None:  # noqa: ANN401 - of asyncmy
        """Nothing is opened yet.

        Args:
            most_bytes: of one answer.
            loop: that it is opened on.
            options: as asyncmy.connect.
        """
        if not options.get("ssl"):
            options["auth_plugin_map"] = {"mysql_clear_password": _Clear, "dialog": _Clear}
        super().__init__(**options)  # type: ignore[no-untyped-call]  # not in its stubs
        self._loop = loop
        self._most_bytes = most_bytes
        self._taken = 0

    def begin_answer(self) -> None:
        """What comes from now on is another answer."""
        self._taken = 0

    async def _fill_buffer(self, need: int) -> None:
        """Wait for so many bytes, as asyncmy does; a value of several packets is waited for packet by packet."""
        self.take(need)
        await super()._fill_buffer(need)  # type: ignore[misc]  # not in asyncmy's stubs

    def take(self, size: int) -> None:
        """Count bytes of an answer.

        Raises:
            Fault: there are too many; the connection is dropped.
        """
        self._taken += size
        if self._taken > self._most_bytes:
            self.close()
            raise Fault("body_too_large", f"an answer of more than {self._most_bytes:,} bytes", lost=True)
