"""An operation that is a page, prepared: the request of its document, and how those of its parts are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from perftui.engine.clients.http.request import RequestBuilder
from perftui.engine.clients.http.target import Endpoint
from perftui.engine.clients.http.visit import VisitOperation, VisitPreparer
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase, Plan

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.http.digest import Digest
    from perftui.engine.clients.http.operation import HttpOperation
    from perftui.engine.clients.users import VirtualUser
    from perftui.presets.values import ValueStream


_ROOT = Operation(name="part", path="/")
_SAFE = "%/?:@!$&'()*+,;=~[]"
"""What may stand in a path and query as it is."""


class Place:
    """A target that parts of a page come from."""

    def __init__(self, name: str, endpoint: Endpoint, builder: RequestBuilder) -> None:
        self.name = name
        self.endpoint = endpoint
        self.builder = builder
        self.renew()

    def renew(self) -> None:
        """Build the request for its root anew; the path of each part is put in."""
        self.template = self.builder.build(_ROOT)


class PageOperation(VisitOperation):
    """One page."""

    __slots__ = ("_values", "_variables", "own", "places")

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        document: HttpOperation,
        digest: Digest | None,
        *,
        places: Mapping[str, Place],
        values: ValueStream,
        variables: Mapping[str, str],
    ) -> None:
        super().__init__(plan, cells, clean_up, document, digest)
        self._values = values
        self._variables = variables
        self.places = places
        """By origin; the first one is that of the document."""
        self.own = next(iter(places.values()))

    def request_of(self, place: Place, target: str, user: VirtualUser | None) -> bytes:
        """The bytes of the request for a part of the page.

        Raises:
            KeyError: a variable was not captured.
            ValueError: a value cannot stand where it is used.
        """
        values, variables = (self._values, self._variables) if user is None else (user.values, user.variables)
        jar = None if user is None or place is not self.own else user.cookies
        cookie_for = None if jar is None else (lambda _: jar.header_for(place.endpoint.origin + target))
        made = place.template.render(values, variables, cookie_for)
        method, root, rest = made.split(b" ", 2)
        # what identifies by the query stands there after the root's path
        query = root.partition(b"?")[2]
        if query:
            target = f"{target}{'&' if '?' in target else '?'}{query.decode('latin-1')}"
        origin = place.endpoint.origin if root.startswith(b"http") else ""
        return b" ".join((method, (origin + quote(target, safe=_SAFE)).encode(), rest))


class PagePreparer(VisitPreparer):
    """Prepares pages of one target."""

    def __init__(self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues) -> None:
        super().__init__(plan, values, variables, clean_up)
        self._plan = plan
        own = msgspec.structs.replace(self._endpoint, prefix="")
        self._own = Place("", own, RequestBuilder(plan, own))

    def prepare(  # type: ignore[override]  # a page is no request
        self,
        operation: Operation,
        cells: Mapping[Phase, CellRecorder],
        *,
        in_journey: bool,
        whole: bool = False,  # noqa: ARG002 - documents are kept whole anyway
    ) -> PageOperation:
        """As clients.client.Preparer."""
        document = self.first_request(operation, cells, operation.request["page"], in_journey=in_journey)
        return PageOperation(
            operation,
            cells,
            self._clean_up,
            document,
            self._digest,
            places=self._places(operation.also),
            values=self._values,
            variables=self._variables,
        )

    def _places(self, names: tuple[str, ...]) -> dict[str, Place]:
        places = {self._own.endpoint.origin: self._own}
        for name in names:
            plan = self._plan.aimed_at(name)
            endpoint = msgspec.structs.replace(Endpoint.of(plan.target), prefix="")
            places[endpoint.origin] = Place(name, endpoint, RequestBuilder(plan, endpoint))
        return places

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """As HttpPreparer, for the parts of the own target, too."""
        super().replace_headers(headers)
        self._own.builder.replace_headers(headers)
        self._own.renew()
