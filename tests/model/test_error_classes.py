"""The list of error classes is an interface: names and numbers stay."""

from __future__ import annotations

import pytest

from perftui.model.error_classes import ERROR_CLASSES, error_class


def test_numbers_are_unique_and_meanings_are_there() -> None:
    numbers = [known.number for known in ERROR_CLASSES.values()]
    assert len(set(numbers)) == len(numbers)
    assert all(known.meaning and not known.meaning.endswith(".") for known in ERROR_CLASSES.values())


@pytest.mark.parametrize(
    ("name", "number", "meaning"),
    [
        ("timeout", 1050, "no complete answer"),
        ("connect.refused", 1201, "nothing listens"),
        ("http.503", 503, "Service Unavailable"),
        ("http.599", 599, "without a registered name"),
        ("check:has items", 1501, "has items"),
        ("client.ports", 1902, "out of local ports"),
    ],
)
def test_names_have_their_number_and_meaning(name: str, number: int, meaning: str) -> None:
    known = error_class(name)
    assert known.number == number
    assert meaning in known.meaning


@pytest.mark.parametrize("name", ["nonsense", "http.abc", ""])
def test_other_names_are_no_classes(name: str) -> None:
    with pytest.raises(KeyError):
        error_class(name)
