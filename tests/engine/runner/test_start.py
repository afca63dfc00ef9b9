"""Before the first request: what may start, what is saved, and under which names and modes."""

from __future__ import annotations

import json
import os
import socket
import stat
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from perftui.demo.server import Demo
from perftui.engine.clients.client import Addresses
from perftui.engine.clients.host_class import classify
from perftui.engine.runner import guard, prepare
from perftui.engine.runner.preflight import check_limits, check_space, journal_bytes, machine_report
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import GuardError, UnreachableError, UsageError
from perftui.model.journal import End, Header, JournalLine
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.presets.loading import parse_preset
from perftui.store.journal import read_journal
from perftui.store.loading import load_run
from perftui.store.paths import runs_directory
from support.conservation import assert_conserved
from support.detached_run import Starter
from support.waiting import free_port


def plan_for(url: str, rate: float = 50, duration_s: float = 1, **load: object) -> Plan:
    return Plan(
        name="test",
        target=Target(url=url),
        load=Load(stages=(Stage(duration_s=duration_s, to=rate),), start_level=rate, **load),  # type: ignore[arg-type]  # as the test says
        operations=(Operation(name="read", path="/health"),),
    )


def test_a_run_in_this_process(demo: Demo, empty_home: Path) -> None:
    lines: list[JournalLine] = []
    folders: list[Path] = []
    record = run_plan(
        RunRequest(plan=plan_for(demo.url, 200, 2), label="first"),
        on_line=lines.append,
        on_started=lambda folder: folders.append(folder.path),
    )
    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.scheduled == record.whole_run.ok == 400
    assert isinstance(lines[-1], End)
    loaded = load_run("latest")
    assert loaded.record == record
    assert list(loaded.intervals) == [line for line in lines if line in loaded.intervals]
    assert folders == [loaded.path]
    assert record.label == "first"
    assert record.environment.addresses == ("127.0.0.1",)


def test_a_follower_whose_pipe_is_gone_does_not_end_the_run(demo: Demo, empty_home: Path) -> None:
    calls: list[JournalLine] = []

    def broken(line: JournalLine) -> None:
        calls.append(line)
        raise BrokenPipeError

    record = run_plan(RunRequest(plan=plan_for(demo.url)), on_line=broken)
    assert record.whole_run.ok == 50
    assert len(calls) == 1


def test_nothing_listens(empty_home: Path) -> None:
    with pytest.raises(UnreachableError, match="refuses connections") as raised:
        run_plan(RunRequest(plan=plan_for(f"http://127.0.0.1:{free_port()}")))
    assert len(raised.value.problems) == 1
    assert raised.value.exit_code == 14
    assert not runs_directory().exists()


def test_nothing_listens_as_told_by_a_detached_runner(empty_home: Path, start: Starter) -> None:
    with pytest.raises(UnreachableError, match="refuses connections"):
        start(plan_for(f"http://127.0.0.1:{free_port()}"))
    assert not runs_directory().exists()


def test_only_addresses_that_take_connections_are_used(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    port = urlsplit(demo.url).port or 0

    async def resolve(_: Plan) -> Addresses:
        return (("127.0.0.2", port), ("127.0.0.1", port), ("::1", port))

    monkeypatch.setattr(prepare, "resolve", resolve)
    record = run_plan(RunRequest(plan=plan_for(f"http://localhost:{port}")))
    assert record.environment.addresses == ("127.0.0.1",)
    assert record.whole_run.ok == 50


def test_an_unknown_name(empty_home: Path) -> None:
    with pytest.raises(UnreachableError, match="was not found"):
        run_plan(RunRequest(plan=plan_for("http://no-such-host.invalid:8000")))


def test_a_server_that_never_accepts(empty_home: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(("127.0.0.1", port))
        plan = msgspec.structs.replace(plan_for("x"), target=Target(url=f"http://127.0.0.1:{port}", timeout_s=0.5))
        with pytest.raises(UnreachableError, match=r"does not answer within 0\.5 s"):
            run_plan(RunRequest(plan=plan))
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("localhost", "loopback"),
        ("api.localhost", "loopback"),
        ("10.1.2.3", "private"),
        ("192.168.0.9", "private"),
        ("fd12::1", "private"),
        ("db.internal", "private"),
        ("169.254.10.1", "link_local"),
        ("fe80::1%eth0", "link_local"),
        ("93.184.216.34", "public"),
        ("2606:2800::1", "public"),
        ("example.com", "public"),
        ("notlocalhost.com", "public"),
        ("169.254.169.254", "refused"),
        ("::ffff:169.254.169.254", "refused"),
        ("224.0.0.1", "refused"),
        ("ff02::1", "refused"),
        ("255.255.255.255", "refused"),
        ("169.254.170.2", "refused"),
        ("64:ff9b::a9fe:a9fe", "refused"),
        ("64:ff9b:1::169.254.169.254", "refused"),
        ("2002:a9fe:a9fe::1", "refused"),
        ("::169.254.169.254", "refused"),
        ("64:ff9b::8.8.8.8", "public"),
        ("2852039166", "refused"),
        ("0xa9.0xfe.0xa9.0xfe", "refused"),
        ("0177.1", "loopback"),
        ("metadata.google.internal.", "refused"),
    ],
)
def test_where_an_address_is(address: str, expected: str) -> None:
    assert classify(address) == expected


