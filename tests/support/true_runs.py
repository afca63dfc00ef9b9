"""Runs against the server that knows its own times, and what both say: lines of JSON, to be judged anew later."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import msgspec

from perftui.engine.runner.run import RunRequest, run_plan
from perftui.metrics.generator_bounds import Generator, bounds
from perftui.metrics.sparse import Sparse
from perftui.metrics.summary import generator_of
from perftui.model.interval import HistogramData, TrustVerdict
from perftui.model.plan import Plan
from perftui.model.record import Bound
from perftui.store.loading import load_run
from support.true_server import TrueServer

NAMES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class TrueRun(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, and what was true."""

    kind: str
    """Of load and machine, by which runs are told apart."""
    took_us: list[int]
    """The server's own times, rising."""
    service: HistogramData
    response: HistogramData
    lag: HistogramData
    trust: TrustVerdict
    reasons: list[str]
    steal_percent: float
    busy_percent: float
    """Of all cores, by whomever."""

    @property
    def true_ms(self) -> dict[str, float]:
        """The server's own percentiles."""
        took = self.took_us
        return {name: took[max(0, math.ceil(q * len(took) - 1e-9) - 1)] / 1e3 for name, q in NAMES.items()}

    @property
    def bounds(self) -> dict[str, Bound]:
        """Of the response times, by the rules of today."""
        return bounds(Sparse.of(self.response).stats(), Sparse.of(self.service), Generator(Sparse.of(self.lag)))

    @property
    def inside(self) -> dict[str, bool]:
        """Whether each true percentile lies within its bounds; the middle of a slot stands for all of it."""
        found, true = self.bounds, self.true_ms
        return {name: found[name].lower <= true[name] <= found[name].upper * 1.0006 + 0.001 for name in NAMES}

    @property
    def is_valid(self) -> bool:
        """Whether every headline percentile is sound by the rules of today, and nothing else was wrong."""
        others = [code for code in self.reasons if not code.startswith("response_time.")]
        return not others and all(self.bounds[name].verdict == "sound" for name in NAMES)


def true_run(kind: str, plan: Plan, server: TrueServer) -> TrueRun:
    """Run a plan without warm-up."""
    run = load_run(run_plan(RunRequest(plan=plan)).id)
    cells = [cell for interval in run.intervals for cell in interval.cells.get("measure", {}).values()]
    measured = [interval for interval in run.intervals if interval.phase == "measure"]
    hosts = [interval.host for interval in measured]
    trust = run.record.trust
    return TrueRun(
        kind=kind,
        took_us=sorted(took // 1000 for _, took in server.times()),
        service=Sparse.of(*(cell.service_time for cell in cells)).data,
        response=Sparse.of(*(cell.response_time for cell in cells if cell.response_time is not None)).data,
        lag=generator_of(measured).lag.data,
        trust=trust.verdict,
        reasons=[reason.code for reason in trust.reasons if reason.verdict != "valid"],
        steal_percent=max((host.steal_percent for host in hosts), default=0.0),
        busy_percent=sum(host.cpu_percent for host in hosts) / max(1, len(hosts)),
    )


def keep(path: Path | None, run: TrueRun) -> None:
    """Add a line to a file, where one is wanted."""
    if path is not None:
        with path.open("ab") as out:
            out.write(msgspec.json.encode(run) + b"\n")


def kept(path: Path) -> Iterator[TrueRun]:
    """The runs of such a file."""
    for line in path.read_bytes().splitlines():
        yield msgspec.json.decode(line, type=TrueRun)
