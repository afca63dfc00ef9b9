"""Values of data files and counters."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import DataSource
from perftui.presets.data_files import read_columns, read_rows
from perftui.presets.placeholders import JsonTemplate, Template
from perftui.presets.values import ValueStream


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """Five users as CSV."""
    path = tmp_path / "users.csv"
    path.write_text('name,"pass word"\nann,a1\n"bob, jr",b2\ncy,c3\ndi,d4\ned,e5\n', encoding="utf-8")
    return path


def test_numbers_are_unique_over_workers() -> None:
    streams = [ValueStream(worker=worker, workers=3) for worker in range(3)]
    numbers = []
    for stream in streams:
        for _ in range(100):
            stream.advance()
            numbers.append(stream.number)
    assert sorted(numbers) == list(range(1, 301))


def test_users_share_the_counter_of_their_worker() -> None:
    stream = ValueStream(worker=1, workers=2)
    users = [stream.for_user(index) for index in range(3)]
    for user in (*users, *users):
        user.advance()
    assert [user.number for user in users] == [8, 10, 12]


def test_columns_of_a_request_come_from_one_row(users: Path) -> None:
    stream = ValueStream([DataSource(name="u", file=str(users))])
    template = Template.compile("${data:u.name}:${data:u.pass word}")
    made = []
    for _ in range(6):
        stream.advance()
        assert template.render(stream, {}) == template.render(stream, {})
        made.append(template.render(stream, {}))
    assert made == ["ann:a1", "bob, jr:b2", "cy:c3", "di:d4", "ed:e5", "ann:a1"]


def test_rows_in_turn_are_shared_by_workers(users: Path) -> None:
    template = Template.compile("${data:u.name}")
    made = []
    for worker in range(2):
        stream = ValueStream([DataSource(name="u", file=users.name)], worker=worker, workers=2, directory=users.parent)
        for _ in range(2):
            stream.advance()
            made.append(template.render(stream, {}))
    assert sorted(made) == ["ann", "bob, jr", "cy", "di"]


def test_each_user_keeps_its_row(users: Path) -> None:
    stream = ValueStream([DataSource(name="u", file=str(users), order="per_user")])
    template = Template.compile("${data:u.name}")
    for index, name in enumerate(["ann", "bob, jr", "cy", "di", "ed"]):
        user = stream.for_user(index)
        for _ in range(3):
            user.advance()
            assert template.render(user, {}) == name


def test_random_rows_reach_all(users: Path) -> None:
    stream = ValueStream([DataSource(name="u", file=str(users), order="random")], seed=3)
    template = Template.compile("${data:u.name}")
    made = set()
    for _ in range(200):
        stream.advance()
        made.add(template.render(stream, {}))
    assert len(made) == 5


def test_the_seed_decides(users: Path) -> None:
    def run(seed: int) -> list[str]:
        stream = ValueStream([DataSource(name="u", file=str(users), order="random")], seed=seed)
        template = Template.compile("${data:u.name} ${rand:1..1000} ${choice:a|b|c}")
        made = []
        for _ in range(20):
            stream.advance()
            made.append(template.render(stream, {}))
        return made

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_json_lines_keep_types(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"id": 7, "tags": ["a"], "name": "x"}\n\n{"id": null, "tags": [], "name": "y"}\n', encoding="utf-8"
    )
    assert read_columns(path) == ("id", "tags", "name")
    stream = ValueStream([DataSource(name="r", file=str(path))])
    stream.advance()
    template = JsonTemplate.compile({"id": "${data:r.id}", "tags": "${data:r.tags}", "text": "#${data:r.id}"})
    assert template.render(stream, {}) == b'{"id":7,"tags":["a"],"text":"#7"}'


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"", "no rows"),
        ("a.csv", b"name,age\n", "no rows"),
        ("a.csv", b"a,b\n1,2\n3\n", "a.csv:3: 1 fields, but 2 names"),
        ("a.csv", b"a\n\xff\n", "not UTF-8 at byte 2"),
        ("a.csv", b'a\n"x\n', "unexpected end of data"),
        ("a.jsonl", b"[1]\n", "a.jsonl:1: no JSON object"),
        ("a.jsonl", b'{"a":1}\n{"a"\n', "a.jsonl:2: no JSON object"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl:1: no JSON object"),
    ],
)
def test_broken_data_is_refused_in_words(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=expected):
        read_rows(path)
    with pytest.raises(UsageError, match="there is no such file"):
        read_rows(tmp_path / "missing.csv")
