"""What pages are made of, as data: tags, tables, and the environment that renders templates with everything escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perftui import __version__

if TYPE_CHECKING:
    from jinja2 import Environment


class Tag(Struct, frozen=True):
    """A word in a frame; the tone (`good`, `warn`, `bad`) colours it."""

    text: str
    tone: str = ""
    after: str = ""
    """Words behind the frame."""


Cell = str | Tag


class Table(Struct, frozen=True, kw_only=True):
    """Titles and rows: the first `left` and last `words` columns are text, others numbers."""

    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left: int = 1
    words: int = 0

    @property
    def is_number(self) -> list[bool]:
        """Of each column."""
        return [self.left <= place < len(self.titles) - self.words for place in range(len(self.titles))]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("perftui.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(title: str, **content: Any) -> str:  # noqa: ANN401 - what the templates read
    """A whole document. Its policy lets run the one script that is in it, and forbids every connection."""
    environment = _environment()
    script = _source(environment, "hover.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        title=title,
        style=_source(environment, "report.css"),
        script=script,
        script_hash=f"sha256-{digest}",
        version=__version__,
        **content,
    )


def _source(environment: Environment, name: str) -> str:
    """A file of ours as it stands: style and script are no text to be escaped."""
    from markupsafe import Markup

    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704 - a file of this package
