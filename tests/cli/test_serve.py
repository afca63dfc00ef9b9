"""`perftui serve`: who may come in, what a visitor sees, and that nobody else is asked for anything."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from support.cli import problems, run_cli, start_cli
from support.home import Home, new_home, processes_in
from support.programs import need_program
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("serve")


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs, the address that it printed, and its home."""

    url: str
    home: Home
    process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        """Name and port."""
        return urlsplit(self.url).netloc

    @property
    def key(self) -> str:
        """What the address holds."""
        return parse_qs(urlsplit(self.url).query)["key"][0]

    def get(self, path: str = "/", *, key: bool = True, **headers: str) -> httpx.Response:
        """Ask for a page, with the key as a browser has it."""
        cookies = {"Cookie": f"perftui={self.key}"} if key else {}
        return httpx.get(f"http://{self.host}{path}", headers=cookies | headers, trust_env=False)

    def answer_to(self, sent: bytes) -> bytes:
        """What these bytes are answered with."""
        with socket.create_connection(("127.0.0.1", int(self.host.rpartition(":")[2])), timeout=10) as connection:
            connection.sendall(sent)
            return connection.recv(1000)

    @contextmanager
    def visit(self, *, origin: str = "", key: str = "") -> Iterator[ClientConnection]:
        """Open the connection that the page opens."""
        with connect(
            f"ws://{self.host}/ws?width=100&height=30",
            origin=Origin(origin or f"http://{self.host}"),
            additional_headers={"Cookie": f"perftui={key or self.key}"},
            proxy=None,
        ) as opened:
            opened.send(json.dumps(["focus"]))  # as the page does
            yield opened


@contextmanager
def serving(*arguments: str) -> Iterator[Served]:
    """A server on a free port while the block lasts; it ends properly, and its visitors with it."""
    with new_home() as home, start_cli(home, "serve", "--port", "0", *arguments) as process:
        assert process.stdout is not None
        yield Served(process.stdout.readline().decode().strip(), home, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One that lets people look."""
    with serving() as made:
        yield made


def see(visitor: ClientConnection, text: str, keys: str = "") -> None:
    """Read what the app draws until the text has come; keys are typed anew while it has not."""
    end = time.monotonic() + 40
    typed = 0.0
    seen = ""
    while text not in seen:
        assert time.monotonic() < end, f"{text!r} did not come: {seen[-500:]!r}"
        if keys and time.monotonic() - typed > 1:
            typed = time.monotonic()
            press(visitor, keys)
        with suppress(TimeoutError):
            piece = visitor.recv(timeout=0.5)
            seen += piece.decode(errors="replace") if isinstance(piece, bytes) else ""


def read_to_the_end(visitor: ClientConnection) -> None:
    """Read until the other side hangs up."""
    while True:
        visitor.recv(timeout=20)


def type_without_end(visitor: ClientConnection) -> None:
    """Type faster than anybody."""
    for _ in range(10_000):
        press(visitor, "jk" * 1_000)


def press(visitor: ClientConnection, keys: str) -> None:
    """Type."""
    visitor.send(json.dumps(["stdin", keys]))


def test_the_printed_address_opens_the_page_and_loses_its_key(served: Served) -> None:
    first = httpx.get(served.url, trust_env=False)
    assert first.status_code == 303
    assert first.headers["location"] == "/"
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = served.get()
    assert page.status_code == 200
    assert 'id="terminal"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.text.replace("http-equiv", "")


@pytest.mark.parametrize("path", ["/", "/static/js/textual.js", "/page/page.js", "/ws", "/download/x", "/nowhere"])
def test_without_the_key_nobody_comes_in(served: Served, path: str) -> None:
    refused = served.get(path, key=False)
    assert refused.status_code == 403
    assert "it holds the key" in refused.text
    assert served.get(f"{path}?key=guess", key=False).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "192.0.2.1", "a@localhost"]
)
def test_a_name_that_somebody_pointed_here_is_refused(served: Served, host: str) -> None:
    refused = served.get(Host=host)
    assert refused.status_code in {400, 403}


def test_names_of_this_machine_are_answered_on_any_port(served: Served) -> None:
    for host in ("localhost", "127.0.0.1:9", "[::1]:8400", "LOCALHOST:1"):
        assert served.get(Host=host).status_code == 200, host


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "https://127.0.0.1"])
def test_another_page_may_not_ask(served: Served, origin: str) -> None:
    assert served.get(Origin=origin).status_code == 403
    with pytest.raises(InvalidStatus) as refused, served.visit(origin=origin):
        pass
    assert refused.value.response.status_code == 403
    assert [process.pid for process in processes_in(served.home.path)] == [served.process.pid]


def test_a_connection_without_the_key_is_refused(served: Served) -> None:
    with pytest.raises(InvalidStatus), served.visit(key="guess"):
        pass


def test_a_visitor_sees_the_home_screen_and_can_only_look(served: Served) -> None:
    with served.visit() as visitor:
        see(visitor, "read-only")
        see(visitor, "No runs yet.")
        see(visitor, "sending requests is off", keys="\x1b[C\r")  # to the form, and start
        press(visitor, "\x11")  # Ctrl-Q leaves a field, too
        with suppress(ConnectionClosed):
            while visitor.recv(timeout=30):
                pass
    assert served.home.run_folders() == []


@pytest.mark.slow
def test_a_visitor_who_sends_more_than_a_person_types_is_hung_up_on() -> None:
    """Every key waits in the app's memory until it has time for it: two kilobytes each."""
    with serving() as served:
        with served.visit() as visitor:
            see(visitor, "Home")
            with pytest.raises(ConnectionClosed) as closed:
                type_without_end(visitor)
            assert closed.value.rcvd is None or closed.value.rcvd.code == 1008
        wait_until(lambda: len(processes_in(served.home.path)) == 1, 10, "the end of the app")
        assert served.get().status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of another process is set with prlimit")
def test_who_opens_connections_and_says_nothing_keeps_nobody_out() -> None:
    """Of a server that may have 128 files."""
    with serving() as served, ExitStack() as held:
        psutil.Process(served.process.pid).rlimit(psutil.RLIMIT_NOFILE, (128, 128))
        port = int(served.host.rpartition(":")[2])
        with served.visit() as visitor:
            see(visitor, "Home")
            for _ in range(200):
                held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)).sendall(b"GET / HTTP")
            assert served.get().status_code == 200
            see(visitor, "No runs yet.", keys="?\x1b")


