"""The record of a run (run.toml, and key for key the JSON export)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from perftui.model.interval import Counts, NumberVerdict, TrustReason, TrustVerdict
from perftui.model.interval import Verdict as OfLimits
from perftui.model.plan import Plan
from perftui.model.scaling import Scaling
from perftui.model.search import Search

Status = Literal["running", "finished", "stopped", "aborted", "interrupted", "failed"]
Verdict = OfLimits
Outcome = Literal["pass", "warn", "fail", "none", "invalid", "regression"]
"""What came of a whole run."""
REGRESSION = "regression"
"""Code of the finding that a run is worse than its baseline."""
ENDED_BY_OBJECTIVE = "objective"
"""Who ended a run, in its `status_detail`, when a critical limit did."""
METRIC_DEFINITIONS = 1
"""Version of what the numbers mean; part of the comparability key."""


class Part(Struct, frozen=True, kw_only=True):
    """Base of a record's parts; every field is written, unknown ones are ignored when read."""


class LatencyStats(Part, frozen=True, kw_only=True):
    """A distribution of times. All but count are milliseconds."""

    count: int = 0
    min: float = 0.0
    mean: float = 0.0
    stddev: float = 0.0
    p50: float = 0.0
    p75: float = 0.0
    p90: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    p99_9: float = 0.0
    max: float = 0.0
    iqr: float = 0.0


class Bound(Part, frozen=True, kw_only=True):
    """Where the target's own value of a number lies: the generator can only have added time. Milliseconds."""

    lower: float
    upper: float
    """As measured."""
    share: float
    """Of the measured value that the generator may have added at most."""
    verdict: NumberVerdict


class Hits(Part, frozen=True, kw_only=True):
    """Of the ok answers of operations that say what a hit is."""

    rate: float = 0.0
    """Hits among them."""
    hit_time_ms: LatencyStats = LatencyStats()
    """Service times of hits."""
    miss_time_ms: LatencyStats = LatencyStats()


class Amount(Part, frozen=True, kw_only=True):
    """Something that only some protocols count."""

    total: int = 0
    per_s: float = 0.0


class Asset(Part, frozen=True, kw_only=True):
    """Something that a page names."""

    count: int = 0
    mean_ms: float = 0.0
    max_ms: float = 0.0


class Own(Part, frozen=True, kw_only=True):
    """What only some protocols have; names are those of model/objectives.py."""

    times_ms: dict[str, LatencyStats] = {}
    amounts: dict[str, Amount] = {}
    assets: dict[str, Asset] = {}
    """The slowest first."""
    left_alone: tuple[str, ...] = ()
    """Hosts that pages name and that were not asked."""


class Stats(Part, frozen=True, kw_only=True):
    """What one operation, or the total, did during a phase."""

    counts: Counts = Counts()
    error_classes: dict[str, int] = {}
    statuses: dict[str, int] = {}
    """Complete answers by status, good or not, the most frequent first; empty where the protocol has none."""
    noted: dict[str, int] = {}
    """What was met on the way and accepted, by code of model/noted.py."""
    redirect: str = ""
    """An example of a redirect that was not followed: `301 to /login`."""
    rate_per_s: float = 0.0
    """Started."""
    throughput_per_s: float = 0.0
    """Ok answers that ended within these seconds, whenever they were due."""
    attained: float = 0.0
    """Ok among those due / due."""
    error_rate: float = 0.0
    """(errors + timeouts + dropped) / (ok + errors + timeouts + dropped); cancelled ones, and what failed in the
    generator or was dropped by its own fault, are left out."""
    timeout_rate: float = 0.0
    received_bytes: int = 0
    sent_bytes: int = 0
    response_time_ms: LatencyStats = LatencyStats()
    service_time_ms: LatencyStats = LatencyStats()
    start_delay_ms: LatencyStats = LatencyStats()
    error_time_ms: LatencyStats = LatencyStats()
    response_time_bounds: dict[str, Bound] = {}
    """By statistic (p50 to p99_9, mean); empty where the generator's lag is not known."""
    service_time_bounds: dict[str, Bound] = {}
    times_ms: dict[str, float] = {}
    """Mean per request of each part: queue, dns, connect, tls, first_byte, transfer; execute, fetch; answer."""
    hits: Hits | UnsetType = UNSET
    """Left out where no operation says what a hit is."""
    own: Own | UnsetType = UNSET
    """Left out where no protocol has anything of its own to say."""

    @property
    def of_protocol(self) -> Own:
        """What only some protocols have; empty where there is nothing."""
        return self.own if isinstance(self.own, Own) else Own()

    @property
    def hit_rate(self) -> float | None:
        """The share of hits; None where nobody asked, or nothing was answered."""
        return self.hits.rate if isinstance(self.hits, Hits) else None

    @property
    def hit_time_ms(self) -> LatencyStats:
        """Service times of hits."""
        return self.hits.hit_time_ms if isinstance(self.hits, Hits) else LatencyStats()

    @property
    def miss_time_ms(self) -> LatencyStats:
        """Service times of misses."""
        return self.hits.miss_time_ms if isinstance(self.hits, Hits) else LatencyStats()


class Summary(Part, frozen=True, kw_only=True):
    """What follows from the intervals of the measure phase."""

    phase: str = "measure"
    duration_s: float = 0.0
    total: Stats = Stats()
    operations: dict[str, Stats] = {}


class LevelStats(Part, frozen=True, kw_only=True):
    """What a stage that holds one level measured, by the second in which requests ended."""

    stage: int
    """Its number, from 1."""
    level: float
    start_s: float
    duration_s: float
    total: Stats = Stats()
    operations: dict[str, Stats] = {}


