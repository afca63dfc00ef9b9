"""Mistakes of a preset file: collected all at once, each with its key path and, where it can be found, its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from perftui.model.text import safe_text
from perftui.presets.lines import locate_keys

KeyPath = tuple[str | int, ...]
MOST_PROBLEMS = 50
"""Told at once; more would hide the first ones."""
GIVEN_URL = "the URL"
"""As a key path: the URL of the command line or the form."""


class Problems:
    """A growing list of mistakes."""

    def __init__(self) -> None:
        self._found: list[tuple[KeyPath, str]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def __iter__(self) -> Iterator[tuple[KeyPath, str]]:
        return iter(self._found)

    def add(self, path: KeyPath, message: str) -> None:
        """Note a mistake: where it is and what to do."""
        self._found.append((path, message))

    def lines(self, source: str, text: str, *, changed: Iterable[KeyPath] = ()) -> tuple[str, ...]:
        """One line per mistake in the order of the file: `read.toml:12: load.rate: must be above 0`.

        Args:
            source: name of the file; what was given beside it (a URL, options) is told without it.
            text: its text, for the line numbers.
            changed: keys that came from `--set`; their mistakes are said to be there.
        """
        where = locate_keys(text)
        set_keys = set(changed)
        rows = []
        for number, (path, message) in enumerate(dict.fromkeys(self._found)):
            key = f"{show_path(path)}: " if path else ""
            if any(path[: len(other)] == other for other in set_keys):
                rows.append((0, number, f"--set: {key}{message}"))
                continue
            if path and str(path[0]).startswith((GIVEN_URL, "--")):
                rows.append((0, number, f"{key}{message}"))
                continue
            line = 0 if source == GIVEN_URL else _line(where, path)  # nobody wrote the lines that a URL means
            place = f"{source}:{line}" if line else source
            rows.append((line, number, f"{place}: {key}{message}"))
        rows.sort(key=lambda row: row[:2])
        told = [row[2] for row in rows[:MOST_PROBLEMS]]
        if len(rows) > MOST_PROBLEMS:
            told.append(f"{source}: {len(rows) - MOST_PROBLEMS:,} more mistakes")
        return tuple(told)


def show_path(path: KeyPath) -> str:
    """The path as written in a sentence: `operations[0].checks[1].status`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{safe_text(step, 60)}" if text else safe_text(step, 60)
    return text


def nearest_word(word: str, known: Iterable[str]) -> str:
    """The known word that is nearest; empty when none is near."""
    by_lower = {one.lower(): one for one in known}
    found = get_close_matches(word[:100].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'duration'?`, or nothing when no known word is near."""
    found = nearest_word(word, known)
    return f"; did you mean {found!r}?" if found else ""


def _line(where: dict[KeyPath, int], path: KeyPath) -> int:
    for length in range(len(path), 0, -1):
        if path[:length] in where:
            return where[path[:length]]
    return 0
