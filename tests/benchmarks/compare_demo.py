"""Real runs of the demo service, compared: a page 40 % slower is found, equal runs are never called different.

python tests/benchmarks/compare_demo.py [EQUAL_PAIRS] [SECONDS]

The page's delay comes from the environment, so that both runs have the same plan. Pairs on a machine that is busy with
something else are told apart: their runs are degraded or invalid, and the comparison says so instead of a verdict.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.demo.server import start_demo
from support.cli import run_cli, write_preset
from support.home import Home, new_home

PRESET = """
schema = 1
name = "page"
kind = "read"
[target]
url = "http://127.0.0.1:8000"
[load]
rate = 200
warmup = "2s"
duration = "30s"
[[operations]]
name = "page"
path = "/slow?ms=${env:PAGE_MS}&jitter=4"
"""
BASE_MS = 20
"""p95 of about 26.5 ms; with the slower page 37.5 ms."""
SLOWER_MS = 31


def measure(home: Home, url: str, delay_ms: int, seconds: float) -> str:
    """One run; returns its id."""
    home.extra["PAGE_MS"] = str(delay_ms)
    preset = write_preset(home, PRESET)
    done = run_cli(
        home, "run", preset, url, "-d", f"{seconds:g}s", "--headless", "--format", "json", timeout_s=seconds + 60
    )
    assert done.code in {0, 12}, done.stderr
    return done.record.id


def verdict(home: Home, baseline: str, run: str) -> tuple[str, str]:
    """The comparison's verdict, and its line for p95."""
    compared = run_cli(home, "compare", baseline, run, "--format", "json").json
    changes = {change["metric"]: change for change in compared["metrics"]}
    p95 = changes.get("response_time.p95")
    line = (
        f"p95 {p95['baseline']:.1f} -> {p95['run']:.1f} ms, {100 * p95['change']:+.1f} %"
        if p95
        else "; ".join(compared["reasons"])
    )
    return compared["verdict"], line


def main() -> int:
    """Print every verdict; 1 when one of them is wrong."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    wrong = 0
    with new_home() as home, start_demo() as demo:
        first = measure(home, demo.url, BASE_MS, seconds)
        found, line = verdict(home, first, measure(home, demo.url, SLOWER_MS, seconds))
        print(f"slower by 40 %: {found} ({line})", flush=True)
        wrong += found not in {"regression", "inconclusive", "not_comparable"}
        equal: Counter[str] = Counter()
        previous = measure(home, demo.url, BASE_MS, seconds)
        for number in range(pairs):
            following = measure(home, demo.url, BASE_MS, seconds)
            same, line = verdict(home, previous, following)
            equal[same] += 1
            print(f"equal {number + 1}: {same} ({line})", flush=True)
            previous = following
        print(f"equal pairs: {dict(equal)}")
        wrong += equal["regression"] + equal["improvement"]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
