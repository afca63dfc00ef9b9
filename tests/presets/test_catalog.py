"""The presets there are: built in, of the working directory, of the user; from a checkout and from a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.presets import locations
from perftui.presets.catalog import find_preset, list_presets
from perftui.presets.loading import load_plan

OTHERS = {"database": "sqlite:///demo.db", "cache": "redis://127.0.0.1:6379/0", "chat": "ws://127.0.0.1:8000"}
"""Built-in presets of other protocols, and where they go."""
BUILT_IN = (
    "health", "read", "write", "stress", "auth", "cache", "chat", "complex", "database", "journey", "mixed", "page",
    "soak", "spike",
)  # fmt: skip
OWN = 'schema = 1\nname = "{name}"\n[load]\nrate = 1\nduration = "1s"\n[[operations]]\npath = "/{name}"\n'


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and configuration."""
    work, config = tmp_path / "work", tmp_path / "config"
    (work / "presets").mkdir(parents=True)
    (config / "presets").mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setenv("PERFTUI_CONFIG_DIR", str(config))
    return tmp_path


@pytest.mark.usefixtures("places")
def test_built_in_presets_are_listed_in_the_order_of_their_use() -> None:
    infos = list_presets()
    assert tuple(info.name for info in infos) == BUILT_IN
    assert all(info.origin == "built-in" and not info.problems and info.plan for info in infos)


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_preset_explains_itself_in_two_lines(name: str) -> None:
    plan = load_plan(name)
    assert len(plan.description.strip().splitlines()) == 2
    assert plan.name == name
    assert plan.objectives
    assert plan.target.url == OTHERS.get(name, "http://127.0.0.1:8000")


def test_own_presets_come_before_built_in_ones(places: Path) -> None:
    (places / "config/presets/read.toml").write_text(OWN.format(name="user"))
    assert load_plan("read", "http://h").operations[0].path == "/user"
    (places / "work/presets/read.toml").write_text(OWN.format(name="work"))
    assert load_plan("read", "http://h").operations[0].path == "/work"
    origins = [info.origin for info in list_presets() if info.name == "read"]
    assert origins == ["built-in", "directory", "user"]
    assert load_plan("./presets/read.toml", "http://h").operations[0].path == "/work"


def test_an_unchanged_copy_of_a_built_in_preset_is_not_another_one(places: Path) -> None:
    text = find_preset("read")[0]
    (places / "work/presets/read.toml").write_text(text)
    (places / "work/presets/other.toml").write_text(text)
    assert [info.name for info in list_presets()] == [*BUILT_IN, "other"]


def test_a_preset_with_mistakes_is_listed_with_them(places: Path) -> None:
    (places / "work/presets/bad.toml").write_text("schema = 1\nnam = 3\n")
    (places / "work/presets/bytes.toml").write_bytes(b"\xff\xfe\x00")
    (places / "work/presets/.hidden.toml").write_text("")
    (places / "work/presets/loop.toml").symlink_to("loop.toml")
    (places / "work/presets/folder.toml").mkdir()
    found = {info.name: info for info in list_presets() if info.origin == "directory"}
    assert set(found) == {"bad", "bytes", "loop", "folder"}
    assert "symbolic links" in found["loop"].problems[0]
    assert "is not a file" in found["folder"].problems[0]
    assert found["bad"].plan is None
    assert "nam: unknown key; did you mean 'name'?" in "\n".join(found["bad"].problems)
    assert "UTF-16" in found["bytes"].problems[0]


def test_a_preset_may_leave_the_url_to_the_command_line(places: Path) -> None:
    (places / "work/presets/mine.toml").write_text(OWN.format(name="mine"))
    info = next(info for info in list_presets() if info.name == "mine")
    assert info.plan is not None
    assert info.plan.target.url == ""
    with pytest.raises(UsageError, match=r"target\.url: is missing"):
        load_plan("mine")


def test_files_are_looked_for_beside_the_preset(places: Path) -> None:
    directory = places / "elsewhere"
    directory.mkdir()
    (directory / "users.csv").write_text("name\nann\n")
    text = (
        OWN.format(name="x")
        + 'query = { n = "${data:u.name}", t = "${file:t.txt}" }\n[[data]]\nname = "u"\nfile = "users.csv"\n'
    )
    (directory / "mine.toml").write_text(text)
    plan = load_plan(str(directory / "mine.toml"), "http://h")
    assert plan.data[0].file == str(directory / "users.csv")
    assert plan.operations[0].query["t"] == f"${{file:{directory}/t.txt}}"
    (directory / "mine.toml").write_text(text.replace("u.name", "u.nam"))
    with pytest.raises(UsageError, match="the file has no column 'nam'; did you mean 'name'"):
        load_plan(str(directory / "mine.toml"), "http://h")


def test_one_file_is_listed_once(places: Path) -> None:
    (places / "work/presets/mine.toml").write_text(OWN.format(name="mine"))
    (places / "config/presets/mine.toml").symlink_to(places / "work/presets/mine.toml")
    assert [info.origin for info in list_presets() if info.name == "mine"] == ["directory"]


@pytest.mark.parametrize("reference", ["a\0b.toml", "x" * 5000 + ".toml", "/proc/self/mem", "no/such.toml", "\x1b[2J"])
def test_odd_references_are_refused_in_words(reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_preset(reference)
    assert "\x1b" not in str(caught.value)


def test_each_user_needs_a_row_of_its_own(places: Path) -> None:
    (places / "users.csv").write_text("name\nann\nbob\n")
    data = '[[data]]\nname = "u"\nfile = "users.csv"\norder = "per_user"\n'
    text = OWN.format(name="x").replace("rate = 1", "users = 3") + data
    (places / "mine.toml").write_text(text)
    with pytest.raises(UsageError, match=r"data\[0\]\.order: is per_user, but there are 2 rows for up to 3"):
        load_plan(str(places / "mine.toml"), "http://h")
    assert load_plan(str(places / "mine.toml"), "http://h", settings=["load.users=2"]).data[0].order == "per_user"


def test_presets_are_found_in_an_installed_package(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = places / "site-packages/perftui"
    (package / "_presets").mkdir(parents=True)
    (package / "_presets/only.toml").write_text(OWN.format(name="only"))
    monkeypatch.setattr(locations, "files", lambda _: package)
    locations.built_in_presets.cache_clear()
    try:
        assert [info.name for info in list_presets()] == ["only"]
        assert find_preset("only")[1] == str(package / "_presets/only.toml")
    finally:
        locations.built_in_presets.cache_clear()
