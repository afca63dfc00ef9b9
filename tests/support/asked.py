"""What a load and a probe say of the same request: they must agree."""

from __future__ import annotations

import anyio

from perftui.engine.around.probe import ProbeResult, probe
from perftui.presets.loading import parse_preset
from support.load_worker import run_load

LOAD = 'schema = 1\nname = "x"\n[load]\nusers = 1\nmax_requests = 3\n'


def probed(text: str, url: str) -> ProbeResult:
    """One request of each kind, in full."""
    return anyio.run(probe, parse_preset(LOAD + text, "x.toml", url))


def outcome(text: str, url: str) -> tuple[str, list[str]]:
    """What the load and a probe say of the first operation: they must agree. Error classes, and the probe's words."""
    plan = parse_preset(LOAD + text, "x.toml", url)
    measured = run_load(plan)
    counts = measured.counts()
    assert counts.scheduled == counts.ok + counts.errors + counts.timeouts == 3
    result = anyio.run(probe, plan)
    assert result.holds is (counts.ok == 3), (measured.classes(), result)
    return result.operations[0].problem, sorted(measured.classes())