class Growth(Part, frozen=True, kw_only=True):
    """How the memory of the target's process moved: a robust slope, and where it lies at 95 %."""

    per_hour: float
    """Bytes."""
    low: float
    high: float
    seconds: float
    """How long it was watched."""


class Spread(Part, frozen=True, kw_only=True):
    """A sampled quantity over the run."""

    mean: float = 0.0
    p95: float = 0.0
    max: float = 0.0


class MachineStats(Part, frozen=True, kw_only=True):
    """One of the machines of a cluster, over the run."""

    name: str
    workers: int = 0
    cpu_percent: Spread = Spread()
    memory_percent: Spread = Spread()
    loop_lag_ms: Spread = Spread()
    """Of the worst of its workers in each second."""
    round_trip_ms: float = 0.0
    """The longest from the runner's machine and back."""
    clock_offset_ms: float = 0.0
    """How far its clock moved at most against the runner's after the start."""
    clock_bound_ms: float = 0.0
    """Its moments are known no better."""
    lost: bool = False
    """Whether it was gone before the end."""


class Environment(Part, frozen=True, kw_only=True):
    """Where the run was made."""

    perftui: str = ""
    python: str = ""
    uvloop: str = ""
    host: str = ""
    host_id: str = ""
    """Hash that tells machines apart without naming them."""
    cpus: int = 0
    cpu_model: str = ""
    kernel: str = ""
    workers: int = 1
    addresses: tuple[str, ...] = ()
    """What the target's name resolved to."""
    metric_definitions: int = METRIC_DEFINITIONS


class Trust(Part, frozen=True, kw_only=True):
    """Whether the generator itself kept up."""

    verdict: TrustVerdict = "valid"
    reasons: tuple[TrustReason, ...] = ()


class ObjectiveResult(Part, frozen=True, kw_only=True):
    """One objective and what became of it."""

    metric: str
    operation: str = ""
    level: float | None = None
    over_s: float = 0.0
    value: float | None = None
    """In the metric's unit (ms, fraction, per second, bytes); None when nothing was measured. With `over_s`, of the
    worst stretch."""
    target: str = ""
    critical: str = ""
    verdict: Verdict = "none"
    detail: str = ""
    implied: bool = False
    """Nobody asked for it: it must hold of every run."""
    undecided: bool = False
    """Whether it holds cannot be told: too much of the value may be the generator's."""


class Finding(Part, frozen=True, kw_only=True):
    """Something worth knowing, found without asking."""

    code: str
    detail: str
    severity: Literal["note", "warn", "fail"] = "warn"


class Record(Part, frozen=True, kw_only=True):
    """A run: what was asked, what was measured, what follows."""

    schema: int = 1
    kind: Literal["run"] = "run"
    id: str
    label: str = ""
    status: Status = "running"
    status_detail: str = ""
    """Why it ended: `stopped by tui`, `auto-stop: 60 % of the requests failed for 10 s`, `signal TERM`."""
    started_at: str = ""
    """UTC, ISO 8601."""
    ended_at: str = ""
    steered: bool = False
    """Somebody changed the load by hand: not taken as a baseline without being told to."""
    rounds_of: str = ""
    """Id shared by the rounds of one `--rounds N` run; empty otherwise."""
    round: int = 0
    search: Search | None = None
    """The search for the highest level that this run confirms or not."""
    scaling: Scaling | UnsetType = UNSET
    """The scaling test that this run ends; left out where there is none."""
    plan: Plan
    environment: Environment = Environment()
    trust: Trust = Trust()
    whole_run: Counts = Counts()
    summary: Summary = Summary()
    phases: dict[str, Stats] = {}
    """Total of each phase."""
    levels: tuple[LevelStats, ...] = ()
    """The stages that hold a level, where there are several."""
    host: dict[str, Spread] = {}
    machines: tuple[MachineStats, ...] | UnsetType = UNSET
    """Of a cluster; left out where there is none."""
    target_growth: Growth | None = None
    """Memory of the target's process; None when it is not known, or was watched too shortly to say."""
    objectives: tuple[ObjectiveResult, ...] = ()
    findings: tuple[Finding, ...] = field(default_factory=tuple)
    verdict: Verdict = "none"

    @property
    def is_regression(self) -> bool:
        """Whether it was found worse than its baseline."""
        return any(finding.code == REGRESSION for finding in self.findings)

    @property
    def cluster(self) -> tuple[MachineStats, ...]:
        """The machines that sent the load; none: it was sent from the runner's."""
        return self.machines if isinstance(self.machines, tuple) else ()

    @property
    def scaled(self) -> Scaling | None:
        """The scaling test that this run ends."""
        return self.scaling if isinstance(self.scaling, Scaling) else None

    @property
    def outcome(self) -> Outcome:
        """What came of the run in one word: see outcome_of."""
        return outcome_of(self.verdict, self.trust.verdict, is_regression=self.is_regression)

    @property
    def stopped_by_guard(self) -> str:
        """Why the safety guard ended the run; empty when it did not."""
        who, _, why = self.status_detail.partition(": ")
        return why if who in {"auto-stop", "guard"} else ""

    @property
    def ended_by_objective(self) -> str:
        """Which critical limit ended the run, and how it was missed; empty when none did."""
        who, _, why = self.status_detail.partition(": ")
        return why if who == ENDED_BY_OBJECTIVE else ""


def outcome_of(verdict: Verdict, trust: TrustVerdict, *, is_regression: bool) -> Outcome:
    """One word for a run: objectives met on numbers that are not the target's, or by a worse target, are no pass."""
    if trust == "invalid":
        return "invalid"
    return "regression" if is_regression else verdict
