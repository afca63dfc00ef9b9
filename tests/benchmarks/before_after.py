"""This checkout against another one: the same loads, in turn on one core, in one run.

    python tests/benchmarks/before_after.py CHECKOUT [SECONDS] [ROUNDS]

CHECKOUT is a directory such as `git worktree add` makes. Both are run by this Python, each with its own sources and its
own tests/support. On a machine that has other things to do, the ratio per CPU second tells more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

# this file is run once more for every measurement, then with the sources of the checkout that is measured
sys.path.insert(0, str(Path(os.environ.get("MEASURED", Path(__file__).resolve().parents[2])) / "tests"))
sys.path.insert(0, str(Path(sys.path[0]).with_name("src")))

import msgspec

from perftui.model.plan import Operation, Target, Tls
from support.benchmark import Speed, measure, pinned_nginx
from support.load_worker import make_plan

HERE = Path(__file__).resolve().parents[2]
CONNECTIONS = 50
LEAST = 0.98


def one(operations: str, url: str, seconds: float) -> None:
    """Measure one load by whatever sources are imported, and print it."""
    wanted = msgspec.json.decode(operations, type=tuple[Operation, ...])
    target = Target(url=url, tls=Tls(insecure=url.startswith("https:")))
    speed = measure(make_plan("", users=CONNECTIONS, duration_s=seconds, target=target, operations=wanted))
    print(speed.per_s, speed.per_cpu_s)


def run_one(checkout: Path, operations: tuple[Operation, ...], url: str, seconds: float) -> Speed:
    """Measure one load by the sources of a checkout."""
    said = subprocess.run(
        [sys.executable, __file__, "--one", msgspec.json.encode(operations).decode(), url, f"{seconds:g}"],
        env={**os.environ, "MEASURED": str(checkout), "PYTHONPATH": str(checkout / "src")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    per_s, per_cpu_s = map(float, said.split())
    return Speed(per_s, per_cpu_s)


def main(checkout: str, seconds: float = 3.0, rounds: float = 5) -> int:
    """Print the ratios, after to before; 0 when all reach the floor."""
    from support.benchmark import MIXED, compare, require
    from support.certificates import Authority

    require("nginx", "taskset", "openssl")
    read, look, _ = MIXED
    loads = {
        "equal answers": (Operation(name="get"),),
        "varied answers": (look,),
        "JSON check": (read,),
        "mixed plan": MIXED,
        "TLS": (look,),
    }
    before = Path(checkout).resolve()
    reached = True
    with (
        tempfile.TemporaryDirectory() as directory,
        pinned_nginx(certificate=Authority(Path(directory)).issue("server")) as server,
    ):
        for name, operations in loads.items():
            url = server.tls_url if name == "TLS" else server.url
            now, then = (partial(run_one, sources, operations, url, seconds) for sources in (HERE, before))
            reached &= compare(name, now, then, rounds=rounds, least=LEAST)
    return 0 if reached else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        raise SystemExit(main(sys.argv[1], *map(float, sys.argv[2:])))
