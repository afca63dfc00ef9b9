"""Results of other load tools as runs, for one side of a comparison: what they lack is said, never invented."""

from perftui.store.foreign.reading import TOOLS, read

__all__ = ["TOOLS", "read"]
