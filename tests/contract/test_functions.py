"""Functions of the user's: what they raise, what they leave behind, where they are looked for."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from perftui.engine.around.probe import probe
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import PerftuiError, UsageError
from perftui.model.interval import ErrorSample
from perftui.model.journal import JournalLine
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from support.short_runs import ran

FOLDER = Path(__file__).parent.parent / "support" / "functions"
LOAD = 'schema = 1\nname = "f"\n[load]\nusers = 2\nduration = "10s"\nmax_requests = 6\n'


def plan_of(operation: str, folder: Path = FOLDER) -> Plan:
    """A preset of one function, beside which the functions are."""
    return parse_preset(f"{LOAD}[[operations]]\n{operation}", str(folder / "preset.toml"))


@pytest.mark.parametrize(
    ("name", "error_class"),
    [("sold_out", "check:call"), ("breaks", "call.LookupError"), ("leaves", "call.SystemExit")],
)
def test_what_a_function_raises_is_the_class_of_the_error(name: str, error_class: str) -> None:
    record = ran(plan_of(f'call = "shop_load:{name}"'))

    assert record.summary.total.error_classes == {error_class: 6}


def test_the_first_error_is_shown_with_its_own_lines_and_made_safe() -> None:
    lines: list[JournalLine] = []
    run_plan(RunRequest(plan=plan_of('call = "shop_load:breaks"')), on_line=lines.append)

    samples = [line for line in lines if isinstance(line, ErrorSample)]
    sample = samples[0]
    assert sample.detail == "LookupError: no \\x1b[2J such order"
    assert "shop_load.py:" in sample.body_start
    assert "in breaks: raise LookupError" in sample.body_start
    assert "perftui" not in sample.body_start


def test_parts_of_a_call_are_timed() -> None:
    record = ran(plan_of('call = "shop_load:place_order"'))

    assert record.summary.total.times_ms["pay"] >= 0.5


@pytest.mark.parametrize("name", ["no_such_module:f", "shop_load:no_such_function"])
def test_a_function_that_is_not_there_is_said_before_the_start(name: str) -> None:
    with pytest.raises(PerftuiError) as raised:
        run_plan(RunRequest(plan=plan_of(f'call = "{name}"')))

    assert raised.value.exit_code == 2
    assert name.partition(":")[0] in str(raised.value)


def test_checking_a_preset_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "touches.py").write_text(f"open({str(tmp_path / 'touched')!r}, 'w')\ndef f(ctx): pass\n")
    plan = plan_of('call = "touches:f"', tmp_path)
    assert not (tmp_path / "touched").exists()

    assert ran(plan).whole_run.ok == 6
    assert (tmp_path / "touched").exists()


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="write it as module:function"):
        plan_of('call = "import os; os.abort()"')


def test_files_never_leave_their_folder_and_the_folder_is_removed(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    outside = tmp_path / "outside.txt"
    operation = 'file = "write"\npath = "${choice:../../outside.txt|ok.txt}"\n'
    load = LOAD.replace("max_requests = 6", "max_requests = 40")
    plan = parse_preset(f"{load}[[operations]]\n{operation}", "p.toml", f"file://{inside}")
    record = ran(plan)

    assert record.summary.total.error_classes == {"file.outside": record.whole_run.errors}
    assert record.whole_run.ok + record.whole_run.errors == 40
    assert record.whole_run.ok > 0
    assert not outside.exists()
    assert list(inside.iterdir()) == []


def test_probe_shows_what_is_called_and_what_came_back() -> None:
    (operation,) = anyio.run(probe, plan_of('call = "shop_load:place_order"\nparams = { word = "tea" }')).operations

    assert operation.request_head.startswith("call shop_load:place_order")
    assert '"word":"tea"' in operation.body_start


COUNTING = """
from itertools import count

def begin():
    return {"calls": count()}

def call(ctx):
    next(ctx.state["calls"])
    if ctx.seq % 7 == 3:
        raise ctx.fail("every seventh")

def end(state):
    with open(__file__ + ".calls", "w") as file:
        file.write(str(next(state["calls"])))
"""


def test_plain_functions_called_in_a_row_are_counted_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(COUNTING)
    operation = 'call = "counting:call"\nsetup = "counting:begin"\nteardown = "counting:end"\n'
    load = 'schema = 1\nname = "f"\n[load]\nusers = 3\nduration = "1s"\n'
    record = ran(parse_preset(f"{load}[[operations]]\n{operation}", str(tmp_path / "preset.toml")))

    whole = record.whole_run
    assert whole.ok > 1000
    assert record.summary.total.error_classes.keys() == {"check:call"}
    assert whole.errors == pytest.approx((whole.ok + whole.errors) / 7, abs=2)
    assert int((tmp_path / "counting.py.calls").read_text()) == whole.scheduled - whole.cancelled


def test_a_plain_function_that_hangs_is_a_timeout_and_holds_nobody_up() -> None:
    operation = 'call = "shop_load:wait"\n[target]\nurl = "python://"\ntimeout = "300ms"\n'
    record = ran(plan_of(operation))

    assert record.summary.total.error_classes == {"timeout": 6}
