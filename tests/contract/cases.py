"""What each driver brings to the contract: a real server and operations of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from perftui.demo.server import start_demo
from support import databases
from support.chat_server import chat_server
from support.echo_server import echo_server
from support.page_server import page_server


@dataclass(frozen=True)
class Served:
    """A running target."""

    url: str
    count: Callable[[], int] | None = None
    """Requests that it has seen; None where it does not count."""


@dataclass(frozen=True)
class Case:
    """One driver. Operations are the inner lines of a table of a preset."""

    name: str
    serve: Callable[[], AbstractContextManager[Served]]
    good: str
    """Answers at once; holds `${rand:…}` or `${seq}`, so that requests differ."""
    captured: tuple[str, str]
    """A step that captures `value`, and one that sends it and checks that it is the one."""
    wrong: str
    """Answers, and its check named `wrong` fails."""
    slow: str
    """Answers after 2 s or later."""
    load: str = ""
    """More lines of [load]: not as many connections as there are requests, where opening one is dear."""
    broken: str = ""
    """The connection ends instead of an answer; empty where there is no connection."""
    broken_classes: frozenset[str] = frozenset({"closed", "reset"})


@contextmanager
def _demo() -> Iterator[Served]:
    with start_demo() as demo:
        yield Served(demo.url)


@contextmanager
def _echo() -> Iterator[Served]:
    with echo_server() as server:
        yield Served(f"echo://127.0.0.1:{server.port}", lambda: server.lines)


ECHO = Case(
    name="echo",
    serve=_echo,
    good='say = "hello ${seq}"\nchecks = [{ contains = "hello" }]',
    captured=(
        'say = "number ${rand:1..1000}"\ncaptures = [{ name = "value", regex = "number (.*)" }]',
        'say = "again ${value}"\nchecks = [{ matches = "again [0-9]+" }]',
    ),
    wrong='say = "one"\nchecks = [{ name = "wrong", equals = "two" }]',
    slow='say = "sleep 2"',
    broken='say = "cut"',
)
HTTP = Case(
    name="http",
    serve=_demo,
    good='path = "/api/items/${rand:1..50}"\nchecks = [{ status = 200 }]',
    captured=(
        'path = "/api/items"\ncaptures = [{ name = "value", json = "$.items[1].id" }]',
        'path = "/api/items/${value}"\nchecks = [{ json = "$.id", equals = 2 }]',
    ),
    wrong='path = "/health"\nchecks = [{ name = "wrong", contains = "no such word" }]',
    slow='path = "/slow?ms=2000"',
)


@contextmanager
def _nothing(url: str) -> Iterator[Served]:
    yield Served(url)


_COUNT = """call = "shop_load:count_stock"
setup = "shop_load:open_shop"
teardown = "shop_load:close_shop"
captures = [{ name = "value", json = "$.id" }]
checks = [{ json = "$.state", equals = true }]"""
_ORDER = """call = "shop_load:place_order"
params = { word = "order ${value}" }
checks = [{ json = "$.word", matches = "^order [0-9]+$" }]"""
CALL = Case(
    name="call",
    serve=lambda: _nothing("python://"),
    good="""call = "shop_load:place_order"
params = { word = "${fake:word}", number = "${rand:1..9}" }
checks = [{ json = "$.id" }, { json = "$.number", matches = "^[1-9]$" }]""",
    captured=(_COUNT, _ORDER),
    wrong='call = "shop_load:place_order"\nchecks = [{ name = "wrong", json = "$.word", equals = "x" }]',
    slow='call = "shop_load:wait"',
)
_WRITE = """file = "write"
path = "x/${seq}.txt"
text = "hello ${seq}"
captures = [{ name = "value", json = "$.size" }]"""
FILE = Case(
    name="file",
    serve=lambda: _nothing("file://"),
    good="""file = "write"
