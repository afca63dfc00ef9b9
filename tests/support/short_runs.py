"""Short runs of a few operations against one target, their numbers added up."""

from __future__ import annotations

import anyio

from perftui.engine.around.probe import ProbeResult, probe
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.presets.loading import parse_preset
from support.conservation import assert_conserved


def plan_of(url: str, *operations: str, load: str = "users = 2\nmax_requests = 40", target: str = "") -> Plan:
    """A preset of these operations: the inner lines of their tables."""
    text = f'schema = 1\nname = "short"\n[target]\nurl = "{url}"\ntimeout = "2s"\n{target}\n'
    text += f'[load]\n{load}\nduration = "1s"\nseed = 3\n'
    text += "".join(f"[[operations]]\n{operation}\n" for operation in operations)
    return parse_preset(text, "short.toml")


def plan_of_one(url: str, operation: str, *, load: str = "users = 2\nmax_requests = 6", target: str = "") -> Plan:
    """A preset of one operation, sent as often as the load says."""
    text = f'schema = 1\nname = "one"\n[target]\nurl = "{url}"\n{target}\n[load]\nduration = "20s"\n{load}\n'
    return parse_preset(f'{text}[[operations]]\nname = "one"\n{operation}\n', "one.toml")


def ran(plan: Plan) -> Record:
    """The record of a run."""
    record = run_plan(RunRequest(plan=plan))
    assert_conserved(record)
    return record


def probed(plan: Plan) -> ProbeResult:
    """The same plan, each request asked once."""
    return anyio.run(probe, plan)
