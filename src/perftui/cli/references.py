"""Arguments that name presets and runs, so that a shell can complete them."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

_MOST_ITEMS = 50


class PresetReference(click.ParamType[str, object]):
    """A preset: a name, or a path."""

    name = "preset"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's
        """Names of presets; paths where it looks like one."""
        from perftui.presets.catalog import list_presets

        if "/" in incomplete or incomplete.startswith("."):
            return [CompletionItem(incomplete, type="file")]
        infos = [info for info in list_presets() if info.name.startswith(incomplete)]
        return [CompletionItem(info.name, help=info.title) for info in infos]


class RunReference(click.ParamType[str, object]):
    """A run: an id, a unique prefix, `latest`, a folder or a file."""

    name = "run"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's
        """Ids of the newest runs; paths where it looks like one."""
        from perftui.store.library import RunLibrary

        if "/" in incomplete or incomplete.startswith("."):
            return [CompletionItem(incomplete, type="file")]
        rows = [row for row in RunLibrary().list() if row.id.startswith(incomplete)][:_MOST_ITEMS]
        items = [CompletionItem(row.id, help=f"{row.preset} {row.status} {row.label}".rstrip()) for row in rows]
        return items + ([CompletionItem("latest")] if "latest".startswith(incomplete) else [])


PRESET = PresetReference()
RUN = RunReference()
