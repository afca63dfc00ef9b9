"""Run folders, exports and results of other tools whose every string wants to be a terminal's escape sequence."""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perftui.model.record import Record
from perftui.store.journal import JOURNAL_NAME
from perftui.store.journal_format import Numbered
from perftui.store.records import RECORD_NAME, read_record, record_document, to_toml
from support.cli import Result
from support.home import Home
from support.recorded_runs import RECORDED

pytestmark = pytest.mark.xdist_group("two hostile runs")

Call = Callable[..., Result]

PAYLOAD = "\x1b]52;c;cHduZWQ=\x07\x1b[2J\x9b31m\u202e\u2066\x7f\u200b\u2028" + "a" + "\u0300" * 9
NEVER = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\x7f", "\u200b", "\u2028", "\u0300" * 5)
OUR_OWN = {"metric", "target", "critical", "packed"}
"""What must be one of our own words or numbers, or the record is refused."""
STYLES = ("text", "json", "toml", "csv", "md", "html", "junit")


def raw_in(*texts: str) -> list[str]:
    return [character for character in NEVER for text in texts if character in text]


def string_places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from string_places(value[key], (*place, key))


def poisoned(document: dict[str, Any], type_: type) -> dict[str, Any]:
    """The document with the payload in every string that is not one of a few words; in names of operations, too."""
    for *path, last in list(string_places(document)):
        holder = document
        for key in path:
            holder = holder[key]
        before = holder[last]
        if last in OUR_OWN:
            continue
        holder[last] = before + ("/\x1bc\x07\x9b" if last == "url" else PAYLOAD)
        try:
            msgspec.convert(document, type_)
        except msgspec.ValidationError:
            holder[last] = before
    return document


def renamed(operations: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}{PAYLOAD}": value for name, value in operations.items()}


def poisoned_record(source: Path) -> dict[str, Any]:
    document = poisoned(json.loads(json.dumps(record_document(read_record(source)))), Record)
    document["label"] = PAYLOAD
    document["summary"]["operations"] = renamed(document["summary"]["operations"])
    document["summary"]["total"]["error_classes"] = {f"x{PAYLOAD}": 3}
    return document


def poisoned_journal(source: Path) -> bytes:
    lines = []
    for raw in (source / JOURNAL_NAME).read_bytes().splitlines():
        line = poisoned(json.loads(raw.rpartition(b"\t")[0]), Numbered)
        for phase, cells in line["line"].get("cells", {}).items():
            line["line"]["cells"][phase] = renamed(cells)
        body = msgspec.json.encode(line)
        lines.append(b"%b\t%08x\n" % (body, zlib.crc32(body)))
    return b"".join(lines)


