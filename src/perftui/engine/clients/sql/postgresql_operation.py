"""An operation of PostgreSQL: its messages are made ahead where its values are."""

from __future__ import annotations

from perftui.engine.clients.operation import Sent
from perftui.engine.clients.rendering import Renderer
from perftui.engine.clients.sql.operation import SqlOperation
from perftui.engine.clients.sql.postgresql_wire import WireRequest, encoded


class PostgresqlOperation(SqlOperation):
    """Statements that travel as messages."""

    __slots__ = ()

    def _made_by(self, render: Renderer) -> Renderer:
        return lambda values, variables: encoded(render(values, variables))

    def describe(self, request: WireRequest) -> Sent:
        """As SqlOperation."""
        return self._describe(request.said)
