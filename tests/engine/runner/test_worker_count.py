"""How many workers `auto` means: as many as the load needs, where cores are free."""

from __future__ import annotations

from typing import Any

import pytest

from perftui.engine.runner import prepare
from perftui.model.plan import Load, Operation, Plan, Stage, Target

LOCAL, REMOTE = {"": (("127.0.0.1", 80),)}, {"": (("192.0.2.1", 80),)}


def _plan(**load: Any) -> Plan:
    level = load.pop("level")
    profile = Load(stages=(Stage(duration_s=1, to=level),), start_level=level, **({"workers": 0} | load))
    return Plan(name="p", target=Target(url="http://h"), load=profile, operations=(Operation(name="get"),))


@pytest.mark.parametrize(
    ("load", "addresses", "count"),
    [
        ({"level": 100}, REMOTE, 1),
        ({"level": 25_000}, REMOTE, 3),
        ({"level": 500_000}, REMOTE, 7),
        ({"level": 500_000}, LOCAL, 4),
        # users that think are counted; users that never do take the cores that are free
        ({"level": 50, "mode": "users", "think_s": (1.0, 2.0)}, REMOTE, 1),
        ({"level": 50, "mode": "users"}, REMOTE, 5),
        ({"level": 50, "mode": "users"}, LOCAL, 4),
        ({"level": 5, "mode": "users"}, REMOTE, 1),
        ({"level": 50, "mode": "users", "workers": 2}, REMOTE, 2),
    ],
)
def test_auto(load: dict[str, Any], addresses: Any, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "available_cpus", lambda: 8)
    assert prepare.worker_count(_plan(**load), addresses) == count
