"""Against Locust's fastest user (FastHttpUser), in a virtual environment of its own: one core each, nginx on another.

python tests/benchmarks/locust.py [SECONDS] [ROUNDS]
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import venv
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.benchmark import Speed, compare, measure, numbers, pinned_nginx, require
from support.load_worker import make_plan
from support.turns import GENERATOR_CPU

CONNECTIONS = 50
LEAST = 10.0
_USERS = """
from locust import FastHttpUser, task


class User(FastHttpUser):
    @task
    def get(self):
        self.client.get("/")
"""


def install(directory: Path) -> Path:
    """A fresh environment with Locust; its program."""
    venv.create(directory, with_pip=True)
    subprocess.run([directory / "bin" / "pip", "install", "--quiet", "locust"], check=True)
    return directory / "bin" / "locust"


def locust(program: Path, url: str, seconds: float) -> Speed:
    """Requests per second of one Locust process."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "users.py").write_text(_USERS, encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [
                "taskset", "-c", str(GENERATOR_CPU), program, "-f", "users.py", "--headless", "--only-summary",
                "-u", str(CONNECTIONS), "-r", str(CONNECTIONS), "-t", f"{seconds:g}s", "-H", url, "--csv", "result",
            ],
            cwd=directory, check=True, capture_output=True,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with (directory / "result_stats.csv").open(encoding="utf-8") as lines:
            total = next(row for row in csv.DictReader(lines) if row["Name"] == "Aggregated")
    assert int(total["Failure Count"]) == 0, total
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Speed(float(total["Requests/s"]), int(total["Request Count"]) / cpu_s)


def main(seconds: float = 5.0, rounds: float = 3) -> int:
    """Print the ratios; 0 when they reach the floor."""
    require("nginx", "taskset")
    with tempfile.TemporaryDirectory() as name, pinned_nginx() as server:
        program = install(Path(name))
        plan = make_plan(server.url, users=CONNECTIONS, duration_s=seconds)
        reached = compare(
            "Locust", partial(measure, plan), partial(locust, program, server.url, seconds), rounds=rounds, least=LEAST
        )
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
