"""The plan: a preset after overrides and validation. Frozen; saved with the run, secrets as placeholders.

Durations are seconds. Strings of target and operations may hold `${...}` placeholders (presets/placeholders.py).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

Kind = Literal["health", "read", "write", "stress", "custom"]
Mode = Literal["rate", "users"]
Arrivals = Literal["uniform", "poisson"]
Phase = Literal["warmup", "ramp", "measure", "drain"]
PHASES: tuple[Phase, ...] = ("warmup", "ramp", "measure", "drain")

Headers = dict[str, str | list[str]]
"""Values by name; a list is as many lines of that name."""
DEFAULT_TIMEOUT_S = 5.0
DEFAULT_IN_FLIGHT_CAP = 4096
DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024


class Frozen(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of the plan's parts: immutable, named fields only, an unknown field is an error."""


class Auth(Frozen, frozen=True, kw_only=True):
    """How requests identify themselves. Exactly one of the ways is set."""

    bearer: str = ""
    basic: tuple[str, str] | None = None
    """User and password."""
    digest: tuple[str, str] | None = None
    header: tuple[str, str] | None = None
    """API key: header name and value."""
    query: tuple[str, str] | None = None
    """API key: query parameter and value."""
    oauth2: OAuth2 | None = None
    login: Login | None = None


class OAuth2(Frozen, frozen=True, kw_only=True):
    """Client-credentials grant; the token is fetched once before the start and renewed when it runs out."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""


class Login(Frozen, frozen=True, kw_only=True):
    """A request whose captured value becomes a header of every other request."""

    request: Operation
    header: str = "Authorization"
    value: str = "Bearer ${token}"


class Tls(Frozen, frozen=True, kw_only=True):
    """How the server is verified and who we are to it."""

    insecure: bool = False
    """True: any certificate is accepted. Shown permanently and saved."""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    """Name for SNI and verification instead of the URL's host."""


class Target(Frozen, frozen=True, kw_only=True):
    """What is loaded."""

    url: str
    """Scheme, host, port and a path prefix. Operations append their path to it."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    """Total deadline of one request."""
    headers: Headers = {}
    secret_headers: tuple[str, ...] = ()
    """Names of those whose values came from a file: they are never stored or shown."""
    auth: Auth | None = None
    tls: Tls = Tls()
    proxy: str = ""
    unix_socket: str = ""
    keep_alive: bool = True
    re_resolve_s: float = 0.0
    """Seconds between new DNS look-ups; 0: resolved once, before the start."""
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    """A larger answer is an error: it would measure the memory of the generator."""
    redirects: int = 0
    """How many redirects a request is sent through at most, within the target's origin; it counts once, with all of
    them. 0: a redirect is the answer."""
    pid: int = 0
    """Process of a local server, sampled with the host; 0: found by `process`, or by the port it listens on."""
    process: str = ""
    """Name of a local server's process, where its port does not tell it."""
    metrics_url: str = ""
    """Where the target's machine tells how it is, in the text form of Prometheus (node_exporter)."""


class Stage(Frozen, frozen=True, kw_only=True):
    """A part of the load profile: the level it ramps to linearly, or holds when the level before it is the same."""

    duration_s: float
    to: float
    """Arrivals per second, or users."""


