"""Headers of the command line: what is none is told, and never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.cli.headers import parse_headers
from perftui.model.errors import UsageError

pytestmark = pytest.mark.quick


def test_headers_come_from_arguments_and_files_in_order(tmp_path: Path) -> None:
    file = tmp_path / "headers"
    file.write_text("# a comment\n\nB:  two words \nC: a:b\n", encoding="utf-8")
    given = parse_headers(["A: 1", f"@{file}", "D:"])
    assert given.pairs == (("A", "1"), ("B", "two words"), ("C", "a:b"), ("D", ""))
    assert given.secret == ("B", "C")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hunter2", "--header number 1: write it as 'Name: value', or @FILE with such lines"),
        ("hun ter2: x", "--header number 1: write it as 'Name: value', or @FILE with such lines"),
        ("A: hunter2\r\nB: x", "--header 'A': a value has no line ends"),
        ("A: hunter2\udcff", "--header 'A': the value is not UTF-8"),
    ],
)
def test_what_is_no_header_is_told_without_its_value(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_headers([text])
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "there is no such file"),
        (b"A: " + b"x" * 65536, "larger than 64 KiB"),
        (b"A: \xff", "not UTF-8 at byte 3; save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, data: bytes | None, problem: str) -> None:
    file = tmp_path / "headers"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        parse_headers([f"@{file}"])
    assert caught.value.problems == (f"--header @{file}: {problem}",)
