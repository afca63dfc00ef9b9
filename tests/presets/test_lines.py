"""Line numbers of keys."""

from __future__ import annotations

import tomllib

from hypothesis import example, given
from hypothesis import strategies as st

from perftui.presets.lines import locate_keys

TEXT = '''# a comment with [brackets] = "x"
schema = 1
description = """
[not.a.table]
key = 1
"""

[target]
url = "http://h" # = {
headers = { Accept = "a", "X-Y" = 'b' }

[load]
stages = [
    { duration = "1s", to = 1 },   # first
    { duration = "1s",
      to = 2 },
]

[[operations]]
path = "/a"

[[operations]]
path = '/b'
[operations.json]
a.b = [1, [2, 3]]
[[operations.checks]]
status = 200
'''


def test_lines_of_every_kind_of_key() -> None:
    lines = locate_keys(TEXT)
    assert lines["schema",] == 2
    assert lines["description",] == 3
    assert ("not", "a", "table") not in lines
    assert lines["target", "url"] == 9
    assert lines["target", "headers", "X-Y"] == 10
    assert lines["load", "stages", 0, "to"] == 14
    assert lines["load", "stages", 1] == 15
    assert lines["load", "stages", 1, "to"] == 16
    assert lines["operations", 0, "path"] == 20
    assert lines["operations", 1, "path"] == 23
    assert lines["operations", 1, "json", "a", "b"] == 25
    assert lines["operations", 1, "checks", 0, "status"] == 27


@example("a=[}")
@given(st.text(alphabet="ab=[]{}\",.#\n'\\ 1", max_size=200))
def test_any_text_is_walked_to_its_end(text: str) -> None:
    locate_keys(text)


@given(st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 9)), max_size=3))
def test_every_key_of_valid_text_is_found(tables: dict[str, dict[str, int]]) -> None:
    text = "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in table.items()) for name, table in tables.items()
    )
    assert tomllib.loads(text) == tables
    lines = locate_keys(text)
    for name, table in tables.items():
        for key in table:
            assert text.splitlines()[lines[name, key] - 1].startswith(f"{key} = ")
