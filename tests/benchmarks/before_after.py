"""This checkout against another one: the same loads, in turns on one core, in one run.

    python tests/benchmarks/before_after.py CHECKOUT [TURNS]

CHECKOUT is a directory such as `git worktree add` makes. Both are run by this Python, each with its own sources and its
own tests/support.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

# this file is run once more for every measurement, then with the sources of the checkout that is measured
sys.path.insert(0, str(Path(os.environ.get("MEASURED", Path(__file__).resolve().parents[2])) / "tests"))
sys.path.insert(0, str(Path(sys.path[0]).with_name("src")))

import msgspec

from perftui.model.plan import Operation, Target, Tls
from support.load_worker import LoadWorkers, make_plan

HERE = Path(__file__).resolve().parents[2]
CONNECTIONS = 50
LEAST = 0.98


def one(operations: str, url: str, seconds: float, cpu: int) -> None:
    """One load by whatever sources are imported; the number of its process is printed."""
    wanted = msgspec.json.decode(operations, type=tuple[Operation, ...])
    target = Target(url=url, tls=Tls(insecure=url.startswith("https:")))
    plan = make_plan("", users=CONNECTIONS, duration_s=seconds, target=target, operations=wanted)
    with LoadWorkers(plan, cpu=cpu) as workers:
        workers.begin()
        print(workers.processes[0].pid, flush=True)
        workers.collect()


@contextmanager
def run_one(checkout: Path, operations: tuple[Operation, ...], url: str, seconds: float) -> Iterator[int]:
    """One load by the sources of a checkout: a generator as in support/turns.py."""
    from support.turns import GENERATOR_CPU

    asked = msgspec.json.encode(operations).decode()
    with subprocess.Popen(
        [sys.executable, __file__, "--one", asked, url, f"{seconds:g}", str(GENERATOR_CPU)],
        env={**os.environ, "MEASURED": str(checkout), "PYTHONPATH": str(checkout / "src")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        try:
            yield worker
        finally:
            process.kill()
            os.kill(worker, signal.SIGKILL)


def main(checkout: str, turns: float = 80) -> int:
    """Print the ratios, after to before; 0 when all reach the floor."""
    from support.benchmark import MIXED, pinned_nginx, require
    from support.certificates import Authority
    from support.turns import in_turns, report

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
            both = {
                who: partial(run_one, sources, operations, url) for who, sources in (("now", HERE), ("then", before))
            }
            reached &= report(name, in_turns(both, server, int(turns)))["then"] >= LEAST
    return 0 if reached else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5]))
    else:
        raise SystemExit(main(sys.argv[1], *map(float, sys.argv[2:])))