path = "a/${rand:1..20}.bin"
size = "4KiB"
checks = [{ json = "$.written", equals = 4096 }]""",
    captured=(_WRITE, 'file = "write"\npath = "y.txt"\ntext = "${value}"\nchecks = [{ json = "$.size" }]'),
    wrong='file = "write"\npath = "a.txt"\ntext = "abc"\nchecks = [{ name = "wrong", json = "$.size", equals = 4 }]',
    slow="",
)


@contextmanager
def _redis() -> Iterator[Served]:
    with databases.redis_server() as server:
        yield Served(server.url, lambda: databases.redis_calls(server, "set"))


REDIS = Case(
    name="redis",
    serve=_redis,
    good='redis = ["SET", "key:${rand:1..50}", "value ${seq}"]\nchecks = [{ equals = "OK" }]',
    captured=(
        'redis = ["INCR", "counter"]\ncaptures = [{ name = "value", json = "$" }]',
        'redis = ["ECHO", "number ${value}"]\nchecks = [{ matches = "^number [0-9]+$" }]',
    ),
    wrong='redis = ["ECHO", "one"]\nchecks = [{ name = "wrong", equals = "two" }]',
    slow='redis = ["BLPOP", "nobody:pushes:here", 2]',
)


@contextmanager
def _chat() -> Iterator[Served]:
    with chat_server() as server:
        yield Served(f"ws://127.0.0.1:{server.port}", lambda: server.messages)


WEBSOCKET = Case(
    name="ws",
    serve=_chat,
    good='ws = "hello ${seq}"\nchecks = [{ contains = "hello" }]',
    captured=(
        'ws = { id = "${seq}" }\nmatch = "$.id"\ncaptures = [{ name = "value", json = "$.said" }]',
        'ws = "again ${value}"\nchecks = [{ equals = "again hello" }]',
    ),
    wrong='ws = "one"\nchecks = [{ name = "wrong", equals = "two" }]',
    slow='ws = "sleep 2"',
    broken='ws = "cut now"',
    broken_classes=frozenset({"ws.1006"}),
)


@contextmanager
def _pages() -> Iterator[Served]:
    with page_server() as server:
        yield Served(server.url, lambda: server.paths["/small"])


PAGE = Case(
    name="page",
    serve=_pages,
    good='page = "/small?n=${seq}"\nchecks = [{ contains = "number" }, { json = "$.page_requests", equals = 2 }]',
    captured=(
        'page = "/small"\ncaptures = [{ name = "value", regex = "number ([0-9])" }]',
        'page = "/small?again=${value}"\nchecks = [{ status = 200 }]',
    ),
    wrong='page = "/small"\nchecks = [{ name = "wrong", contains = "no such word" }]',
    slow='page = "/late"',
    broken='page = "/cut"',
    broken_classes=frozenset({"asset:/half.png"}),
)


@contextmanager
def _events() -> Iterator[Served]:
    with page_server() as server:
        yield Served(server.url, lambda: server.events)


EVENTS = Case(
    name="events",
    serve=_events,
    good='events = "/events?count=1&n=${seq}"\nchecks = [{ json = "$.number", equals = 0 }]',
    captured=(
        'events = "/events?every=1"\nexpect = 3\ncaptures = [{ name = "value", json = "$.number" }]',
        'events = "/events?count=1&after=${value}"\nchecks = [{ rows = 1 }]',
    ),
    wrong='events = "/events?count=1"\nchecks = [{ name = "wrong", contains = "no such word" }]',
    slow='events = "/events?every=2000"\nexpect = 2',
    broken='events = "/events?count=1"\nexpect = 2',
    broken_classes=frozenset({"events.ended"}),
)


@contextmanager
def _postgresql() -> Iterator[Served]:
    with databases.postgresql() as server:
        server.ask("create sequence counter")
        yield Served(server.url)


SQL = Case(
    name="sql",
    serve=_postgresql,
    good='sql = "select :number + 1 as next"\nparams = { number = "${rand:1..50}" }\nchecks = [{ rows = 1 }]',
    captured=(
        'sql = "select nextval(\'counter\') as number"\ncaptures = [{ name = "value", json = "$[0].number" }]',
        'sql = "select last_value from counter where :id > 0"\nparams = { id = "${value}" }\nchecks = [{ rows = 1 }]',
    ),
    wrong='sql = "select \'one\' as word"\nchecks = [{ name = "wrong", json = "$[0].word", equals = "two" }]',
    slow='sql = "select pg_sleep(2)"',
    load="connections = 8",
    broken='sql = "select pg_terminate_backend(pg_backend_pid())"',
    broken_classes=frozenset({"sql.57P01", "closed"}),
)
