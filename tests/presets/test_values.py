"""Values of data files and counters."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from time import process_time

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import DataSource
from perftui.presets.data_files import read_columns, read_rows
from perftui.presets.loading import read_preset
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
    ("name", "content"),
    [
        ("a.csv", b"id,name\n1,ann\n2,bob\n"),
        ("a.csv", b"id;name\r\n1;ann\r\n2;bob\r\n"),
        ("a.csv", b'\xef\xbb\xbfid;name\n1;"an;n"\n2;bob, jr\n'),
        ("a.txt", b"id\tname\n1\tann\n2\tbob\n"),
        ("a.tsv", b"id\tname\n1\ta,n,n\n2\tbob\n"),
        ("a.csv", b"id|name\n1|ann\n2|bob"),
    ],
)
def test_what_separates_the_fields_is_found(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read_columns(path) == ("id", "name")
    rows = read_rows(path)
    assert [row["id"] for row in rows] == ["1", "2"]
    assert all(row["name"].strip() for row in rows)


def test_one_column_needs_no_separator(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\na;b\nc;d;e\n")
    assert read_columns(path) == ("text",)
    assert [row["text"] for row in read_rows(path)] == ["a;b", "c;d;e"]


def test_check_looks_at_every_row(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("id;name\n1;ann\n2\n3;carl;x\n" + "4\n" * 10)
    text = (
        'schema = 1\nname = "x"\n[load]\nrate = 1\nduration = "1s"\n[[operations]]\npath = "/${data:d.name}"\n'
        '[[data]]\nname = "d"\nfile = "d.csv"\n'
    )
    source = str(tmp_path / "x.toml")
    read_preset(text, source)  # the names are right: what a list needs to know
    with pytest.raises(UsageError) as caught:
        read_preset(text, source, whole_files=True)
    told = "\n".join(caught.value.problems)
    assert "d.csv:3: 1 fields, but 2 names in line 1" in told
    assert "d.csv:4: 3 fields, but 2 names in line 1" in told
    assert "7 more lines like these" in told


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"", "no rows"),
        ("a.csv", b"a,b,a\n1,2,3\n", "the column 'a' is there twice"),
        ("a.csv", b"name,age\n", "no rows"),
        ("a.csv", b"a,b\n1,2\n3\n", "a.csv:3: 1 fields, but 2 names"),
        ("a.csv", b"a\n\xff\n", "not UTF-8 at byte 2"),
        ("a.csv", b'a\n"x\n', "unexpected end of data"),
        ("a.csv", b"\n\n\n", "no rows"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16-le"), "NUL at byte 1, as UTF-16 has them; save it as UTF-8"),
        ("a.csv", b"a,b\n1," + b"x" * 200_000, "a.csv:2: a field of more than 131,072 characters; JSON lines"),
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


@pytest.mark.parametrize("content", [b'a,"b\n1,2\n', b"a," + b"x" * 200_000 + b"\n1,2\n"])
def test_a_broken_line_of_names_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.csv:1: "):
        read_columns(path)


@pytest.mark.parametrize(
    ("name", "content", "columns", "first"),
    [
        ("a.csv", b'"a\nx",b\r\n1,"2\r\n3"\r\n\r\n4,5\r\n', ("a\nx", "b"), {"a\nx": "1", "b": "2\r\n3"}),
        ("a.csv", b"\n\na,b\n1,2\n\n3,4", ("a", "b"), {"a": "1", "b": "2"}),
        ("a.csv", b"\xef\xbb\xbfa,b\r1,2\r3,\xc3\xa9\r", ("a", "b"), {"a": "1", "b": "2"}),
        ("a.csv", b'a,b\n"1\r",2\n3,4', ("a", "b"), {"a": "1\r", "b": "2"}),
        ("a.jsonl", '{"a":"\u2028x\u0085"}\n\n{"a":"y"}\n'.encode(), ("a",), {"a": "\u2028x\u0085"}),
        ("a.jsonl", b'\xef\xbb\xbf\r{"a":1}\r{"a":2}\r', ("a",), {"a": 1}),
        ("a.jsonl", b'{"a":"%s"}\n{"a":2}\n' % (b"x" * 200_000), ("a",), {"a": "x" * 200_000}),
    ],
)
def test_rows_are_cut_where_they_end(
    tmp_path: Path, name: str, content: bytes, columns: tuple[str, ...], first: dict[str, object]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    rows = read_rows(path)
    assert read_columns(path) == columns
    assert rows[0] == first
    assert len(rows) == 2
    assert tuple(rows[-1]) == columns


def test_many_columns_are_read_at_once(tmp_path: Path) -> None:
    """Not every one compared with every other."""
    path = tmp_path / "a.csv"
    names = tuple(f"c{number}" for number in range(50_000))
    path.write_text(f"{','.join(names)}\n{',' * 49_999}\n", encoding="utf-8")
    started = process_time()
    assert read_columns(path) == names
    assert read_rows(path)[0]["c49999"] == ""
    assert process_time() - started < 5


def test_many_rows_are_no_more_than_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,name\n" + "".join(f"{number:06},x\n" for number in range(100_000)), encoding="utf-8")
    tracemalloc.start()
    rows = read_rows(path)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert rows[99_999] == {"id": "099999", "name": "x"}
    assert kept < 2.5 * path.stat().st_size

    monkeypatch.setattr("perftui.presets.data_files._MOST_ROWS", 99_999)
    with pytest.raises(UsageError, match=r"a\.csv:100001: more than"):
        read_rows(path)


def test_a_row_without_the_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"b": 2}\n', encoding="utf-8")
    stream = ValueStream([DataSource(name="r", file=str(path))])
    stream.advance()
    assert stream.column("r", "a") == 1
    stream.advance()
    with pytest.raises(KeyError, match=r"data:r\.a"):
        stream.column("r", "a")