@pytest.mark.parametrize(
    ("url", "address", "rate", "kind", "confirm", "allowed"),
    [
        ("http://api.example.com", "93.184.216.34", 50, "read", "", True),
        ("http://api.example.com", "93.184.216.34", 51, "read", "", False),
        ("http://api.example.com", "93.184.216.34", 1, "stress", "", False),
        ("http://api.example.com", "93.184.216.34", 500, "stress", "api.example.com", True),
        ("http://api.example.com", "93.184.216.34", 500, "read", "example.com", False),
        ("http://api.example.com", "10.0.0.1", 5000, "stress", "", True),
        ("http://meta.example.com", "169.254.169.254", 1, "read", "meta.example.com", False),
        ("http://127.0.0.1", "127.0.0.1", 100_000, "stress", "", True),
        ("http://127.0.0.1", "127.0.0.1", 1, "read", "other", False),
    ],
)
def test_the_guard(url: str, address: str, rate: float, kind: str, confirm: str, *, allowed: bool) -> None:
    plan = msgspec.structs.replace(plan_for(url, rate), kind=kind)
    if allowed:
        guard.check(plan, {"": ((address, 80),)}, confirm)
    else:
        with pytest.raises(GuardError) as raised:
            guard.check(plan, {"": ((address, 80),)}, confirm)
        assert raised.value.exit_code == 15


def test_the_metadata_address_is_never_loaded(empty_home: Path) -> None:
    with pytest.raises(GuardError, match="never loaded"):
        run_plan(RunRequest(plan=plan_for("http://169.254.169.254/latest", 1), confirm_host="169.254.169.254"))
    assert not runs_directory().exists()


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_only_the_owner_reads_a_run(demo: Demo, empty_home: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        run_plan(RunRequest(plan=plan_for(demo.url)))
    finally:
        os.umask(before)
    made = [runs_directory(), *runs_directory().rglob("*")]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made}
    assert {"runs", "journal.jsonl", "run.toml"} <= set(modes)
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_linked_folder_of_runs_is_refused(demo: Demo, empty_home: Path) -> None:
    (empty_home / "elsewhere").mkdir()
    (empty_home / "data").mkdir()
    (empty_home / "data" / "runs").symlink_to(empty_home / "elsewhere")
    with pytest.raises(UsageError, match="symbolic link"):
        run_plan(RunRequest(plan=plan_for(demo.url)))
    assert list((empty_home / "elsewhere").iterdir()) == []


def test_limits_of_this_machine() -> None:
    without = msgspec.structs.replace(
        plan_for("http://127.0.0.1", 5000), target=Target(url="http://127.0.0.1", keep_alive=False)
    )
    assert any("without keep-alive" in note for note in check_limits(without))
    names = [name for name, _, _, _ in machine_report()]
    assert {"open files", "ports for connections", "cores"} <= set(names)


def test_the_header_says_what_was_asked(demo: Demo, empty_home: Path) -> None:
    run_plan(RunRequest(plan=plan_for(demo.url), rounds_of="r1", round=2))
    loaded = load_run("latest")
    assert (loaded.record.rounds_of, loaded.record.round) == ("r1", 2)
    lines, problem = read_journal(loaded.path)
    assert problem is None
    assert isinstance(lines[0], Header)
    assert isinstance(lines[-1], End)


def test_a_disk_that_may_fill_up_is_told(tmp_path: Path) -> None:
    day = plan_for("http://127.0.0.1", 10_000, 86_400)
    assert 0.3e9 < journal_bytes(day) < 3e9
    assert check_space(plan_for("http://127.0.0.1"), tmp_path / "not" / "there") == []
    [note] = check_space(plan_for("http://127.0.0.1", 10_000, 1e12), tmp_path)
    assert "are free where runs are saved" in note


@pytest.mark.parametrize("load", [{"max_requests": 60}, {"max_requests": 60, "arrivals": "poisson"}, {"workers": 2}])
def test_a_run_that_ends_at_a_number_of_requests(demo: Demo, empty_home: Path, load: dict[str, object]) -> None:
    plan = plan_for(demo.url, 50, 10, **{"max_requests": 60, **load})
    record = run_plan(RunRequest(plan=plan))
    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.scheduled == 60
    if load.get("arrivals") != "poisson":
        # the last request is due at 1.18 s, and its answer ends the run
        assert 1.18 <= record.summary.duration_s <= 1.2


def test_set_up_log_in_and_clean_up(demo: Demo, empty_home: Path) -> None:
    account = {"email": "b@example.com", "password": "secret-word"}
    body = json.dumps(account).encode()
    request = urllib.request.Request(
        f"{demo.url}/auth/register", data=body, headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()
    text = f"""
    schema = 1
    name = "journey"
    [target]
    url = "{demo.url}"
    [target.auth.login]
    value = "Bearer ${{token}}"
    [target.auth.login.request]
    name = "log in"
    method = "POST"
    path = "/auth/login"
    json = {{ email = "b@example.com", password = "secret-word" }}
    captures = [{{ name = "token", json = "$.token" }}]
    [load]
    rate = 40
    duration = "1s"
    warmup = "0s"
    [[before]]
    name = "make"
    method = "POST"
    path = "/api/items"
    json = {{ name = "lamp" }}
    captures = [{{ name = "made", json = "$.id" }}]
    [[operations]]
    name = "me"
    path = "/auth/me"
    checks = [{{ status = [200] }}]
    [[operations]]
    name = "item"
    path = "/api/items/${{made}}"
    checks = [{{ status = [200] }}]
    [[after]]
    name = "remove"
    method = "DELETE"
    path = "/api/items/${{made}}"
    """
    events: list[str] = []
    record = run_plan(
        RunRequest(plan=parse_preset(text, "test")), on_line=lambda line: events.append(getattr(line, "detail", ""))
    )
    assert_conserved(record)
    assert record.whole_run.ok == record.whole_run.scheduled == 40
    assert "clean-up: 1 request sent, 0 failed" in events
    [folder] = runs_directory().glob("2*")
    for file in folder.iterdir():
        assert "secret-word" not in file.read_text()
