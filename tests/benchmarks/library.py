"""How long kept runs take: a thousand of them listed, two of ten minutes compared, a plot of one drawn.

python tests/benchmarks/library.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from msgspec.structs import replace

from perftui.analysis.comparison import compare
from perftui.report.plots import Series, line_plot
from perftui.store.index import INDEX_NAME
from perftui.store.library import RunLibrary
from perftui.store.records import read_record, record_toml
from support.recorded_runs import RECORDED
from support.simulated_runs import Model, simulated_run

RUNS = 1000
LIST_S = 0.3
COMPARE_S = 1.0
PLOT_S = 0.02


def fill(library: RunLibrary) -> None:
    """Save a recorded run as often as asked."""
    record = read_record(RECORDED / "read")
    for _ in range(RUNS):
        folder = library.create("read")
        (folder.path / "run.toml").write_text(record_toml(replace(record, id=folder.id)), encoding="utf-8")


def median_s(rounds: int, work: Callable[[], object]) -> float:
    """Median duration of a piece of work."""
    times_s = []
    for _ in range(rounds):
        started_s = time.perf_counter()
        work()
        times_s.append(time.perf_counter() - started_s)
    return statistics.median(times_s)


def main(rounds: int = 5) -> int:
    """Print medians; 0 when each is within its bound."""
    model = Model(seconds=600, rate=600, operations=("list", "show", "create"))
    before, after = simulated_run(model, "before"), simulated_run(model, "after")
    wave = [(float(second), float(second % 60)) for second in range(600)]
    plotted = [Series("ok", wave), Series("asked", wave, "asked")]
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        library = RunLibrary(Path(folder) / "runs")
        fill(library)

        def list_anew() -> None:
            (library.root / INDEX_NAME).unlink(missing_ok=True)
            library.list()

        print(f"{f'{RUNS} runs listed without an index':40} {median_s(1, list_anew):.3f} s")
        for name, work, bound_s in (
            (f"{RUNS} runs listed", library.list, LIST_S),
            ("runs of ten minutes compared", lambda: compare([before], [after]), COMPARE_S),
            ("a plot drawn", lambda: line_plot(plotted, 60, 10), PLOT_S),
        ):
            took_s = median_s(rounds, work)
            kept &= took_s <= bound_s
            print(f"{name:40} {took_s:.3f} s, bound {bound_s:g} s")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
