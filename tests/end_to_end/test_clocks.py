"""The wall clock may jump; no measured time moves with it."""

from __future__ import annotations

import time

import msgspec
import pytest

from perftui.demo.server import Demo
from support.cli import finish, run_cli, start_cli
from support.conservation import assert_conserved
from support.home import new_home
from support.waiting import wait_for_journal, wait_until

JUMPING_CLOCK = """
import os
import time

_now = time.time


def _jumping():
    return _now() + (-3600 if os.path.exists({back!r}) else 3600 if os.path.exists({forth!r}) else 0)


time.time = _jumping
time.time_ns = lambda: int(_jumping() * 1e9)
open({witness!r}, "a").write("patched\\n")
"""


def test_a_clock_that_jumps_an_hour_moves_nothing(demo: Demo) -> None:
    """Forth by an hour after the first second, back by two hours after another two."""
    with new_home() as home:
        patched = home.path / "patched"
        patched.mkdir()
        witness, forth, back = (home.path / name for name in ("witness", "forth", "back"))
        (patched / "sitecustomize.py").write_text(
            JUMPING_CLOCK.format(witness=str(witness), forth=str(forth), back=str(back)), encoding="utf-8"
        )
        home.extra["PYTHONPATH"] = str(patched)
        arguments = ("--rate", "100", "--duration", "4s", "--warmup", "0s", "--headless", "--format", "json")
        with start_cli(home, "run", "health", demo.url, *arguments, "--warn-only") as cli:
            journal = wait_for_journal(home, '"interval"') / "journal.jsonl"
            forth.touch()
            wait_until(lambda: journal.read_text("utf-8").count('"interval"') >= 3, what="two more seconds")
            back.touch()
            result = finish(cli)
        assert len(witness.read_text(encoding="utf-8").splitlines()) >= 2, (
            "runner and worker must have the jumping clock"
        )
    record = result.record
    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.scheduled == record.whole_run.ok == 400
    assert record.summary.duration_s == pytest.approx(4, abs=0.1)
    assert record.summary.total.response_time_ms.max < 3000
    starts = [interval["at_s"] for interval in msgspec.json.decode(result.stdout)["intervals"]]
    assert starts == sorted(starts)
    assert starts[-1] < 10
    notes = [event["detail"] for event in result.json["events"] if "the clock of this machine" in event["detail"]]
    assert notes == [
        "the clock of this machine was set forward by 1h: nothing that was measured moves with it, dates do"
    ]


SLEEPING_MACHINE = """
import time
from itertools import count

_gettime, _looks = time.clock_gettime, count()


def _slept(clock):
    return _gettime(clock) + (30 if clock == time.CLOCK_BOOTTIME and next(_looks) >= 3 else 0)


time.clock_gettime = _slept
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system does not tell how long it slept")
def test_a_machine_that_slept_makes_a_run_invalid(demo: Demo) -> None:
    """The clock that counts sleep is half a minute ahead of the other from the third look of each process on."""
    with new_home() as home:
        (home.path / "sitecustomize.py").write_text(SLEEPING_MACHINE, encoding="utf-8")
        home.extra["PYTHONPATH"] = str(home.path)
        arguments = ("--rate", "20", "--duration", "6s", "--warmup", "0s", "--headless", "--format", "json")
        result = run_cli(home, "run", "health", demo.url, *arguments)
    assert result.code == 12, result.stderr
    assert_conserved(result.record)
    reasons = {reason.code: reason.verdict for reason in result.record.trust.reasons}
    assert reasons["suspended"] == "invalid", reasons
    assert sum(interval["host"].get("suspended_s", 0) for interval in result.json["intervals"]) == pytest.approx(30)
