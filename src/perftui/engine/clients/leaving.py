"""The end of a process that calls functions of the user's is not theirs to decide.

`os._exit(0)` in one would end the run without a word, and with success.
"""

from __future__ import annotations

import os
from typing import Final, NoReturn

leave: Final = os._exit
"""End this process at once: whoever else calls `os._exit` may be a function."""
_owners: list[int] = []


def keep_process() -> None:
    """From now on `os._exit` raises SystemExit here, which fails the function that calls it. Copies may end."""
    if os.getpid() not in _owners:
        _owners.append(os.getpid())
        os._exit = _refuse


def _refuse(status: int) -> NoReturn:
    if os.getpid() not in _owners:
        leave(status)
    raise SystemExit(f"os._exit({status})")