class Load(Frozen, frozen=True, kw_only=True):
    """How much, how long, how it arrives."""

    mode: Mode = "rate"
    stages: tuple[Stage, ...]
    """Never empty. The first stage holds its level from the start unless `start_level` differs."""
    start_level: float = 0.0
    """Level before the first stage. A plain `rate = 100` has start_level 100: the stage holds."""
    arrivals: Arrivals = "uniform"
    seed: int = 1
    """Seed of Poisson arrivals and of random values."""
    warmup_s: float = 0.0
    """Held before the first stage at start_level (its own level when that is 0); excluded from the summary."""
    max_requests: int = 0
    """Stop after this many requests in total; 0: no limit."""
    think_s: tuple[float, float] = (0.0, 0.0)
    """users mode: wait between a response and the user's next request, drawn uniformly."""
    in_flight_cap: int = DEFAULT_IN_FLIGHT_CAP
    """Requests at once over all workers; at the cap they queue with their intended time."""
    connections: int = 0
    """Most connections at once over all workers; 0: as many as in flight."""
    rate_of: Literal["requests", "journeys"] = "requests"
    workers: int = 1
    """Worker processes; 0: as many as the cores that the target does not need."""
    cluster: str = ""
    """Where workers run: `local:2`, `tls://host:8786`, `ssh:hosts.txt` (presets/cluster.py); empty: on this machine."""
    insecure_cluster: bool = False
    """True: the way to the cluster may be neither TLS nor loopback. Saved."""
    drain_s: float = 10.0
    """Longest wait for answers after the last arrival; also bounded by the timeout."""
    on_disconnect: Literal["finish", "stop"] = "finish"
    auto_stop: bool = True
    """Stop when more than half of the requests fail for 10 s."""

    @property
    def duration_s(self) -> float:
        """Planned seconds without warm-up and drain."""
        return sum(stage.duration_s for stage in self.stages)


class Check(Frozen, frozen=True, kw_only=True):
    """One condition on a response. Every field that is set must hold."""

    name: str = ""
    status: tuple[int, ...] = ()
    header: str = ""
    """Header that must be present; its value is the subject of equals, contains and matches."""
    json: str = ""
    """JSON path that must exist; its value is the subject of equals, contains and matches."""
    equals: str | int | float | bool | None = None
    contains: str = ""
    """Without header or json: text the body must contain."""
    matches: str = ""
    """Regular expression; without header or json: searched in the body."""
    min_bytes: int = 0
    max_bytes: int = 0
    max_time_s: float = 0.0
    rows: int | None = None
    """How many rows, entries or replies there must be."""
    min_rows: int = 0
    max_rows: int | None = None
    not_nil: bool = False
    """There must be a value: a key that is there, a row, a body."""


class Capture(Frozen, frozen=True, kw_only=True):
    """A value taken from a response for later steps. One source is set."""

    name: str
    json: str = ""
    header: str = ""
    regex: str = ""
    """First group, or the whole match."""
    cookie: str = ""


class Part(Frozen, frozen=True, kw_only=True):
    """One part of a multipart body."""

    name: str
    value: str = ""
    file: str = ""
    """Path of the file whose bytes are sent."""
    filename: str = ""
    content_type: str = ""


class Operation(Frozen, frozen=True, kw_only=True):
    """One kind of request. What is sent stands in `request`, but for HTTP, which has fields of its own."""

    name: str
    weight: float = 1.0
    target: str = ""
    """Name of the target; empty: the plan's own."""
    driver: str = "http"
    """Which protocol this is an operation of."""
    request: dict[str, Any] = {}
    """What is sent, in the keys of its driver; strings in it may hold placeholders."""
    reads_only: bool = False
    """Set by the driver where the operation certainly changes nothing; for HTTP the method tells."""
    also: tuple[str, ...] = ()
    """Set by the driver: names of the targets that it goes to besides its own."""
    hit: Check | None = None
    """What a good answer must be to count as a hit; None: hits are not counted."""
    method: str = "GET"
    path: str = "/"
    query: dict[str, str | int | float | bool | list[str]] = {}
    headers: Headers = {}
    json: Any = None
    """JSON body; strings in it may hold placeholders."""
    form: dict[str, str] = {}
    body: str = ""
    body_file: str = ""
    multipart: tuple[Part, ...] = ()
    checks: tuple[Check, ...] = ()
    captures: tuple[Capture, ...] = ()
    think_s: tuple[float, float] = (0.0, 0.0)
    """Wait before this step of a journey."""

    @property
    def writes(self) -> bool:
        """Whether it may change data on the target."""
        return self.method not in {"GET", "HEAD", "OPTIONS"} if self.driver == "http" else not self.reads_only


class Journey(Frozen, frozen=True, kw_only=True):
    """A named sequence of steps of one virtual user; a failed step ends it."""

    name: str
    weight: float = 1.0
    steps: tuple[Operation, ...]