@pytest.fixture(scope="module", params=["errors", "users"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, made = RECORDED / request.param, tmp_path_factory.mktemp("hostile") / "run"
    made.mkdir()
    (made / RECORD_NAME).write_text(to_toml(poisoned_record(source)), encoding="utf-8")
    (made / JOURNAL_NAME).write_bytes(poisoned_journal(source))
    assert b"\\u001b" in (made / JOURNAL_NAME).read_bytes()
    return made


@pytest.fixture
def saved(home: Home, folder: Path, call: Call) -> Path:  # in this order: the commands know the home
    assert call("runs").code == 0
    return Path(shutil.copytree(folder, home.runs / "hostile"))


@pytest.mark.parametrize("style", STYLES)
def test_a_hostile_run_is_shown_and_exported_as_text(saved: Path, call: Call, style: str) -> None:
    shown, exported = call("runs", "show", saved.name, "--format", style), call("export", "latest", "--format", style)

    assert (shown.code, exported.code) == (0, 0), shown.stderr + exported.stderr
    assert raw_in(shown.stdout, shown.stderr, exported.stdout, exported.stderr) == []
    assert style == "junit" or "\\x1b" in shown.stdout.replace("\\\\", "\\")


def test_a_hostile_run_is_listed_watched_and_made_a_baseline(saved: Path, call: Call) -> None:
    plan = read_record(saved).plan
    said = [
        call("runs"),
        call("runs", "list", "--format", "json"),
        call("watch", saved.name),
        call("baseline", "set", saved.name, "--force"),
        call("baseline", "show"),
        call("export", saved.name, "--format", "series"),
        call("export", saved.name, "--format", "hlog"),
        call("trend", plan.name),
    ]

    assert [result.code for result in said] == [0] * len(said), said
    assert raw_in(*(result.stdout + result.stderr for result in said)) == []
    assert "\\x1b" in said[0].stdout


@pytest.mark.parametrize("style", STYLES)
def test_hostile_runs_are_compared_as_text(saved: Path, folder: Path, call: Call, tmp_path: Path, style: str) -> None:
    other = shutil.copytree(folder, tmp_path / "\x1b[2Jother\x9b")
    result = call("compare", saved.name, str(other), "--force", "--format", style)
    shown = call("runs", "show", str(other))

    assert (result.code, result.stderr) == (0, "")
    assert raw_in(result.stdout, result.stderr, shown.stdout, shown.stderr) == []


def test_a_hostile_journal_is_recovered_as_text(saved: Path, call: Call) -> None:
    (saved / RECORD_NAME).unlink()
    listed, recovered = call("runs"), call("runs", "recover", saved.name)

    assert recovered.code == 0, recovered.stderr
    assert raw_in(listed.stdout, listed.stderr, recovered.stdout, recovered.stderr) == []
    assert "\\u001b" not in (saved / RECORD_NAME).read_text(encoding="utf-8")


def test_a_hostile_export_is_loaded_as_text(saved: Path, call: Call, tmp_path: Path) -> None:
    good = json.loads(call("export", saved.name, "--format", "json").stdout)
    file = tmp_path / "run.json"
    file.write_text(json.dumps(good | poisoned_record(RECORDED / "errors")), encoding="utf-8")
    said = [
        call("runs", "show", str(file)),
        call("compare", str(file), saved.name, "--force"),
        call("watch", str(file)),
    ]

    assert said[0].code == 0
    assert raw_in(*(result.stdout + result.stderr for result in said)) == []


def test_a_hostile_index_is_shown_as_text(saved: Path, home: Home, call: Call) -> None:
    call("runs")
    index = home.runs / ".index.json"
    document = json.loads(index.read_text())
    for entry in document["entries"].values():
        entry["row"]["label"] = entry["row"]["problem"] = PAYLOAD
    index.write_text(json.dumps(document))
    result = call("runs")

    assert "\\x1b" in result.stdout
    assert raw_in(result.stdout, result.stderr) == []


FOREIGN = {
    "wrk.txt": f"Running 1s test @ http://x/{PAYLOAD[:9]}\n  1 threads and 1 connections\n  Thread Stats\n"
    "  10 requests in 1.00s, 1.00KB read\nRequests/sec: 10\n",
    "oha.json": json.dumps({"summary": {PAYLOAD: 1}, "tool": PAYLOAD}),
    "autocannon.json": json.dumps({"url": PAYLOAD, "requests": {"total": 1}, "latency": {"p50": 1}}),
    "k6.json": json.dumps({"metrics": {PAYLOAD: {"values": {}}, "http_reqs": {"values": {"count": PAYLOAD}}}}),
    "locust.csv": f"Type,Name,Request Count,Failure Count,Average Response Time\nGET,{PAYLOAD},1,0,1\n"
    f"GET,/,{PAYLOAD},0,1\n,Aggregated,1,0,1\n",
    "unknown.bin": PAYLOAD,
}


@pytest.mark.parametrize("name", FOREIGN)
def test_hostile_results_of_other_tools_are_shown_as_text(saved: Path, call: Call, tmp_path: Path, name: str) -> None:
    file = tmp_path / f"\x1b[2J{name}"
    file.write_text(FOREIGN[name], encoding="utf-8")
    result = call("compare", str(file), saved.name, "--force")

    assert result.code == (0 if name == "wrk.txt" else 2), result.stderr
    assert "\\x1b[2J" in result.stdout + result.stderr
    assert raw_in(result.stdout, result.stderr) == []


def test_names_that_differ_in_hidden_characters_only_are_refused(saved: Path, call: Call) -> None:
    document = record_document(read_record(saved))
    stats = document["summary"]["total"]
    document["summary"]["operations"] = {"list\u200b": stats, "list\u200c": stats}
    (saved / RECORD_NAME).write_text(to_toml(document), encoding="utf-8")

    assert "hidden characters" in call("runs", "show", saved.name).stderr


def test_a_journal_without_the_times_that_the_record_tells_is_refused(saved: Path, call: Call) -> None:
    lines = []
    for raw in (saved / JOURNAL_NAME).read_bytes().splitlines():
        line = json.loads(raw.rpartition(b"\t")[0])
        for cells in line["line"].get("cells", {}).values():
            for cell in cells.values():
                for name in ("service_time", "response_time", "start_delay", "error_time"):
                    cell.pop(name, None)
        body = msgspec.json.encode(line)
        lines.append(b"%b\t%08x\n" % (body, zlib.crc32(body)))
    (saved / JOURNAL_NAME).write_bytes(b"".join(lines))

    for door in (("compare", saved.name), ("export",)):
        assert "its seconds hold no times" in call(*door, saved.name).stderr


def test_presets_with_hostile_names_and_texts_are_shown_as_text(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "presets"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    preset = 'schema = 1\nname = "p"\n[load]\nusers = 1\nduration = "1s"\n[[operations]]\npath = "/x"\n'
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b]52;c;x\x07\xe2\x80\xae.toml")).write_text(preset)
    (folder / "raw.toml").write_text(f"# {PAYLOAD}\n{preset}")

    listed = call("presets", "list", "--format", "json")
    shown = call("presets", "show", "--toml", "raw")

    assert (listed.code, shown.code) == (0, 0)
    assert {"raw", "p"} & {each["name"] for each in listed.json}
    assert not raw_in(listed.stdout, listed.stderr, shown.stdout, shown.stderr)
    assert "are shown in other ways here" in shown.stderr
    assert call("presets", "show", "--toml", "health").stderr == ""
