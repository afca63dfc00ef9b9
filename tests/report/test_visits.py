"""The table of a browser's visits: what stands below the rounds is of the rounds above."""

from __future__ import annotations

from perftui.report.visits import visits_table


def test_the_median_of_two_lies_between_them() -> None:
    lines = visits_table([{"page_load": 250.0, "first_paint": 120.0}, {"page_load": 273.0}]).splitlines()
    found = {words[0]: words[1:] for words in map(str.split, lines[1:])}
    assert found == {
        "1": ["120", "250", "–", "–"],
        "2": ["–", "273", "–", "–"],
        "median": ["120", "262", "–", "–"],
        "least": ["120", "250", "–", "–"],
        "most": ["120", "273", "–", "–"],
    }


def test_without_a_visit_nothing_is_made_up() -> None:
    lines = visits_table([]).splitlines()
    assert [line.split() for line in lines[1:]] == [[name, *"––––"] for name in ("median", "least", "most")]
