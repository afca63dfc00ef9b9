"""Files of variables that editors keep beside their requests: Postman's environments, http-client.env.json."""

from __future__ import annotations

from typing import Any

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text


def read_environment(text: str, wanted: str = "") -> dict[str, str]:
    """The variables of an environment.

    Args:
        text: of the file.
        wanted: which of several environments in one file; empty: the first.

    Raises:
        UsageError: not such a file, or it has no environment of that name.
    """
    try:
        document = msgspec.json.decode(text.removeprefix("\ufeff"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"not a file of variables: {safe_text(str(error), 120)}") from error
    if not isinstance(document, dict):
        raise UsageError("not a file of variables: no table at its top")
    if isinstance(document.get("values"), list):
        return variables_of(document["values"])
    names = [name for name, one in document.items() if isinstance(one, dict) and name != "$shared"]
    chosen = wanted or next(iter(names), "")
    if chosen not in names:
        told = f", but {safe_text(', '.join(names), 120)}" if names else ""
        raise UsageError(f"no environment {safe_text(chosen or 'at all', 60)!r} in it{told}")
    tables = [document[name] for name in ("$shared", chosen) if isinstance(document.get(name), dict)]
    return {str(name): _text(value) for table in tables for name, value in table.items()}


def variables_of(members: object) -> dict[str, str]:
    """The variables of a list as Postman has it."""
    listed = members if isinstance(members, list) else []
    return {
        str(one.get("key", one.get("id", ""))): _text(one.get("value"))
        for one in listed
        if isinstance(one, dict)
        and one.get("enabled", True)
        and not one.get("disabled")
        and one.get("value") is not None
    }


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
