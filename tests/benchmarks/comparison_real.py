"""Real runs against the demo service: equal ones are not called worse, 40 % slower ones are.

    python tests/benchmarks/comparison_real.py [RUNS] [SECONDS]

On a busy machine runs are degraded or invalid, which forbids a verdict; the metrics get theirs all the same.
Every run is its own `perftui run`. The path holds an environment variable, so that plans are equal and answers are not.

Two cores under seven times their load, 21 + 5 runs of 14 s at 200 requests per second: of 80 verdicts over 20 equal
pairs none was a regression or an improvement (62 no difference, 18 inconclusive); p95 of equal runs varied by 4.9 %.
12 ms more: single pairs +26 to +43 %, 2 of 5 sure enough for a verdict; 5+5 rounds +34.9 % [+24.1, +46.6], regression.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from perftui.analysis.comparison import compare
from perftui.analysis.rounds import spread_of
from perftui.demo.server import start_demo
from perftui.model.comparison import Comparison
from perftui.store.loading import LoadedRun, load_run
from support.cli import run_cli, write_preset
from support.home import Home, new_home
from support.presets import preset_text

BASE_MS, SLOWER_MS = 20, 32
RATE = 200


def _run(home: Home, preset: str, url: str, milliseconds: int, name: str) -> LoadedRun:
    output = home.path / f"{name}.json"
    home.extra["SLOW_MS"] = str(milliseconds)
    done = run_cli(home, "run", preset, url, "--headless", "--warn-only", "--format", "json", "--output", str(output))
    if not output.exists():
        raise SystemExit(done.stderr)
    return load_run(str(output))


def _show(name: str, comparison: Comparison) -> None:
    p95 = next(change for change in comparison.metrics if change.metric == "response_time.p95")
    change = f"{p95.baseline:6.1f} -> {p95.run:6.1f} ms {p95.change * 100:+6.1f} %"
    interval = f"[{p95.low * 100:+.1f}, {p95.high * 100:+.1f}]" if p95.interval_known else "[unknown]"
    print(
        f"{name:10} {comparison.verdict:14} p95 {change} {interval} {p95.verdict}; {'; '.join(comparison.reasons)[:80]}"
    )


def main() -> None:
    """Print a line per pair, and how often each verdict was."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with start_demo() as demo, new_home() as home:
        text = preset_text(
            demo.url, {"slow": "/slow?ms=${env:SLOW_MS}&jitter=10"}, rate=RATE, warmup="2s", duration=f"{seconds}s"
        )
        preset = write_preset(home, text)
        equal = [_run(home, preset, demo.url, BASE_MS, f"a{number}") for number in range(count)]
        slower = [_run(home, preset, demo.url, SLOWER_MS, f"b{number}") for number in range(5)]
    print(f"trust: {dict(Counter(run.record.trust.verdict for run in [*equal, *slower]))}")
    for metric in ("response_time.p50", "response_time.p95", "response_time.p99"):
        spread = spread_of([run.record for run in equal], metric)
        if spread:
            print(f"{metric}: {spread.mean:.1f} ms, varies by {spread.varies * 100:.1f} % from run to run")
    metrics: Counter[str] = Counter()
    for place in range(count - 1):
        comparison = compare([equal[place]], [equal[place + 1]], force=True)
        _show(f"A/A {place + 1}", comparison)
        metrics.update(change.verdict for change in comparison.metrics if change.gated)
    print(f"A/A, verdicts of all metrics: {dict(metrics)}")
    for place, run in enumerate(slower):
        _show(f"A/B {place + 1}", compare([equal[place]], [run], force=True))
    _show("A/B 5+5", compare(equal[:5], slower, force=True))
    _show("A/A 5+5", compare(equal[:5], equal[5:10], force=True))


if __name__ == "__main__":
    main()