class DataSource(Frozen, frozen=True, kw_only=True):
    """A CSV or JSON-lines file whose columns are values: `${data:NAME.column}`."""

    name: str
    file: str
    order: Literal["in_turn", "random", "per_user"] = "in_turn"


class Objective(Frozen, frozen=True, kw_only=True):
    """A metric with one or two limits: missing `target` warns, missing `critical` fails."""

    metric: str
    """`response_time.p95`, `error_rate`, `throughput`, `host.cpu`, `target.memory`, `check.NAME`, ..."""
    target: str = ""
    """`< 500ms`, `> 100/s`, `< 0.1%`, `< 512MB`; empty: only `critical` is judged."""
    critical: str = ""
    operation: str = ""
    """Empty: the total."""
    note: str = ""
    """Why it is not as the preset has it; said beside its result."""
    level: float | None = None
    """Only the stages that hold this level; None: the whole measure phase."""
    over_s: float = 0.0
    """It must hold in every stretch of so many seconds; 0: over all of them together."""
    grace_s: float = 0.0
    """Seconds after the warm-up in which it is not judged."""
    abort: bool = False
    """The run ends as soon as `critical` is missed."""

    @property
    def limits(self) -> tuple[str, ...]:
        """The limits it has, the first one to be missed first."""
        return tuple(limit for limit in (self.target, self.critical) if limit)


class Plan(Frozen, frozen=True, kw_only=True):
    """A preset after overrides and validation: all that a run needs."""

    schema: int = 1
    name: str
    title: str = ""
    description: str = ""
    kind: Kind = "custom"
    target: Target
    """What operations go to that name no other target."""
    targets: dict[str, Target] = {}
    """Further targets by name."""
    load: Load
    operations: tuple[Operation, ...] = ()
    journeys: tuple[Journey, ...] = ()
    data: tuple[DataSource, ...] = ()
    objectives: tuple[Objective, ...] = ()
    before: tuple[Operation, ...] = ()
    """Set-up requests; their captures feed the load; never counted."""
    after: tuple[Operation, ...] = ()
    """Clean-up requests, also after an abort; reported, never counted."""

    @property
    def all_operations(self) -> tuple[Operation, ...]:
        """Every request of the plan, counted or around the load; the log-in stands with the target."""
        return (*self.counted_operations, *self.before, *self.after)

    @property
    def counted_operations(self) -> tuple[Operation, ...]:
        """Every operation that results are kept for: plain ones, then the steps of journeys."""
        return self.operations + tuple(step for journey in self.journeys for step in journey.steps)

    @property
    def writes(self) -> bool:
        """Whether any request may change data on the target."""
        return any(operation.writes for operation in self.counted_operations)

    @property
    def used_targets(self) -> dict[str, Target]:
        """The targets that requests go to, by name; the plan's own is the one without a name."""
        names = {name for operation in self.all_operations for name in (operation.target, *operation.also)}
        if self.target.auth is not None and self.target.auth.login is not None:
            names.add("")
        names = names or {""}  # a plan that another tool's result stands for
        return {name: target for name, target in {"": self.target, **self.targets}.items() if name in names}

    @property
    def where(self) -> str:
        """The URLs of all that is loaded, for people, without users and passwords."""
        return " + ".join(dict.fromkeys(_shown_url(target.url) for target in self.used_targets.values()))

    @property
    def address(self) -> str:
        """The URLs of all that is loaded, for people; with the path where all requests go to one."""
        paths = {operation.path for operation in self.counted_operations if operation.driver == "http"}
        if len(paths) != 1 or len(self.used_targets) != 1:
            return self.where
        return self.where.rstrip("/") + paths.pop()

    @property
    def timeout_s(self) -> float:
        """The longest deadline of any request."""
        return max((target.timeout_s for target in self.used_targets.values()), default=self.target.timeout_s)

    def aimed_at(self, name: str) -> Plan:
        """The same plan with the target of that name as its own."""
        return replace(self, target=self.targets[name]) if name else self


def _shown_url(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
