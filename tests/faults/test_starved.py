"""A generator that is not given the CPU time it needs blames itself."""

from __future__ import annotations

import pytest

from perftui.demo.server import Demo
from support.cli import finish, start_cli
from support.conservation import assert_conserved
from support.cpu_quota import cpu_quota
from support.home import Home, processes_in
from support.waiting import wait_until

pytestmark = pytest.mark.alone


def test_a_tenth_of_a_core_makes_a_run_invalid(home: Home, demo: Demo) -> None:
    """The quota comes with the run's folder: starting under it would take half a minute."""
    options = ("--rate", "2000", "--duration", "2s", "--warmup", "0s", "--headless", "--format", "json")
    with cpu_quota(0.1) as limit, start_cli(home, "run", "health", demo.url, *options) as cli:
        wait_until(lambda: bool(home.run_folders()), 20, "the start of the run")
        for process in processes_in(home.path):
            limit(process.pid)
        result = finish(cli, 60)

    assert result.code == 12, result.stderr
    assert_conserved(result.record)
    assert result.record.whole_run.scheduled == 4000
    codes = {reason.code for reason in result.record.trust.reasons if reason.verdict != "valid"}
    assert codes & {"throttled", "start_delay"}, codes
    assert "the run is invalid" in result.stderr
