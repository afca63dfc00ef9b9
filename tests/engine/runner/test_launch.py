"""A runner that ends before it has answered."""

from __future__ import annotations

import gc
import warnings

import pytest

from perftui.engine.runner.launch import PendingRun
from perftui.engine.runner.request import RunRequest
from perftui.model.errors import PerftuiError
from support.load_worker import make_plan


def test_a_runner_that_is_gone_says_so_and_leaves_no_pipe_open() -> None:
    # more than a pipe takes, so that the end of the runner meets the writing
    plan = make_plan("http://127.0.0.1:9", rate=1)
    request = RunRequest(plan=plan, label="x" * 1_000_000)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        pending = PendingRun()
        pending.cancel()
        pending.give(request)
        with pytest.raises(PerftuiError, match="ended without an answer"):
            pending.wait()
        del pending
        gc.collect()
    assert [str(warning.message) for warning in said if "unclosed" in str(warning.message)] == []
