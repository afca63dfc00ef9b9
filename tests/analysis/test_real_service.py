"""Real runs against the demo service: what became slower is found, with its size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perftui.analysis.comparison import compare
from perftui.demo.server import Demo
from perftui.store.loading import load_run
from support.cli import finish, start_cli, write_preset
from support.conservation import assert_conserved
from support.home import Home
from support.presets import preset_text

pytestmark = pytest.mark.alone

# the path holds a variable: both plans are the same, the answers are not
PATH = "/slow?ms=${env:SLOW_MS}&jitter=10"


@pytest.mark.slow
def test_an_added_delay_is_found(demo: Demo, home: Home) -> None:
    preset = write_preset(home, preset_text(demo.url, {"slow": PATH}, rate=100, warmup="1s", duration="12s"))
    outputs = [home.path / f"{name}.json" for name in ("before", "after")]
    homes = [replace(home, extra={**home.extra, "SLOW_MS": value}) for value in ("20", "40")]
    command = ("run", preset, "--headless", "--warn-only", "--format", "json", "--output")
    # at the same time, so that what else this machine does reaches both
    with (
        start_cli(homes[0], *command, str(outputs[0])) as first,
        start_cli(homes[1], *command, str(outputs[1])) as second,
    ):
        results = [finish(first), finish(second)]
    assert all(output.exists() for output in outputs), [result.stderr for result in results]
    before, after = (load_run(str(output)) for output in outputs)
    for run in (before, after):
        assert_conserved(run.record)
        assert run.record.whole_run.scheduled == 1300
        assert run.record.plan.operations[0].path.startswith("/slow")
    # on a loaded machine a run may be invalid, which would forbid the verdict; here the metric counts
    comparison = compare([before], [after], force=True)
    assert not any(" → " in reason for reason in comparison.reasons), comparison.reasons
    p50 = next(change for change in comparison.metrics if change.metric == "response_time.p50")
    assert p50.verdict == "regression", p50
    assert p50.run - p50.baseline == pytest.approx(20.0, rel=0.25)
