"""What a reference to a run means at every command: a path is that very folder, a name an id or the start of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from perftui.store.baselines import get_baseline, list_baselines, set_baseline
from perftui.store.records import RECORD_NAME, read_record, write_record
from support.cli import Result
from support.home import Home
from support.recorded_runs import install

Call = Callable[..., Result]


@pytest.fixture
def runs(home: Home, call: Call, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of two saved runs; the folder of runs is the working directory, as it is for somebody who tidies up."""
    home.runs.mkdir(parents=True)
    ids = [install(name, home.runs).name for name in ("read", "report")]
    monkeypatch.chdir(home.runs)
    return ids


def names(home: Home) -> set[str]:
    return {path.name for path in home.runs.iterdir() if path.is_dir()}


DOORS = (
    ("runs", "show"),
    ("runs", "path"),
    ("runs", "recover"),
    ("runs", "delete", "-y"),
    ("export",),
    ("compare",),
    ("baseline", "set"),
    ("watch",),
)


@pytest.mark.parametrize("reference", ["..", ".", "./", "../", "../runs", "../..", "bk/2026", "", "x" * 5000, "a\0b"])
@pytest.mark.parametrize("door", DOORS, ids=" ".join)
def test_what_is_no_run_is_refused_and_touches_nothing(
    home: Home, runs: list[str], call: Call, door: tuple[str, ...], reference: str
) -> None:
    Path("bk/2026").mkdir(parents=True)
    before = sorted(home.runs.parent.rglob("*"))

    result = call(*door, reference)

    assert result.code == 2, result
    assert len(result.stderr.splitlines()) == 1
    assert [path for path in before if not path.exists()] == []
    assert {*runs, "bk"} == names(home)


@pytest.mark.parametrize(
    "reference", ["..", ".", "../runs", "./{id}/..", "{id}/../{id}", "../../data/runs/{id}/../{id}"]
)
@pytest.mark.parametrize("door", [("runs", "delete", "-y"), ("baseline", "set")], ids=" ".join)
def test_changing_a_run_never_goes_up(
    home: Home, runs: list[str], call: Call, door: tuple[str, ...], reference: str
) -> None:

    assert call(*door, reference.format(id=runs[0])).code == 2
    assert names(home) == set(runs)
    assert list_baselines() == []


def test_a_copy_is_a_run_of_its_own_at_every_door(home: Home, runs: list[str], call: Call) -> None:
    """Its record says the id of the original."""
    original, other = runs
    copy = f"{original}-copy"
    shutil.copytree(original, copy)

    assert copy in call("runs", "show", f"./{copy}").stdout
    assert call("runs", "path", f"./{copy}").stdout == f"{home.runs / copy}\n"
    assert call("baseline", "set", f"./{copy}", "--force").code == 0
    assert [baseline.run_id for baseline in list_baselines()] == [copy]
    assert copy in call("trend", read_record(home.runs / copy).plan.name, "--format", "json").stdout
    assert call("runs", "delete", "-y", f"./{copy}").stderr == f"perftui: deleted: {copy}\n"
    assert names(home) == {original, other}


def test_an_id_is_never_the_start_of_another_while_it_is_deleted(home: Home, runs: list[str], call: Call) -> None:
    """Given twice: once it is gone, its name is the start of the copy's."""
    shutil.copytree(home.runs / runs[0], home.runs / f"{runs[0]}-copy")

    assert call("runs", "delete", "-y", runs[0], runs[0]).code == 0
    assert names(home) == {f"{runs[0]}-copy", runs[1]}


def test_a_copy_elsewhere_is_read_and_never_mistaken_for_the_saved_run(
    home: Home, runs: list[str], call: Call, tmp_path: Path
) -> None:
    elsewhere = tmp_path / runs[0]
    shutil.copytree(home.runs / runs[0], elsewhere)
    write_record(elsewhere, replace(read_record(elsewhere), label="elsewhere"))

    assert "elsewhere" in call("runs", "show", str(elsewhere)).stdout
    assert "elsewhere" in call("export", str(elsewhere)).stdout
    for door in (("runs", "delete", "-y"), ("baseline", "set", "--force"), ("watch", "--control")):
        assert "only saved runs" in call(*door, str(elsewhere)).stderr
    assert "only saved runs" in call("ctl", str(elsewhere), "stop").stderr
    assert names(home) == set(runs)


def test_links_are_not_deleted_through(home: Home, runs: list[str], call: Call, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(home.runs / runs[0], outside)
    (home.runs / "linked").symlink_to(outside)

    for reference in ("linked", str(home.runs / "linked"), f"{home.runs}/linked/"):
        assert call("runs", "delete", "-y", reference).code == 2
    assert (outside / RECORD_NAME).exists()


def test_pruning_leaves_folders_that_hold_other_things(home: Home, runs: list[str], call: Call) -> None:
    notes = home.runs / "notes"
    notes.mkdir()
    (notes / "why.txt").write_text("kept")
    (home.runs / "never-began").mkdir()

    assert call("runs", "prune", "--keep", "0", "-y").code == 0
    assert names(home) == {"notes"}
    assert "delete it yourself" in call("runs", "delete", "-y", "notes").stderr
    assert (notes / "why.txt").read_text() == "kept"


def test_recovering_a_copy_leaves_the_socket_of_the_run_of_that_name(
    home: Home, runs: list[str], call: Call, tmp_path: Path
) -> None:
    elsewhere = tmp_path / runs[0]
    shutil.copytree(home.runs / runs[0], elsewhere)
    (elsewhere / RECORD_NAME).unlink()
    socket = home.path / "run" / f"{runs[0]}.sock"
    socket.parent.mkdir(mode=0o700, exist_ok=True)
    socket.touch()

    assert call("runs", "recover", str(elsewhere)).code == 0
    assert socket.exists()


def test_a_baseline_is_forgotten_alone(home: Home, runs: list[str], call: Call) -> None:
    record = read_record(home.runs / runs[0])
    target = replace(record.plan.target, url="http://elsewhere.test")
    other = home.runs / f"{runs[0]}-elsewhere"
    shutil.copytree(home.runs / runs[0], other)
    write_record(other, replace(record, plan=replace(record.plan, target=target)))
    for name in (runs[0], other.name):
        set_baseline(name, force=True)

    from perftui.tui.sources import forget_baseline

    forget_baseline(other.name)

    assert [baseline.run_id for baseline in list_baselines()] == [runs[0]]
    assert call("baseline", "clear", "").stderr == "perftui: no baseline was set\n"
    assert len(list_baselines()) == 1


def test_a_crafted_list_of_baselines_points_nowhere(home: Home, runs: list[str], call: Call) -> None:
    plan = read_record(home.runs / runs[0]).plan
    for run_id in ("..", "../..", "nothing", "", "/etc"):
        chosen = f'{{"baselines":[{{"preset":"{plan.name}","url":"{plan.target.url}","run_id":"{run_id}"}}]}}'
        (home.runs.parent / "baselines.json").write_text(chosen)

        assert get_baseline(plan) is None
        assert call("trend", plan.name).code == 0
