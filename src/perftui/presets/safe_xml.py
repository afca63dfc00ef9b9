"""XML that somebody else wrote, as events: no document type, so no entity that expands or reads a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

from perftui.model.text import safe_text

_MOST_DEPTH = 200


def read_xml(
    data: bytes | str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None] | None = None,
) -> None:
    """Go through a document.

    Args:
        data: all of it.
        start: called with name and attributes of each element.
        end: called with the name of each element that ends.
        text: called with each piece of text.

    Raises:
        ValueError: no XML, or nested too deep, or it declares a document type.
    """
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MOST_DEPTH:
            raise ValueError(f"nested deeper than {_MOST_DEPTH}")
        start(name, attributes)

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    def refuse(*_: object) -> NoReturn:
        raise ValueError("declares a document type or entities, which are not read")

    # Bytes may say an encoding that the parser does not know; text has none.
    parser = expat.ParserCreate("utf-8" if isinstance(data, str) else None)
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the parser's own signature
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {safe_text(str(error))}") from error
    except LookupError as error:
        raise ValueError(f"no XML in an encoding that is known: {safe_text(str(error))}") from error
