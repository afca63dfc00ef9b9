"""How much room an object takes with all that it alone leads to."""

from __future__ import annotations

import gc
import sys
from types import FunctionType, ModuleType

_SHARED = (type, ModuleType, FunctionType)
"""There anyway: no part of what an object holds."""


def held_bytes(*roots: object, without: object = None) -> int:
    """Bytes of some objects and everything they refer to, each once; without what another one leads to, too."""
    seen: set[int] = set()
    _walk([without], seen)
    return _walk(list(roots), seen)


def _walk(waiting: list[object], seen: set[int]) -> int:
    size = 0
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, _SHARED):
            seen.add(id(one))
            size += sys.getsizeof(one)
            waiting.extend(gc.get_referents(one))
    return size
