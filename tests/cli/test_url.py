"""`perftui URL`: the first minute, with the habits of oha, hey and wrk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perftui.analysis.comparability import key_hash
from perftui.model.record import Record
from perftui.store.records import read_record
from support.cli import PERFTUI, Result, run_cli
from support.conservation import assert_conserved
from support.fault_server import OK, Connection, fault_server
from support.home import Home
from support.judged import expected, newest
from support.pty import terminal

Call = Callable[..., Result]


def record_of(home: Home) -> Record:
    """The only run."""
    (folder,) = home.run_folders()
    return read_record(folder)


def test_a_url_alone_is_loaded_and_kept_as_a_preset(home: Home, call: Call, demo_url: str) -> None:
    bare = demo_url.removeprefix("http://")
    result = run_cli(home, f"{bare}/api/items", "-z", "1s", "--warmup", "200ms", "-c", "3")
    assert result.code == expected(home, 0), result.stderr
    record = record_of(home)
    assert_conserved(record)
    assert record.summary.total.counts.ok > 10
    assert (record.plan.load.mode, record.plan.load.start_level) == ("users", 3)
    keep = "perftui presets new api-items --from-run latest"
    assert f"to keep this as a preset: {keep}" in result.stderr

    made = call(*keep.split()[1:])
    assert made.code == 0, made.stderr
    assert (home.path / "presets" / "api-items.toml").is_file()
    checked = call("presets", "check", "api-items")
    assert checked.code == 0, checked.stderr
    again = run_cli(home, "run", "api-items", "--headless", "--format", "json", "--label", "again")
    repeated = newest(home)
    assert (again.json["id"], repeated.plan) == (repeated.id, record.plan)
    assert key_hash(repeated) == key_hash(record)


@pytest.mark.parametrize("order", ["first", "last", "run"])
def test_requests_are_what_the_short_options_say(home: Home, order: str) -> None:
    heads: list[bytes] = []

    def note(connection: Connection) -> None:
        while request := connection.read_request():
            heads.append(request)
            connection.send(OK)

    options = ["-n", "12", "-c", "4", "-m", "put", "-d", '{"a": 1}', "-H", "X-Who: me", "-T", "application/x-a+json"]
    with fault_server(note) as server:
        url = f"{server.url}/a?b=c"
        arguments = {"first": [url, *options], "last": [*options, url], "run": ["run", url, *options]}[order]
        result = run_cli(home, *arguments, "--format", "json")
    assert result.code == expected(home, 0), result.stderr
    assert len(heads) == 12
    assert record_of(home).whole_run.scheduled == record_of(home).summary.total.counts.ok == 12
    for head in heads:
        assert head.startswith(b"PUT /a?b=c HTTP/1.1\r\n")
        assert b"\r\nX-Who: me\r\n" in head
        assert b"\r\nContent-Type: application/x-a+json\r\n" in head
        assert head.endswith(b'\r\n\r\n{"a": 1}')


def test_a_file_of_another_tool_is_imported_first(call: Call, home: Home) -> None:
    (home.path / "script.js").write_text("import http from 'k6/http'")
    said = "perftui: script.js: is no preset, whose files end in .toml; try: perftui presets import script.js\n"
    assert call("run", "script.js").stderr == said


@pytest.mark.slow
def test_a_rate_with_connections_is_open_loop_over_so_many(home: Home, demo_url: str) -> None:
    result = run_cli(
        home, f"{demo_url}/health", "-q", "40", "-c", "2", "-d", "1s", "--warmup", "0s", "--format", "json"
    )
    record = record_of(home)
    load = record.plan.load
    assert result.json["id"] == record.id
    assert (load.mode, load.start_level, load.connections, load.duration_s) == ("rate", 40, 2, 1)
    assert record.whole_run.scheduled == 40


@pytest.mark.slow
def test_a_url_on_a_terminal_is_shown_live(home: Home, demo_url: str) -> None:
    command = [PERFTUI, f"{demo_url}/health", "-z", "1s", "--warmup", "0s", "-c", "2"]
    with terminal(command, home.environment, columns=80, rows=24) as screen:
        screen.wait_for("FINISHED")
        screen.send("k")
        screen.wait_for("my-health.toml")
        screen.send("\x1bOS")  # F4
        screen.wait_for("Saved")
        screen.send("q")
        assert screen.wait() == expected(home, 0)
    assert "to keep this as a preset: perftui presets new health --from-run latest" in screen.text
    assert (home.path / "config" / "presets" / "my-health.toml").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("localhost:9/x", "-q", "5", "--users", "2"), "--rate and --users exclude each other"),
        (("localhost:9/x", "-c", "5", "--users", "2"), "--users and -c both say the number of users"),
        (("localhost:9/x", "-d", "10"), "-d 10: a duration has a unit, such as 10s; a body of digits is --body 10"),
        (("localhost:9/x", "-t", "4"), "no such option '-t': threads in wrk, the timeout in oha and hey"),
        (("localhost:9/x", "-t4"), "write --workers or --timeout"),
        (("localhost:9/x", "-d1s", "--latency"), "no such option '--latency': percentiles are always measured"),
        (("localhost:9/x", "--vus", "5"), "no such option '--vus': write -c"),
        (("localhost:9/x", "-disable-keepalive"), "'-disable-keepalive': write --set target.keep_alive=false"),
        (("localhost:9/x", "--json"), "the body; JSON as the result is --format json"),
        (
            ("presets", "check", "http://h/x"),
            "http://h/x: is a URL, no preset; make one with: perftui presets new NAME",
        ),
        (("presets", "import", "http://h/x"), "http://h/x: is fetched first: curl -s URL | perftui presets import -"),
        (("localhost:9/x", "-host", "shop"), "no such option '-host': write the URL, or -H 'Host: NAME'"),
        (("localhost:9/x", "-rate=5"), "-rate=5: an option of several letters has two dashes: write --rate"),
        (("localhost:9/x", "-d", "a", "--json", "1"), "--body and --json exclude each other"),
        (("localhost:9/x", "-d", "@nothere"), "--body @nothere: there is no such file"),
        (("http://user:canary@localhost:9/x",), "the URL: holds a password"),
        (("http://100.64.0.1/x", "-z", "1s"), "say so with --confirm-host 100.64.0.1"),
        (("shop.test",), "no such command: 'shop.test'; a URL has its scheme: perftui http://shop.test"),
        (("run", "shop.test"), "there is no preset 'shop.test'; a URL has its scheme: http://shop.test"),
        (("localhost:9/{x}",), "perftui: the URL: operations[0].path: '{x}' would be sent as it is"),
        (("localhost:9/x", "-d", "@/dev/null"), "--body @/dev/null: is no regular file"),
        (("ctl",), "missing argument 'COMMAND'. Choose from: pause, resume"),
        (("ctl", "stop"), "no run is live"),
        (("rnu",), "no such command: 'rnu'; did you mean 'run'?"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(call: Call, home: Home, arguments: tuple[str, ...], said: str) -> None:
    result = call(*arguments)
    assert result.code == (15 if "--confirm-host" in said else 2)
    assert said in result.stderr
    assert "canary" not in result.stderr
    assert home.run_folders() == []


def test_help_lists_the_habits(call: Call) -> None:
    shown = call("run", "--help").stdout
    for habit in ("-c, --connections", "-q, --rate", "-z, --duration", "-n, --max-requests", "-m, --method", "-d TEXT",
                  "-T, --content-type", "-H, --header", "-k, --insecure", "From oha, hey and wrk"):  # fmt: skip
        assert habit in shown
    assert "perftui URL" in call("--help").stdout


def test_a_probe_sends_the_request_that_the_options_say(call: Call) -> None:
    requests: list[bytes] = []

    def note(connection: Connection) -> None:
        while request := connection.read_request():
            requests.append(request)
            connection.send(OK)

    with fault_server(note) as server:
        result = call("probe", f"{server.url}/x", "-m", "put", "-d", '{"a": 1}', "-H", "X-Who: me")
    assert result.code == 0, result.stderr
    (request,) = [one for one in requests if one]
    assert request.startswith(b"PUT /x HTTP/1.1\r\n")
    assert b"\r\nX-Who: me\r\n" in request
    assert request.endswith(b'\r\n\r\n{"a": 1}')
    assert "exclude each other" in call("probe", "localhost:9/x", "-d", "a", "--json", "1").stderr
