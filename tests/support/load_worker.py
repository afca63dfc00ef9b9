"""A real worker process, spoken to as the runner does, and what it measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Self
from urllib.parse import urlsplit

import msgspec

from perftui.engine.fleet.framing import pack_message, runner_unpacker
from perftui.engine.fleet.messages import Begin, Command, Failure, Frame, FromWorker, Job, Ready
from perftui.metrics.cells import TimeName
from perftui.metrics.sparse import Sparse
from perftui.model.errors import UsageError
from perftui.model.interval import Cell, Counts, ErrorSample, HistogramData
from perftui.model.plan import Load, Operation, Phase, Plan, Stage, Target

_PIECE = 1 << 20
_LEAD_NS = 50_000_000
WORKER = (sys.executable, "-m", "perftui.engine.worker")


def make_plan(  # one argument for each part of a plan that tests vary
    url: str,
    *,
    rate: float = 0.0,
    users: float = 0.0,
    duration_s: float = 1.0,
    operations: Sequence[Operation] = (Operation(name="get"),),
    load: Load | None = None,
    target: Target | None = None,
    timeout_s: float = 5.0,
    warmup_s: float = 0.0,
) -> Plan:
    """A plan with a constant level, or with the load given."""
    level = rate or users
    load = load or Load(
        mode="rate" if rate else "users",
        stages=(Stage(duration_s=duration_s, to=level),),
        start_level=level,
        warmup_s=warmup_s,
    )
    return Plan(
        name="test", target=target or Target(url=url, timeout_s=timeout_s), load=load, operations=tuple(operations)
    )


def one_by_one(requests: int, *, think_s: float = 0.0) -> Load:
    """One user: each request follows the answer before it, whatever the machine is busy with."""
    stages = (Stage(duration_s=60, to=1),)
    return Load(mode="users", stages=stages, start_level=1, max_requests=requests, think_s=(think_s, think_s))


@dataclass
class Measured:
    """All frames of the workers of one run, added up."""

    frames: list[Frame] = field(default_factory=list)

    def cells(self, operation: str | None = None, phase: Phase | None = None) -> list[Cell]:
        """The cells of one operation and phase, or of all."""
        return [
            cell
            for frame in self.frames
            for cell_phase, by_name in frame.cells.items()
            for name, cell in by_name.items()
            if operation in {None, name} and phase in {None, cell_phase}
        ]

    def counts(self, operation: str | None = None, phase: Phase | None = None) -> Counts:
        """How requests ended."""
        return sum((cell.counts for cell in self.cells(operation, phase)), Counts())

    def classes(self, operation: str | None = None) -> dict[str, int]:
        """Error classes and how often."""
        found: dict[str, int] = {}
        for cell in self.cells(operation):
            for name, number in cell.error_classes.items():
                found[name] = found.get(name, 0) + number
        return found

    def histogram(self, which: TimeName, operation: str | None = None, phase: Phase | None = None) -> Sparse:
        """One of the times, merged."""
        held: list[HistogramData | None] = [getattr(cell, which) for cell in self.cells(operation, phase)]
        return Sparse.of(*(data for data in held if data is not None))

    def quantile_us(self, which: TimeName, q: float, operation: str | None = None, phase: Phase | None = None) -> float:
        """A quantile of one of the times."""
        return self.histogram(which, operation, phase).quantiles_us((q,))[0]

    def parts_us(self) -> dict[str, int]:
        """Time spent in each part of requests, over all of them."""
        found: dict[str, int] = {}
        for cell in self.cells():
            for name, part in cell.times.items():
                found[name] = found.get(name, 0) + part.sum_us
        return found

    @property
    def opened(self) -> int:
        """Connections that were opened."""
        return sum(frame.connections.opened for frame in self.frames)

    @property
    def samples(self) -> list[ErrorSample]:
        """Error samples, latest of each kind last."""
        return [sample for frame in self.frames for sample in frame.error_samples]

    @property
    def operations(self) -> set[str]:
        """Names that were measured."""
        return {name for frame in self.frames for by_name in frame.cells.values() for name in by_name}

    def assert_conserved(self) -> None:
        """Every scheduled request has one outcome, in total and in each operation; times are of the right number."""
        for operation in (None, *self.operations):
            counts = self.counts(operation)
            assert counts.conserved, f"{operation}: {counts}"
            failed = counts.errors + counts.timeouts + counts.dropped + counts.client_errors
            assert sum(self.classes(operation).values()) == failed
            assert self.histogram("service_time", operation).total == counts.ok + counts.timeouts
            assert self.histogram("error_time", operation).total == counts.errors + counts.client_errors


class LoadWorkers:
    """Worker processes of one run."""

    def __init__(
        self,
        plan: Plan,
        workers: int = 1,
        *,
        cpu: int = -1,
        variables: dict[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        addresses: tuple[tuple[str, int], ...] = (),
        program: Sequence[str] = WORKER,
    ) -> None:
        parts = urlsplit(plan.target.proxy or plan.target.url)
        host = {"localhost": "127.0.0.1"}.get(parts.hostname or "", parts.hostname or "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.processes = [
            subprocess.Popen(
                program,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
            for _ in range(workers)
        ]
        self._unpackers = [runner_unpacker() for _ in range(workers)]
        self._pending: list[list[FromWorker]] = [[] for _ in range(workers)]
        self.origin_ns = 0
        try:
            for number in range(workers):
                self._set_up(
                    number,
                    Job(
                        worker=number,
                        workers=workers,
                        plan=plan,
                        addresses={"": addresses or ((host, port),)},
                        cpu=cpu,
                        variables=variables or {},
                        secrets=secrets,
                    ),
                )
        except BaseException:
            self.close()
            raise

    def _set_up(self, number: int, job: Job) -> None:
        self.send(number, job)
        answer = self.read(number)
        if isinstance(answer, Failure):
            raise UsageError(answer.message)
        assert isinstance(answer, Ready)

    def send(self, number: int, message: Job | Begin | Command) -> None:
        """Write to one worker."""
        stdin = self.processes[number].stdin
        assert stdin is not None
        stdin.write(pack_message(message))

    def command(self, command: Command) -> None:
        """Write to every worker."""
        for number in range(len(self.processes)):
            self.send(number, command)

    def begin(self) -> None:
        """Start the schedule shortly after now."""
        self.origin_ns = perf_counter_ns() + _LEAD_NS
        for number in range(len(self.processes)):
            self.send(number, Begin(origin_ns=self.origin_ns))

    def read(self, number: int) -> FromWorker:
        """The next message of one worker.

        Raises:
            EOFError: the worker ended.
        """
        stdout = self.processes[number].stdout
        assert stdout is not None
        while not self._pending[number]:
            data = stdout.read(_PIECE)
            if not data:
                raise EOFError(f"worker {number} ended with code {self.processes[number].wait()}")
            self._pending[number] += self._unpackers[number].feed(data)
        return self._pending[number].pop(0)

    def collect(self, on_frame: Callable[[Frame], None] | None = None) -> Measured:
        """Read frames until every worker has sent its last."""
        measured = Measured()
        for number in range(len(self.processes)):
            while True:
                frame = self.read(number)
                if isinstance(frame, Failure):
                    raise UsageError(frame.message)
                assert isinstance(frame, Frame)
                measured.frames.append(frame)
                if on_frame is not None:
                    on_frame(frame)
                if frame.final:
                    break
        return measured

    def close(self) -> None:
        """End the processes."""
        for process in self.processes:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run_load(plan: Plan, workers: int = 1, **options: object) -> Measured:
    """Run a plan with real workers to its end; what is measured is checked for conservation."""
    with LoadWorkers(plan, workers, **options) as running:  # type: ignore[arg-type]  # handed on
        running.begin()
        measured = running.collect()
    measured.assert_conserved()
    return measured


def with_load(plan: Plan, **changes: object) -> Plan:
    """The plan with other fields of its load."""
    return msgspec.structs.replace(plan, load=msgspec.structs.replace(plan.load, **changes))
