"""Patterns of presets: what is found, and what is refused when the preset is read."""

from __future__ import annotations

import pytest

from perftui.model.errors import UsageError
from perftui.presets.loading import parse_preset
from perftui.presets.patterns import compile_pattern

PRESET = """schema = 1
name = "x"
[target]
url = "http://127.0.0.1:1"
[load]
rate = 1
duration = "1s"
[[operations]]
path = "/"
checks = [{{ matches = {pattern} }}]
"""


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b+", "abbc", "bb"),
        ("a(b+)", "abbc", "bb"),
        ("(x)?b", "ab", ""),
        ("é.", "caféü", "éü"),
        ("nothing", "abbc", None),
        ("(?i)ABB", "abbc", "abb"),
        ("c$", "abbc", "c"),
    ],
)
def test_what_is_found(pattern: str, text: str, found: str | None) -> None:
    assert compile_pattern(pattern)(text) == found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("'(?=a)b'", "cannot be searched in linear time: invalid perl operator: (?= (RE2 has no look-around"),
        (r"'(a)\1'", "cannot be searched in linear time: invalid escape sequence"),
        ("'('", "is no regular expression: missing )"),
        ("'a{2000}'", "cannot be searched in linear time: invalid repetition size: {2000}"),
    ],
)
def test_what_cannot_be_searched_in_linear_time_is_refused(
    pattern: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preset(PRESET.format(pattern=pattern), "x.toml")
    [problem] = caught.value.problems
    assert problem.startswith("x.toml:10: operations[0].checks[0].matches: ")
    assert said in problem
    assert capfd.readouterr().err == ""
