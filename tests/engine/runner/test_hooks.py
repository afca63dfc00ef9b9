"""Tokens that run out, and a clean-up that somebody interrupts."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from perftui.engine.around.before import SetupResult
from perftui.engine.around.tokens import Token
from perftui.engine.runner.hooks import Hooks
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import UnreachableError, UsageError
from perftui.model.plan import Auth, Load, OAuth2, Operation, Plan, Stage, Target
from perftui.store.paths import runs_directory
from support.detached_run import Starter
from support.fault_server import OK, Connection, fault_server

if TYPE_CHECKING:
    from perftui.engine.runner.log import RunLog
    from perftui.engine.runner.prepare import Prepared
    from perftui.engine.runner.steering import Steering

SECRET = "client-secret-canary"


class TokenServer:
    """Hands out a new token each time, good for some seconds; every other request must carry one of them."""

    def __init__(self, lifetime_s: float) -> None:
        self.lifetime_s = lifetime_s
        self.tokens: list[str] = []
        self.used: list[str] = []

    def __call__(self, connection: Connection) -> None:
        while request := connection.read_request():
            if request.startswith(b"POST /token"):
                connection.send(self._token())
                continue
            headers = dict(line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if ": " in line)
            self.used.append(headers.get("Authorization", "").removeprefix("Bearer "))
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


@pytest.mark.slow
def test_a_token_is_renewed_before_it_runs_out_and_never_saved(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_SECRET", SECRET)
    handler = TokenServer(5)
    with fault_server(handler) as server:
        run = start(plan_for(server.url, 8))
        record = run.finish(60)
    assert record.whole_run.ok == record.whole_run.scheduled == len(handler.used) == 160
    assert len(handler.tokens) >= 2
    assert set(handler.used) <= set(handler.tokens)
    assert handler.used[0] == "token-canary-0"
    assert "token-canary-1" in handler.used
    assert "token-canary-0" not in handler.used[handler.used.index("token-canary-1") + 10 :]
    for file in run.path.iterdir():
        text = file.read_text()
        assert SECRET not in text
        assert "token-canary" not in text


def test_a_token_grows_old_also_before_the_load_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = SetupResult(headers={"Authorization": "old"}, renew_after_s=3600)
    hooks = Hooks(cast("Prepared", None), setup, asked_s=time.monotonic() - 3601)
    renewed: list[dict[str, str]] = []

    class Steered:
        def renew_headers(self, headers: dict[str, str], _secrets: tuple[str, ...]) -> None:
            renewed.append(headers)

    async def fetch() -> Token:
        return Token(headers={"Authorization": "new"})

    monkeypatch.setattr(hooks, "_fetch", fetch)

    async def renew() -> None:
        with anyio.fail_after(30):
            await hooks.keep_renewed(cast("Steering", Steered()), cast("RunLog", None))

    anyio.run(renew)
    assert renewed == [{"Authorization": "new"}]


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


def test_the_clean_up_also_comes_after_a_stop_and_a_second_signal_ends_it(start: Starter) -> None:
    tidying, over = threading.Event(), threading.Event()

    def never_done(connection: Connection) -> None:
        while request := connection.read_request():
            if request.startswith(b"GET /tidy"):
                tidying.set()
                over.wait(120)
            connection.send(OK)

    with fault_server(never_done) as server:
        plan = Plan(
            name="test",
            target=Target(url=server.url, timeout_s=100),
            load=Load(stages=(Stage(duration_s=60, to=20),), start_level=20),
            operations=(Operation(name="read", path="/health"),),
            after=(Operation(name="tidy", path="/tidy"),),
        )
        run = start(plan)
        run.wait_for_intervals(1)
        run.signal(signal.SIGINT)
        try:
            assert tidying.wait(60)
            run.signal(signal.SIGINT)
            record = run.finish(60)
        finally:
            over.set()
    assert (record.status, record.status_detail) == ("stopped", "signal INT")
    assert "the clean-up was ended by a signal" in [event.detail for event in run.events("note")]


@pytest.mark.parametrize("broken", ["folder", "socket"])
def test_a_load_that_does_not_begin_leaves_nothing_of_its_set_up(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    asked: list[bytes] = []

    def answer(connection: Connection) -> None:
        while request := connection.read_request():
            asked.append(request.split(b" ")[1])
            connection.send(OK)

    if broken == "folder":
        (empty_home / "file").touch()
        monkeypatch.setenv("PERFTUI_DATA_DIR", str(empty_home / "file"))
    else:
        monkeypatch.setattr("perftui.engine.runner.session.socket_path", lambda _: empty_home / "none" / "x.sock")
    with fault_server(answer) as server:
        plan = Plan(
            name="test",
            target=Target(url=server.url),
            load=Load(stages=(Stage(duration_s=60, to=1),), start_level=1),
            before=(Operation(name="make", path="/make"),),
            operations=(Operation(name="read", path="/health"),),
            after=(Operation(name="tidy", path="/tidy"),),
        )
        with pytest.raises(UsageError):
            run_plan(RunRequest(plan=plan))
    assert asked == [b"/make", b"/tidy"]
    assert not [*runs_directory().glob("*")]
