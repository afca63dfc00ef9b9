"""Files that somebody else wrote: every kind of broken TOML is refused in words, at once, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.model.errors import ExitCode, UsageError
from perftui.presets.loading import load_plan, parse_preset

GOOD = """schema = 1
name = "x"
[target]
url = "http://127.0.0.1:1"
[load]
rate = 1
duration = "1s"
[[operations]]
path = "/"
"""

BROKEN: dict[str, tuple[bytes, str]] = {
    "not TOML": (b"schema = = 1", "broken.toml:1: column 10: "),
    "UTF-16": (GOOD.encode("utf-16"), "is UTF-16"),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "byte order mark"),
    "Latin-1": (GOOD.replace('"x"', '"\u00e9"').encode("latin-1"), ":2: not UTF-8 at byte"),
    "nested arrays": (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deep"),
    "nested tables": (b"a = " + b"{a=" * 5000 + b"1" + b"}" * 5000, "nested too deep"),
    "5,000 digits": (b"schema = " + b"9" * 5000, "cannot be read"),
    "a huge hexadecimal number": (GOOD.replace("rate = 1", "rate = 0x" + "f" * 10_000).encode(), "too far from 0"),
    "2 MB": (GOOD.encode() + b"#" * 2_000_000, "at most 1 MiB"),
    "a key of 100,000 parts": (b"a" + b".a" * 100_000 + b" = 1", "a key of more than 64 parts"),
    "a table of 100,000 parts": (b"[a" + b".a" * 100_000 + b"]", "a key of more than 64 parts"),
    "twice the same key": (GOOD.replace("rate = 1", "rate = 1\nrate = 2").encode(), "overwrite"),
    "nothing": (b"", "'schema' is missing"),
    "a control character": (GOOD.replace('"x"', '"\x1b[2J"').encode(), "illegal character"),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("case", BROKEN)
def test_broken_file_is_refused_in_words(case: str, tmp_path: Path) -> None:
    data, expected = BROKEN[case]
    path = tmp_path / "broken.toml"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        load_plan(str(path))
    assert caught.value.exit_code is ExitCode.USAGE
    told = "\n".join(caught.value.problems)
    assert expected in told
    assert "\x1b" not in told
    assert all(line.startswith(str(path)) and len(line) < 500 for line in caught.value.problems)


@pytest.mark.parametrize(
    ("line", "replacement", "expected"),
    [
        ("rate = 1", "rate = nan", "load.rate: nan is not a finite number"),
        ("rate = 1", "rate = inf", "load.rate: inf is not a finite number"),
        ("rate = 1", "rate = -1", "load.rate: -1 is too little; must be above 0"),
        ("rate = 1", "rate = 0", "load.rate: 0 is too little; must be above 0"),
        ("rate = 1", "rate = true", "load.rate: true is not a number"),
        ("rate = 1", 'rate = "1"', "load.rate: '1' is text; write the number without quotes: 1"),
        ("rate = 1", "rate = 1e9", "load.rate: 1,000,000,000 is too much; at most 1,000,000"),
        ("rate = 1", "users = 1.5", "load.users: 1.5 is not a whole number"),
        ('duration = "1s"', "durration = '1s'", "load.durration: unknown key; did you mean 'duration'?"),
        ('duration = "1s"', "duration = 30", 'load.duration: 30 has no unit; write it as text with one, such as "30s"'),
        ('duration = "1s"', 'duration = "1 fortnight"', "unknown unit 'fortnight'"),
        ('duration = "1s"', 'duration = "25h"', "load.duration: 25h is too long; at most 24h"),
        ('duration = "1s"', 'duration = "-1s"', "is not a duration"),
        ('duration = "1s"', 'duration = "0s"', "load.duration: must be above 0"),
        ('duration = "1s"', "duration = inf", "load.duration: inf is not a duration"),
        (
            'duration = "1s"',
            'duration = "1s"\nmode = "rates"',
            "load.mode: 'rates' is none of rate, users; did you mean 'rate'?",
        ),
        ('duration = "1s"', 'duration = "1s"\nmode = "users"', "load.mode: is 'users', but the level is 'rate'"),
        ('duration = "1s"', 'duration = "1s"\nusers = 3', "load: has rate and users; name one of"),
        ('duration = "1s"', 'duration = "1s"\nthink = "1s"', 'load.think: is for mode = "users"'),
        ('url = "http://127.0.0.1:1"', 'url = "ftp://x"', "target.url: ftp:// is not spoken"),
        ('url = "http://127.0.0.1:1"', 'url = "127.0.0.1:1"', "start with http:// or https://"),
        ('url = "http://127.0.0.1:1"', 'url = "http://a:b@c"', "target.url: holds a password"),
        ('url = "http://127.0.0.1:1"', 'url = "http://h:99999"', "target.url: is no URL: check host and port"),
        ('url = "http://127.0.0.1:1"', "", "target.url: is missing"),
        ('path = "/"', 'path = "api"', "operations[0].path: must start with /, such as '/api'"),
        ('path = "/"', 'path = "/a b"', "write it as %20"),
        ('path = "/"', 'path = "/a\\r\\nX: y"', "holds a line end"),
        ('path = "/"', 'path = "/a\\u0000"', "a control or an invisible character"),
        ('path = "/"', 'path = "/"\nheaders = { X = "a\\nb" }', "operations[0].headers.X: holds a line end or NUL"),
        ('path = "/"', 'path = "/"\nheaders = { "X Y" = "a" }', "is no header name"),
        ('path = "/"', 'path = "/"\nheaders = { Content-Length = "3" }', "is set by perftui"),
        ('path = "/"', 'path = "/"\nmethod = "get"', "methods are in capitals: GET"),
        ('path = "/"', 'path = "/"\nbody = "x"\njson = {}', "has json and body; a request has one body"),
        ('path = "/"', 'path = "/"\nbody = "x"', 'write method = "POST"'),
        ('path = "/"', 'path = "/"\nweight = 0', "operations[0].weight: 0 is too little"),
        ('path = "/"', 'path = "/${rnd:1..2}"', "did you mean 'rand'"),
        ('path = "/"', 'path = "/${rand:1..2"', "is not closed"),
        ('path = "/"', 'path = "/${rand:9..2}"', "is empty: 9 is above 2"),
        ('path = "/"', 'path = "/${id}"', "${id} is captured nowhere before"),
        ('path = "/"', 'path = "/${data:u.x}"', "there is no [[data]] named 'u'"),
        ('path = "/"', 'path = "/"\nquery = { "a${" = 1 }', "operations[0].query.a${: '${' is not closed"),
        ('path = "/"', 'path = "/"\nmethod = "PUT"\nform = { "${x:y}" = "1" }', "${x:y} is unknown"),
        ('path = "/"', 'path = "/"\nmethod = "PUT"\njson = { a = { "${" = 1 } }', "operations[0].json.a: '${' is not"),
        ('path = "/"', 'path = "/"\nmethod = "PUT"\nmultipart = [{ name = "${", value = "x" }]', "name: '${' is not"),
        ('path = "/"', 'path = "/"\nmethod = "PUT"\nbody_file = "${"', "body_file: the path of a file is written as"),
        ('path = "/"', 'path = "/"\nchecks = [{ matches = "${env:X" }]', "a regular expression has no placeholders"),
        ('path = "/"', 'path = "/"\nchecks = [{ }]', "operations[0].checks[0]: checks nothing"),
        ('path = "/"', 'path = "/"\nchecks = [{ contains = "${seq}" }]', "cannot change between requests here"),
        ('path = "/"', 'path = "/"\nchecks = [{ json = "$", equals = nan }]', "nan is not a finite number"),
        ('path = "/"', 'path = "/"\nchecks = [{ matches = "(" }]', "is no regular expression"),
        ('path = "/"', 'path = "/"\nchecks = [{ json = "$.[" }]', "is no JSON path"),
        ('path = "/"', 'path = "/"\ncaptures = [{ name = "x" }]', "has no source"),
        ('path = "/"', 'path = "/"\ncaptures = [{ name = "seq", json = "$" }]', "already means something"),
        ('path = "/"', 'path = "/"\njson = { at = 2024-01-01 }', "has no place in JSON; put it in quotes"),
        ('path = "/"', 'path = "/"\n[[operations]]\nname = "GET /"\npath = "/b"', "'GET /' is used twice"),
        ('path = "/"', 'path = "/"\n[[objectives]]\nmetric = "response_time.p59"\ntarget = "< 1s"', "did you mean"),
        ('path = "/"', 'path = "/"\n[[objectives]]\nmetric = "error_rate"\ntarget = "< 5s"', "objectives[0].target"),
        (
            'path = "/"',
            'path = "/"\n[[objectives]]\nmetric = "error_rate"\ntarget = "< 1%"\ncritical = "< 0.1%"',
            "is stricter than the target",
        ),
        (
            'path = "/"',
            'path = "/"\n[[objectives]]\nmetric = "error_rate"\ntarget = "< 1%"\noperation = "GET"',
            "'GET' is no operation; did you mean 'GET /'?",
        ),
        ("schema = 1", "schema = 2", "schema: is 2, of a newer perftui; this one reads 1"),
        ('name = "x"', 'name = "../x"', "name: a name has letters"),
        ('name = "x"', "", "'name' is missing: name on the command line"),
        ("[load]", "[laod]", "laod: unknown key; did you mean 'load'?"),
        (
            "[target]",
            '[target]\nauth = { bearer = "x", basic = { user = "a", password = "b" } }',
            "name exactly one way",
        ),
        ("[target]", '[target]\nproxy = "socks5://h:1"', "target.proxy: write it as http://HOST:PORT"),
        ("[target]", '[target]\nauth = { bearer = "${seq}" }', "cannot change between requests here"),
    ],
)
def test_mistake_is_told_where_it_is(line: str, replacement: str, expected: str) -> None:
    assert line in GOOD
    text = GOOD.replace(line, replacement, 1)
    with pytest.raises(UsageError) as caught:
        parse_preset(text, "x.toml")
    assert expected in "\n".join(caught.value.problems)


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    text = """schema = 1
name = "x y"
kind = "reed"
[target]
url = "http://a b"
timeout = 5
[load]
rate = -1
durration = "3s"
[[operations]]
path = "api"
checks = [
    { status = 2000 },
    { jsn = "$.a" },
]
[[objectives]]
metric = "response_time.p95"
target = "< 5"
"""
    with pytest.raises(UsageError) as caught:
        parse_preset(text, "x.toml")
    places = [problem.split(": ")[:2] for problem in caught.value.problems]
    assert places == [
        ["x.toml:2", "name"],
        ["x.toml:3", "kind"],
        ["x.toml:5", "target.url"],
        ["x.toml:6", "target.timeout"],
        ["x.toml:8", "load.rate"],
        ["x.toml:9", "load.durration"],
        ["x.toml:11", "operations[0].path"],
        ["x.toml:13", "operations[0].checks[0].status"],
        ["x.toml:14", "operations[0].checks[1].jsn"],
        ["x.toml:18", "objectives[0].target"],
    ]


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("line", "replacement", "expected"),
    [
        ("[load]", "[laod]", ["x.toml:5: laod: unknown key; did you mean 'load'?"]),
        ('path = "/"', 'pth = "/"', ["x.toml:9: operations[0].pth: unknown key; did you mean 'path'?"]),
        ("rate = 1", "raet = 1", ["x.toml:6: load.raet: unknown key; did you mean 'rate'?"]),
        (
            "[target]",
            '[target]\nauth = { bearer = 1, basci = { user = "a" } }',
            [
                "x.toml:4: target.auth.bearer: 1 is not text; put it in quotes",
                "x.toml:4: target.auth.basci: unknown key; did you mean 'basic'?",
                "x.toml:4: target.auth: has bearer and basic; name exactly one way",
            ],
        ),
        (
            'path = "/"',
            'path = 1\njson = {}\nbody = "x"',
            [
                "x.toml:8: operations[0]: has json and body; a request has one body",
                "x.toml:9: operations[0].path: 1 is not text; put it in quotes",
            ],
        ),
    ],
)
def test_a_mistake_is_told_once_and_hides_no_other(line: str, replacement: str, expected: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preset(GOOD.replace(line, replacement, 1), "x.toml")
    assert list(caught.value.problems) == expected


@pytest.mark.slow
def test_many_mistakes_are_cut_short_and_quick() -> None:
    text = GOOD + "".join(f'[[operations]]\npath = "x{number}"\n' for number in range(20_000))
    with pytest.raises(UsageError) as caught:
        parse_preset(text, "x.toml")
    assert len(caught.value.problems) <= 51


HOSTILE = [
    "\x1b]52;c;aGk=\x07",
    "\x1b[2J",
    "\x9b31m",
    "a\u202eb",
    "\u200b",
    "\ufeff",
    "a\x00",
    "a\x7f",
    "e" + "\u0301" * 9,
]


SHOWN = ["title", "description", "operations.0.name", "operations.0.path", "target.url"]
CASES = [(place, text) for place in SHOWN for text in HOSTILE]
# Headers may hold any letter: what shows them makes it safe.
CASES += [("operations.0.headers.X", text) for text in HOSTILE if text.isascii()]


@pytest.mark.parametrize(("place", "text"), CASES)
def test_text_that_would_change_a_terminal_is_refused_and_shown_safely(place: str, text: str) -> None:
    prefix = {"operations.0.path": "/", "target.url": "http://h/"}.get(place, "")
    with pytest.raises(UsageError) as caught:
        parse_preset(GOOD, "x.toml", settings=[f"{place}={prefix}{text}"])
    told = "\n".join(caught.value.problems)
    assert "character" in told or "line end" in told
    assert all(character >= " " or character == "\n" for character in told)
    assert not set(told) & set("\x7f\x9b\u202e\u200b\ufeff")


@pytest.mark.parametrize("text", ["[red", "[/]", "[@click=app.quit]x[/]", "{x}", "%s", "\u00e9\u4e2d"])
def test_markup_and_other_letters_are_just_text(text: str) -> None:
    plan = parse_preset(GOOD, "x.toml", settings=[f"title=title {text}", f"operations.0.name=name {text}"])
    assert plan.title == f"title {text}"
    assert plan.operations[0].name == f"name {text}"


@pytest.mark.parametrize("special", ["/dev/zero", "."])
def test_only_files_are_read(special: str) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        load_plan(special if special.startswith("/") else "./")


def test_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'health'"):
        load_plan("heatlh")
