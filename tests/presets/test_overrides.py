"""What the command line and the app change in a preset."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import Operation, Plan, Stage
from perftui.presets.loading import load_plan, parse_preset
from perftui.presets.overrides import Overrides

TEXT = """schema = 1
name = "x"
kind = "write"
[target]
url = "http://127.0.0.1:1/prefix"
headers = { Accept = "a/b" }
[load]
mode = "users"
start = 2
stages = [{ duration = "10s", to = 10 }, { duration = "30s", to = 50 }, { duration = "20s", to = 0 }]
[[operations]]
name = "look"
path = "/items"
[[operations]]
name = "make"
weight = 3
method = "POST"
path = "/items"
query = { a = 1 }
headers = { X = "y" }
json = { name = "${fake:word}" }
checks = [{ status = 201 }]
captures = [{ name = "id", json = "$.id" }]
[[after]]
path = "/items/${id}"
method = "DELETE"
[[objectives]]
metric = "error_rate"
target = "< 1%"
[[objectives]]
metric = "response_time.p95"
operation = "make"
target = "< 1s"
"""


def plan(url: str | None = None, *settings: str, overrides: Overrides | None = None) -> Plan:
    """The preset above with changes."""
    return parse_preset(TEXT, "x.toml", url, overrides or Overrides(), settings)


def levels(changed: Plan) -> list[tuple[float, float]]:
    """Duration and level of each stage."""
    return [(stage.duration_s, stage.to) for stage in changed.load.stages]


def test_without_changes_the_preset_stays() -> None:
    assert levels(plan()) == [(10, 10), (30, 50), (20, 0)]
    assert plan().load.start_level == 2


def test_a_level_scales_the_profile() -> None:
    changed = plan(overrides=Overrides(users=100))
    assert levels(changed) == [(10, 20), (30, 100), (20, 0)]
    assert changed.load.start_level == 4
    assert levels(plan(overrides=Overrides(users=1))) == [(10, 1), (30, 1), (20, 0)]


def test_a_level_of_the_other_mode_holds() -> None:
    changed = plan(overrides=Overrides(rate=7.5))
    assert changed.load.mode == "rate"
    assert changed.load.stages == (Stage(duration_s=60, to=7.5),)
    assert changed.load.start_level == 7.5


def test_a_duration_stretches_the_stages() -> None:
    assert levels(plan(overrides=Overrides(duration_s=6))) == [(1, 10), (3, 50), (2, 0)]


def test_all_other_overrides() -> None:
    changed = plan(
        overrides=Overrides(
            warmup_s=3,
            workers=2,
            timeout_s=0.5,
            max_requests=9,
            in_flight_cap=5,
            headers=(("accept", "c/d"), ("B", "2")),
        )
    )
    load = changed.load
    assert (load.warmup_s, load.workers, load.max_requests, load.in_flight_cap) == (3, 2, 9, 5)
    assert changed.target.timeout_s == 0.5
    assert changed.target.headers == {"accept": "c/d", "B": "2"}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (Overrides(rate=0), "--rate: 0 is too little"),
        (Overrides(rate=float("nan")), "--rate: nan is not a finite number"),
        (Overrides(users=0), "--users: 0 is too little"),
        (Overrides(rate=1, users=1), "--rate: and --users exclude each other"),
        (Overrides(duration_s=-1), "--duration: -1 is too little"),
        (Overrides(duration_s=90_000), "--duration: 90,000 is too much"),
        (Overrides(duration_s=86_400, warmup_s=1), "--duration: with the warm-up longer than 24h"),
        (Overrides(workers=65), "--workers: 65 is too much; at most 64"),
        (Overrides(headers=(("A B", "x"),)), "is no header name"),
        (Overrides(headers=(("A", "x\r\ny: z"),)), "holds a line end or NUL"),
        (Overrides(headers=(("A", "${rnd}"),)), "${rnd} is captured nowhere before"),
    ],
)
def test_wrong_overrides_are_told(overrides: Overrides, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan(overrides=overrides)
    assert expected in str(caught.value)


def test_a_host_alone_replaces_the_target() -> None:
    changed = plan("https://example.org:8443")
    assert changed.target.url == "https://example.org:8443"
    assert changed.operations == plan().operations
    assert changed.after == plan().after


def test_a_path_replaces_the_operations_by_the_kind_of_the_preset() -> None:
    changed = plan("http://h/v2/things?kind=1")
    assert changed.target.url == "http://h"
    assert changed.operations == (
        Operation(
            name="POST /v2/things?kind=1", method="POST", path="/v2/things?kind=1", headers={"X": "y"},
            json={"name": "${fake:word}"},
        ),
    )  # fmt: skip
    assert changed.after == ()
    assert [objective.metric for objective in changed.objectives] == ["error_rate"]


def test_a_path_on_a_reading_preset_is_a_get() -> None:
    changed = load_plan("health", "http://127.0.0.1:1/")
    assert changed.operations == (Operation(name="GET /", path="/"),)
    changed = load_plan("journey", "http://127.0.0.1:1/x")
    assert (changed.operations, changed.journeys, changed.before, changed.after) == (
        (Operation(name="GET /x", path="/x"),),
        (),
        (),
        (),
    )
    assert changed.load.rate_of == "requests"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "is empty"),
        ("http://", "the host is missing"),
        ("http://h:0", "port 0 cannot be reached"),
        ("http://h/a b", "no spaces"),
        ("http://h/#x", "never sent"),
        ("http://u:p@h/", "holds a password"),
        ("http://h/\r\nX: y", "no spaces, line ends"),
    ],
)
def test_a_wrong_url_is_told(url: str, expected: str) -> None:
    with pytest.raises(UsageError, match=f"^the URL: .*{expected}"):
        plan(url)


def test_what_was_typed_is_not_blamed_on_the_file() -> None:
    with pytest.raises(UsageError) as caught:
        plan("http://", "load.rate", overrides=Overrides(workers=65))
    assert sorted(problem.partition(":")[0] for problem in caught.value.problems) == ["--set", "--workers", "the URL"]


def test_settings_change_single_keys() -> None:
    changed = plan(
        None, "load.rate=200", "load.duration=5s", "target.timeout='2s'", "operations.0.weight=9",
        "operations.make.path=/b", 'operations."look".headers={ A = "b" }', "title=plain text",
    )  # fmt: skip
    assert changed.load.mode == "rate"
    assert levels(changed) == [(5, 200)]
    assert changed.target.timeout_s == 2
    assert changed.operations[0].weight == 9
    assert changed.operations[0].headers == {"A": "b"}
    assert changed.operations[1].path == "/b"
    assert changed.title == "plain text"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("load.rate", "is no setting; write it as KEY=VALUE"),
        ("=3", "is no setting"),
        ("load.durration=3s", "--set: load.durration: unknown key; did you mean 'duration'?"),
        ("load.rate=-3", "--set: load.rate: -3 is too little"),
        ("operations.7.path=/x", "there is no such member"),
        ("operations.lok.path=/x", "did you mean 'look'?"),
        ("name.x=3", "name is no table, so it has no 'x'"),
        ("load.stages=[]", "--set: load.stages: has 0 members"),
    ],
)
def test_wrong_settings_are_told(setting: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan(None, setting)
    assert expected in str(caught.value)


def test_objectives_that_state_the_rate_follow_another_one() -> None:
    text = _HEALTHY.format("throughput", "> 990/s", "> 900/s")
    slower = parse_preset(text, "p.toml", overrides=Overrides(rate=50))
    [objective] = slower.objectives
    assert (objective.target, objective.critical) == ("> 49.5/s", "> 45/s")
    assert objective.note == "follows the rate: > 900/s was written for 1,000/s"
    assert parse_preset(text, "p.toml", overrides=Overrides(rate=1000)).objectives[0].note == ""
    assert parse_preset(text, "p.toml", overrides=Overrides(duration_s=3)).objectives[0].target == "> 990/s"
    assert parse_preset(text, "p.toml", overrides=Overrides(users=5)).objectives == ()
    [other] = parse_preset(
        _HEALTHY.format("error_rate", "< 1%", "< 5%"), "p.toml", overrides=Overrides(rate=5)
    ).objectives
    assert (other.target, other.note) == ("< 1%", "")


_HEALTHY = """
schema = 1
name = "p"
[target]
url = "http://127.0.0.1:1"
[load]
rate = 1000
duration = "5s"
[[operations]]
name = "get"
path = "/"
[[objectives]]
metric = "{}"
target = "{}"
critical = "{}"
"""


def test_files_of_the_command_line_are_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, here = tmp_path / "presets", tmp_path / "here"
    for folder in (beside, here):
        folder.mkdir()
        (folder / "rows.csv").write_text(f"where\n{folder.name}\n")
        (folder / "token").write_text(folder.name)
    monkeypatch.chdir(here)
    text = (
        'schema = 1\nname = "x"\n[target]\nheaders = { X-T = "${file:token}" }\n[load]\nrate = 1\nduration = "1s"\n'
        '[[data]]\nname = "rows"\nfile = "rows.csv"\n[[operations]]\npath = "/"\nquery = { w = "${data:rows.where}" }\n'
    )
    settings = ["data.0.file=rows.csv", "target.headers.X-T=${file:token}"]
    for given, folder in (([], beside), (settings, here)):
        plan = parse_preset(text, str(beside / "x.toml"), "http://h", settings=given)
        assert (plan.data[0].file, plan.target.headers["X-T"]) == (
            str(folder / "rows.csv"),
            f"${{file:{folder / 'token'}}}",
        )
