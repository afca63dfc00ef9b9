"""Tokens that run out, and a clean-up that somebody interrupts."""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from perftui.demo.server import Demo
from perftui.model.errors import UnreachableError
from perftui.model.plan import Auth, Load, OAuth2, Operation, Plan, Stage, Target
from perftui.store.paths import runs_directory
from support.detached_run import Starter
from support.fault_server import OK, Connection, fault_server

SECRET = "client-secret-canary"


class TokenServer:
    """Hands out a new token each time, good for five seconds; every other request must carry one of them."""

    def __init__(self, lifetime_s: int) -> None:
        self.lifetime_s = lifetime_s
        self.tokens: list[str] = []
        self.used: dict[str, int] = {}

    def __call__(self, connection: Connection) -> None:
        while request := connection.read_request():
            if request.startswith(b"POST /token"):
                connection.send(self._token())
                continue
            headers = dict(line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if ": " in line)
            token = headers.get("Authorization", "").removeprefix("Bearer ")
            self.used[token] = self.used.get(token, 0) + 1
            connection.send(OK)

    def _token(self) -> bytes:
        self.tokens.append(f"token-canary-{len(self.tokens)}")
        body = f'{{"access_token":"{self.tokens[-1]}","token_type":"Bearer","expires_in":{self.lifetime_s}}}'.encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def plan_for(url: str, duration_s: float) -> Plan:
    oauth2 = OAuth2(token_url=f"{url}/token", client_id="id", client_secret="${env:CANARY_SECRET}")
    return Plan(
        name="test",
        target=Target(url=url, auth=Auth(oauth2=oauth2)),
        load=Load(stages=(Stage(duration_s=duration_s, to=20),), start_level=20),
        operations=(Operation(name="read", path="/health"),),
    )


def test_a_token_is_renewed_before_it_runs_out_and_never_saved(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_SECRET", SECRET)
    handler = TokenServer(5)
    with fault_server(handler) as server:
        run = start(plan_for(server.url, 7))
        record = run.finish()
    assert record.whole_run.ok == record.whole_run.scheduled == 140
    assert handler.tokens == ["token-canary-0", "token-canary-1"]
    assert set(handler.used) == set(handler.tokens)
    assert handler.used["token-canary-0"] == pytest.approx(100, abs=4)
    for file in run.path.iterdir():
        text = file.read_text()
        assert SECRET not in text
        assert "token-canary" not in text


def test_without_a_token_nothing_is_sent_and_nothing_saved(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_SECRET", SECRET)
    before = list(runs_directory().glob("*")) if runs_directory().exists() else []

    def refuse(connection: Connection) -> None:
        while connection.read_request():
            connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with fault_server(refuse) as server, pytest.raises(UnreachableError, match="gave no token") as raised:
        start(plan_for(server.url, 1))
    assert SECRET not in str(raised.value)
    assert (list(runs_directory().glob("*")) if runs_directory().exists() else []) == before


def test_the_clean_up_also_comes_after_a_stop_and_a_second_signal_ends_it(demo: Demo, start: Starter) -> None:
    plan = Plan(
        name="test",
        target=Target(url=demo.url),
        load=Load(stages=(Stage(duration_s=20, to=20),), start_level=20),
        operations=(Operation(name="read", path="/health"),),
        after=(Operation(name="tidy", path="/slow?ms=4500"),),
    )
    run = start(plan)
    run.wait_for_intervals(1)
    run.signal(signal.SIGINT)
    time.sleep(1.5)
    assert psutil.pid_exists(run.handle.pid)
    run.signal(signal.SIGINT)
    record = run.finish(2.5)
    assert (record.status, record.status_detail) == ("stopped", "signal INT")
    assert "the clean-up was ended by a signal" in [event.detail for event in run.events("note")]
