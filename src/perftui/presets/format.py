"""The preset file: its tables, and the plan's parts that they become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perftui.model.plan import Auth, DataSource, Journey, Load, Login, OAuth2, Stage, Target, Tls
from perftui.presets import texts
from perftui.presets.cluster import FORMS, cluster_problem
from perftui.presets.grammar import SECRET_KINDS
from perftui.presets.kinds import BAD, Choice, Duration, Flag, ListOf, MapOf, Number, Size, Text
from perftui.presets.objective_format import OBJECTIVE
from perftui.presets.problems import KeyPath, Problems
from perftui.presets.request_format import FILE, HEADER_VALUE, HEADERS, NAME, OPERATION, REQUEST, STEP, Think
from perftui.presets.sections import Key, Section, at_most_one, exactly_one, struct_builder

MOST_RATE = 1_000_000
MOST_REDIRECTS = 20
MOST_USERS = 100_000
MOST_WORKERS = 64
MOST_DURATION_S = 24 * 3600.0
_SECRET = Text(allow=SECRET_KINDS, check=texts.header_value_problem, most=16_000)
_PROXY = Text(allow=SECRET_KINDS, check=texts.proxy_problem, most=8000, later=True)


def _pair(first: str, second: str, doc: str, *, may_be_empty: bool = False) -> Section:
    def build(read: dict[str, Any], _path: KeyPath, _problems: Problems) -> object:
        return (read[first], read[second])

    kind = Text(allow=SECRET_KINDS, check=texts.header_value_problem, most=16_000, empty=may_be_empty)
    return Section(
        {first: Key(_SECRET, f"The {first}.", required=True), second: Key(kind, f"The {second}.", required=True)},
        build,
        doc,
        parts=lambda pair: dict(zip((first, second), pair, strict=True)),
    )


OAUTH2 = Section(
    {
        "token_url": Key(
            Text(allow=SECRET_KINDS, check=texts.url_problem, later=True), "Where tokens are fetched.", required=True
        ),
        "client_id": Key(_SECRET, "Who we are.", required=True),
        "client_secret": Key(_SECRET, "Our secret, such as ${env:CLIENT_SECRET}.", required=True),
        "scope": Key(_SECRET, "What the token is for."),
    },
    struct_builder(OAuth2),
    "OAuth2 client credentials: a token is fetched before the start and renewed when it runs out.",
)
LOGIN = Section(
    {
        "request": Key(REQUEST, "The log-in request; its captures can be used in value.", required=True),
        "header": Key(Text(check=texts.header_name_problem), "Header of every other request."),
        "value": Key(HEADER_VALUE, "Value of that header, such as Bearer ${token}."),
    },
    struct_builder(Login),
    "A request sent once before the start, whose captured value identifies every other request.",
)


def _one_way(names: Sequence[str]) -> str:
    return "" if len(names) == 1 else f"has {' and '.join(names) or 'no way to identify'}; name exactly one way"


AUTH = Section(
    {
        "bearer": Key(_SECRET, "Token of the Authorization header."),
        "basic": Key(
            _pair("user", "password", "User and password.", may_be_empty=True),
            "User and password, sent with every request.",
        ),
        "digest": Key(
            _pair("user", "password", "User and password.", may_be_empty=True), "User and password, answered by digest."
        ),
        "header": Key(_pair("name", "value", "Header and value."), "API key in a header."),
        "query": Key(_pair("name", "value", "Parameter and value."), "API key in the query."),
        "oauth2": Key(OAUTH2, "OAuth2 client credentials."),
        "login": Key(LOGIN, "A log-in request."),
    },
    struct_builder(Auth),
    "How requests identify themselves: exactly one way.",
    _one_way,
    schema={"minProperties": 1, "maxProperties": 1},
)
TLS = Section(
    {
        "insecure": Key(Flag(), "Accept any certificate; shown permanently."),
        "ca_file": Key(FILE, "Certificates of the authority that signed the server's."),
        "cert_file": Key(FILE, "Client certificate."),
        "key_file": Key(FILE, "Key of the client certificate, when it is not in cert_file."),
        "server_name": Key(Text(check=texts.label_problem, most=253), "Name to verify instead of the URL's host."),
    },
    struct_builder(Tls),
    "How the server is verified and who we are to it.",
)
_TARGET_KEYS = {
    "url": Key(
        Text(allow=SECRET_KINDS, check=texts.target_problem, most=8000, later=True),
        "Scheme, host, port and a path prefix, or what the driver needs; may be given on the command line.",
    ),
    "timeout": Key(Duration(high=3600), "Total deadline of one request; 5s when not said.", to="timeout_s"),
    "headers": Key(HEADERS, "Headers of every request."),
    "auth": Key(AUTH, "How requests identify themselves."),
    "tls": Key(TLS, "Certificates."),
    "proxy": Key(
        Text(allow=SECRET_KINDS, check=texts.proxy_problem, most=8000, later=True),
        "Forward proxy, such as http://proxy:3128.",
    ),
    "unix_socket": Key(
        Text(check=texts.file_problem, most=4096, empty=True),
        "Path of a Unix socket to connect to instead of host and port.",
    ),
    "keep_alive": Key(Flag(), "False: a new connection for every request."),
    "max_body": Key(
        Size(low=1024, high=4 * 1024**3), "Largest answer, such as 64MiB; 10MiB when not said.", to="max_body_bytes"
    ),
    "redirects": Key(
        Number(whole=True, high=MOST_REDIRECTS),
        "How many redirects a request is sent through at most, on the same host; 0 when not said: a redirect is the "
        "answer.",
    ),
    "re_resolve": Key(Duration(zero=True), "Time between new look-ups of the host's name.", to="re_resolve_s"),
    "pid": Key(Number(whole=True, high=2**31), "Process of a local server, measured with the host and its children."),
    "metrics": Key(
        Text(check=texts.url_problem, most=8000),
        "Where the target's machine tells how it is, as node_exporter does: http://HOST:9100/metrics.",
        to="metrics_url",
    ),
    "process": Key(Text(check=texts.label_problem, most=100), "Name of that process, where the port does not tell."),
}
_OF_LOAD = ("mode", "rate", "users", "stages", "duration", "warmup", "arrivals", "think", "max_requests", "connections")
_IN_LOAD = dict.fromkeys(_OF_LOAD, "to [load]")
_IN_TARGET = {name: "to [target]" for name in _TARGET_KEYS if name != "connections"}
TARGET = Section(
    _TARGET_KEYS,
    lambda read, _path, _problems: Target(**{"url": "", **read}),
    "What is loaded.",
    elsewhere=_IN_LOAD,
)
_URL = Key(_TARGET_KEYS["url"].kind, "Where it is, such as postgresql://127.0.0.1/shop.", required=True)
TARGETS = MapOf(
    Section(
        {**{name: key for name, key in _TARGET_KEYS.items() if name != "auth"}, "url": _URL},
        struct_builder(Target),
        "A further target.",
    ),
    check_name=texts.variable_problem,
)
STAGE = Section(
    {
        "duration": Key(Duration(), "How long.", to="duration_s", required=True),
        "to": Key(Number(high=MOST_RATE), "Level reached at its end: arrivals per second, or users.", required=True),
    },
    struct_builder(Stage),
    "A part of the load profile: ramps to its level, or holds it when the level before is the same.",
)


_LEVELS = ("rate", "users", "stages", "levels")


def _one_level(names: Sequence[str]) -> str:
    levels = [name for name in _LEVELS if name in names]
    if len(levels) == 1:
        return ""
    found = f"has {' and '.join(levels)}" if levels else "has no level"
    return f"{found}; name one of rate (per second), users, stages or levels"


def _build_load(read: dict[str, Any], path: KeyPath, problems: Problems) -> object:
    level = next(name for name in _LEVELS if name in read)
    mode = read.pop("mode", "users" if level in {"users", "levels"} else "rate")
    if level in {"rate", "users"} and mode != level:
        problems.add((*path, "mode"), f"is {mode!r}, but the level is {level!r}; leave mode out or say {level!r}")
        return BAD
    start = read.pop("start", 0.0)
    if level == "stages":
        if "duration" in read:
            problems.add((*path, "duration"), "stages have their own durations; leave it out")
            return BAD
        stages: tuple[Stage, ...] = read.pop("stages")
    elif level == "levels":
        if "duration" not in read:
            problems.add(path, "'duration' is missing: how long each level is held, such as duration = \"10s\"")
            return BAD
        steps: tuple[float, ...] = read.pop("levels")
        start, hold_s = float(steps[0]), read.pop("duration")
        stages = _steps(steps, hold_s)
    else:
        if "duration" not in read and not read.get("max_requests"):
            problems.add(path, "'duration' is missing, such as duration = \"30s\"")
            return BAD
        start = float(read.pop(level))
        # Only a number of requests: the duration is a bound that a sensible server never reaches.
        stages = (Stage(duration_s=read.pop("duration", 3600.0), to=start),)
    load = Load(mode=mode, stages=stages, start_level=start, **read)
    return BAD if _load_problems(load, path, problems) else load


def _load_problems(load: Load, path: KeyPath, problems: Problems) -> bool:
    found = False

    def add(key: str, message: str) -> None:
        nonlocal found
        problems.add((*path, key), message)
        found = True

    if load.duration_s + load.warmup_s > MOST_DURATION_S:
        add("stages" if len(load.stages) > 1 else "duration", "all together longer than 24h")
    levels = [load.start_level, *(stage.to for stage in load.stages)]
    if not any(levels):
        add("stages", "never above 0: nothing would be sent")
    if load.mode == "users":
        if any(not level.is_integer() for level in levels):
            add("stages", "users come in whole numbers")
        if max(levels) > MOST_USERS:
            add("stages", f"at most {MOST_USERS:,} users")
        if load.rate_of == "journeys":
            add("rate_of", 'is for mode = "rate"; leave it out')
    elif load.think_s != (0.0, 0.0):
        add("think", 'is for mode = "users"; in rate mode requests come when the rate says')
    return found


def _load_parts(load: Load) -> dict[str, object]:
    """A level that is held is said as one, a profile as its stages."""
    parts = {
        "mode": load.mode,
        **{name: getattr(load, name) for name in _LOAD_FIELDS if getattr(load, name) != getattr(_DEFAULT_LOAD, name)},
    }
    if load.warmup_s:
        parts["warmup"] = load.warmup_s
    if load.drain_s != _DEFAULT_LOAD.drain_s:
        parts["drain"] = load.drain_s
    if load.think_s != _DEFAULT_LOAD.think_s:
        parts["think"] = load.think_s
    if len(load.stages) == 1 and load.start_level == load.stages[0].to:
        return {**parts, load.mode: load.start_level, "duration": load.duration_s}
    steps = tuple(stage.to for stage in load.stages if stage.duration_s)
    if load.stages == _steps(steps, load.stages[0].duration_s):
        return {**parts, "levels": steps, "duration": load.stages[0].duration_s}
    return {**parts, "start": load.start_level, "stages": load.stages}


def _steps(levels: Sequence[float], hold_s: float) -> tuple[Stage, ...]:
    """Levels held one after the other: a stage without duration is a step."""
    return tuple(Stage(duration_s=seconds, to=float(to)) for to in levels for seconds in (0.0, hold_s))[1:]


_DEFAULT_LOAD = Load(stages=())
_LOAD_FIELDS = (
    "arrivals", "seed", "max_requests", "in_flight_cap", "connections", "rate_of", "workers", "on_disconnect",
    "auto_stop", "cluster", "insecure_cluster",
)  # fmt: skip
LOAD = Section(
    {
        "mode": Key(
            Choice("rate", "users"), "rate: arrivals whatever the server does; users: each waits for its answer."
        ),
        "rate": Key(Number(above=True, high=MOST_RATE), "Arrivals per second."),
        "users": Key(Number(low=1, high=MOST_USERS, whole=True), "Users at once, each waiting for its answer."),
        "stages": Key(ListOf(STAGE, least=1, most=1000), "Load profile, instead of rate or users."),
        "levels": Key(
            ListOf(Number(above=True, high=MOST_RATE), least=1, most=200),
            "Levels held one after the other, each for the duration: users, or rates with mode.",
        ),
        "start": Key(Number(high=MOST_RATE), "Level before the first stage; 0 when not said."),
        "duration": Key(Duration(high=MOST_DURATION_S), "How long the level, or each of the levels, is held."),
        "warmup": Key(
            Duration(zero=True), "Time before the first stage that is left out of the summary.", to="warmup_s"
        ),
        "arrivals": Key(Choice("uniform", "poisson"), "Evenly spaced, or random as independent users would come."),
        "seed": Key(Number(whole=True, high=2**53), "Seed of random arrivals and values; 1 when not said."),
        "think": Key(Think(), "users mode: wait before a next request, and over which users set out.", to="think_s"),
        "max_requests": Key(Number(whole=True, high=1e12), "Stop after so many requests; 0: no limit."),
        "in_flight_cap": Key(Number(low=1, whole=True, high=1e6), "Most requests at once."),
        "connections": Key(Number(whole=True, high=1e6), "Most connections at once; 0: as many as requests in flight."),
        "rate_of": Key(Choice("requests", "journeys"), "What the rate counts."),
        "workers": Key(Number(whole=True, high=MOST_WORKERS), "Worker processes; 0: as many as the machine can give."),
        "cluster": Key(Text(check=cluster_problem, most=500), f"Machines to send from (extra): {FORMS}."),
        "insecure_cluster": Key(Flag(), "Also over a network without TLS, where plans have no secrets."),
        "drain": Key(Duration(high=3600, zero=True), "Longest wait for answers at the end.", to="drain_s"),
        "on_disconnect": Key(Choice("finish", "stop"), "What the run does when its terminal is gone."),
        "auto_stop": Key(Flag(), "Stop when more than half of the requests fail for 10 s."),
    },
    _build_load,
    "How much, how long, how it arrives.",
    _one_level,
    _load_parts,
    elsewhere=_IN_TARGET,
    schema=exactly_one(*_LEVELS) | at_most_one("stages", "duration"),
)
JOURNEY = Section(
    {
        "name": Key(NAME, "Name of the journey.", required=True),
        "weight": Key(Number(above=True, high=1e6), "Share of the journeys, relative to the other weights."),
        "steps": Key(ListOf(STEP, least=1, most=1000), "Requests in their order; a failed one ends it.", required=True),
    },
    struct_builder(Journey),
    "A named sequence of requests of one virtual user.",
)
DATA = Section(
    {
        "name": Key(Text(check=texts.variable_problem), "Values are ${data:NAME.column}.", required=True),
        "file": Key(FILE, "CSV with a first line of names, or JSON lines (.jsonl).", required=True),
        "order": Key(Choice("in_turn", "random", "per_user"), "Which row a request takes."),
    },
    struct_builder(DataSource),
    "A file whose columns are values.",
)


PRESET_KEYS = {
    "schema": Key(Number(low=1, whole=True, high=1_000), "Version of the format, schema = 1.", required=True),
    "name": Key(
        Text(check=texts.name_problem, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
        "Name on the command line.",
        required=True,
    ),
    "title": Key(Text(most=200, check=texts.label_problem), "Title in lists."),
    "description": Key(Text(most=4000, empty=True, check=texts.description_problem), "What it is for, in two lines."),
    "kind": Key(Choice("health", "read", "write", "stress", "custom"), "Kind of load; custom when not said."),
    "target": Key(TARGET, "What is loaded."),
    "targets": Key(TARGETS, 'Further targets by name; an operation goes to one with target = "NAME".'),
    "load": Key(LOAD, "How much, how long, how it arrives.", required=True),
    "operations": Key(ListOf(OPERATION, table=True, least=1, most=1000), "Kinds of requests."),
    "journeys": Key(ListOf(JOURNEY, table=True, least=1, most=1000), "Sequences of requests of one user."),
    "data": Key(ListOf(DATA, table=True, most=100), "Files whose columns are values."),
    "objectives": Key(ListOf(OBJECTIVE, table=True, most=200), "Limits that decide between pass, warn and fail."),
    "before": Key(ListOf(REQUEST, table=True, most=1000), "Set-up requests, sent once and not counted."),
    "after": Key(ListOf(REQUEST, table=True, most=1000), "Clean-up requests, also after an abort, not counted."),
}
ELSEWHERE = (
    _IN_TARGET | _IN_LOAD | {"path": "to [[operations]]", "method": "to [[operations]]", "checks": "to [[operations]]"}
)
"""Keys that stand at the top of files whose writer forgot their table."""