@pytest.mark.parametrize(
    "message", ["no json", "[]", '["stdin", 5]', '["resize", {"width": "9", "height": 1e99}]', "[" * 10_000]
)
def test_a_visitor_who_sends_what_no_page_sends_is_hung_up_on(served: Served, message: str) -> None:
    with served.visit() as visitor:
        visitor.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            read_to_the_end(visitor)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


def test_a_visitor_who_may_change_is_asked_before_a_run() -> None:
    with serving("--may-change") as served, served.visit() as visitor:
        see(visitor, "No runs yet.")
        press(visitor, "\r")
        see(visitor, "Enter")  # the dialog with its buttons


def test_visitors_end_with_a_server_that_is_killed() -> None:
    with new_home() as home, start_cli(home, "serve", "--port", "0") as process:
        assert process.stdout is not None
        served = Served(process.stdout.readline().decode().strip(), home, process)
        with served.visit() as visitor:
            see(visitor, "No runs yet.")
            process.kill()
            wait_until(lambda: processes_in(home.path) == [], what="the end of the visitor's app")


def test_a_port_that_is_taken_is_said(served: Served) -> None:
    port = served.host.rpartition(":")[2]
    with new_home() as home:
        refused = run_cli(home, "serve", "--port", port)
    assert refused.code == 2
    assert problems(refused)[-1].startswith(f"perftui: cannot listen on 127.0.0.1:{port}")


@pytest.mark.parametrize("host", ["a..b", "nobody.invalid", "a\udcffb", "192.0.2.1"])
def test_an_address_that_is_not_this_machine_s_is_said(host: str) -> None:
    with new_home() as home:
        refused = run_cli(home, "serve", "--port", "0", "--host", host)
    assert refused.code == 2
    assert problems(refused)[-1].startswith("perftui: cannot listen on ")
    assert problems(refused)[-1].endswith("; --host is a name or an address of this machine")


@pytest.mark.slow
def test_the_page_asks_only_this_server_and_takes_keys_without_a_click(served: Served, tmp_path: Path) -> None:
    chromium = need_program("chromium")
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 800, "height": 500})
        page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
        page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(served.url)
        page.wait_for_selector("body.-first-byte", state="attached")
        assert urlsplit(page.url).query == ""
        page.keyboard.press("q")
        page.wait_for_selector("body.-closed", state="attached")
        browser.close()
    assert set(asked) == {served.host}
    assert said == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: [evil]\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: [\xc2\x9b31m\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: perftui=\xff\xfe\r\n\r\n", 403),
        (b"GET /?key=%ed%a0%80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 403),
        (b"GET /\x1b]52;c;eA==\x07 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    ],
)
def test_requests_that_are_none_are_refused(served: Served, sent: bytes, status: int) -> None:
    assert served.answer_to(sent).split(b" ")[1] == str(status).encode()


def test_whoever_sends_rubbish_writes_nothing_on_the_terminal() -> None:
    with serving() as server:
        for sent in (b"\x1b[2J / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"):
            assert server.answer_to(sent)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stderr is not None
        said = server.process.stderr.read().decode()
    assert said.splitlines() == ["perftui: read-only; Ctrl-C ends it"]
