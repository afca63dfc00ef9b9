"""How an API wants to know who asks: what a document says of it, as the target's auth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perftui.model.text import safe_text
from perftui.presets.importing.found import Finding


class Security:
    """The ways of a document, and which one each operation takes: the first that perftui can go."""

    def __init__(self, document: dict[str, Any], resolve: Callable[[object], object], finding: Finding) -> None:
        components = document.get("components")
        schemes = components.get("securitySchemes") if isinstance(components, dict) else None
        self._schemes = {
            str(name): auth
            for name, scheme in (schemes.items() if isinstance(schemes, dict) else ())
            if (auth := _auth(resolve(scheme)))
        }
        self._said = document.get("security")
        self._finding = finding
        self._used: set[str] = set()
        paths = document.get("paths")
        items = [resolve(item) for item in paths.values()] if isinstance(paths, dict) else []
        operations = [one for item in items if isinstance(item, dict) for one in item.values() if isinstance(one, dict)]
        # Many documents define a way and never say where it is wanted.
        self._is_for_all = self._said is None and not any("security" in one for one in operations)

    def of(self, operation: dict[str, Any]) -> dict[str, Any]:
        """The auth of an operation; empty: none."""
        if self._is_for_all:
            names = list(self._schemes)[:1]
        else:
            said = operation.get("security", self._said)
            wanted = said if isinstance(said, list) else []
            if {} in wanted:
                return {}  # it may be asked without
            names = [str(name) for one in wanted if isinstance(one, dict) for name in one]
        name = next((name for name in names if name in self._schemes), "")
        self._used.add(name)
        return self._schemes.get(name, {})

    def tell(self) -> None:
        """Name the ways that no operation takes."""
        used = ", ".join(sorted(self._used - {""}))
        for name in self._schemes.keys() - self._used:
            self._finding.omit(f"ways to identify ourselves other than {safe_text(used, 60) or 'none'}", name)


def _auth(scheme: object) -> dict[str, Any]:
    if not isinstance(scheme, dict):
        return {}
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
    flow = flow if isinstance(flow, dict) else {}
    name = str(scheme.get("name", ""))
    match (scheme.get("type"), str(scheme.get("scheme", "")).lower(), scheme.get("in")):
        case ("http", "bearer", _) | ("openIdConnect", _, _):
            return {"bearer": "${env:API_TOKEN}"}
        case ("http", "basic", _) | ("basic", _, _):
            return {"basic": {"user": "${env:API_USER}", "password": "${env:API_PASSWORD}"}}
        case ("http", "digest", _):
            return {"digest": {"user": "${env:API_USER}", "password": "${env:API_PASSWORD}"}}
        case ("apiKey", _, "header" | "query" as place) if name:
            return {place: {"name": name, "value": "${env:API_KEY}"}}
        case ("oauth2", _, _) if str(flow.get("tokenUrl", "")).startswith("http"):
            client = {"client_id": "${env:CLIENT_ID}", "client_secret": "${env:CLIENT_SECRET}"}
            scopes = " ".join(map(str, flow["scopes"])) if isinstance(flow.get("scopes"), dict) else ""
            return {"oauth2": {"token_url": flow["tokenUrl"], **client, **({"scope": scopes} if scopes else {})}}
        case ("oauth2", _, _):
            return {"bearer": "${env:API_TOKEN}"}
        case _:
            return {}
