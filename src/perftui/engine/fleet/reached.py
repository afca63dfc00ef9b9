"""What became of a command on every machine: how long before its moment the last of them heard of it."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

NS_PER_MS = 1e6


class Heard(Struct, frozen=True):
    """A machine has heard of a command, or of the begin."""

    kind: str
    due_ns: int
    """The moment that it is for, on the runner's clock."""
    ahead_ns: int
    """How long before that; negative: too late, so it applied it then."""


class Reached:
    """Collects what machines heard, until all have."""

    def __init__(self) -> None:
        self._by_command: dict[tuple[str, int], dict[str, int]] = {}

    def add(self, machine: str, heard: Heard) -> None:
        """A machine heard of something."""
        self._by_command.setdefault((heard.kind, heard.due_ns), {})[machine] = heard.ahead_ns

    def take(self, machines: Collection[str]) -> list[str]:
        """Of each command that all these machines have heard of, in words; of a begin only where it came too late."""
        notes = []
        for command, heard in list(self._by_command.items()):
            if not all(name in heard for name in machines):
                continue
            del self._by_command[command]
            last = min(heard, key=heard.__getitem__)
            ms = heard[last] / NS_PER_MS
            if ms < 0:
                notes.append(f"{command[0]}: machine {last} heard of it {-ms:.0f} ms too late, and applied it then")
            elif command[0] != "begin":
                count = f"all {len(heard)} machines" if len(heard) > 1 else f"machine {last}"
                notes.append(f"{command[0]}: {count} applied it at its moment, known {ms:.0f} ms before at the latest")
        return notes
