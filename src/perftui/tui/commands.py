"""The command palette: every action of the screen below it, by its name, generated from the bindings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from msgspec import Struct
from textual.command import DiscoveryHit, Hit, Hits, Provider

from perftui.tui.base_app import BaseApp
from perftui.tui.keymap import LIST_IDS, key_name


class Action(Struct, frozen=True):
    """Something the palette can do."""

    name: str
    help: str
    action: str
    namespace: object


class ActionProvider(Provider):
    """Offers what the keys of the screen offer, also those that the footer has no room for."""

    def _actions(self) -> Iterator[Action]:
        seen: set[str] = {"command_palette"}
        shown_first = sorted(self.screen.active_bindings.values(), key=lambda active: not active.binding.show)
        for namespace, binding, enabled, _tooltip in shown_first:
            named = binding.id and binding.tooltip and not binding.id.startswith(LIST_IDS)
            if not named or not enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            name = binding.tooltip.split(";")[0]
            yield Action(name, f"key {key_name(binding.key)}", binding.action, namespace)

    async def discover(self) -> Hits:
        """All of them, in the order of the footer."""
        for action in self._actions():
            yield DiscoveryHit(action.name, partial(self._do, action), help=action.help)

    async def search(self, query: str) -> Hits:
        """Those whose name matches."""
        matcher = self.matcher(query)
        for action in self._actions():
            score = matcher.match(action.name)
            if score > 0:
                yield Hit(score, matcher.highlight(action.name), partial(self._do, action), help=action.help)

    async def _do(self, action: Action) -> None:
        app = self.app
        assert isinstance(app, BaseApp)
        await app.run_action(action.action, action.namespace)  # type: ignore[arg-type]  # a DOM node, from active_bindings
