"""What is refused before the first request or cut short: public hosts, unknown names, limits, bad certificates."""

from __future__ import annotations

import itertools
import resource
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from support.certificates import Authority
from support.cli import PERFTUI, Result, problems, run_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import Connection, answering, fault_server, server_context
from support.home import Home, new_home
from support.own_network import PORT, run_in_own_network, segments_sent
from support.presets import preset_text

pytestmark = pytest.mark.xdist_group("a wait that goes on beside other tests")

HEADLESS = ("--headless", "--format", "json")
PUBLIC = "http://100.64.0.1/"
"""An address between providers: neither private nor anybody's server."""


def run_preset(home: Home, text: str, *options: str) -> Result:
    return run_cli(home, "run", write_preset(home, text), *HEADLESS, *options)


def test_a_name_that_does_not_exist_is_one_line(home: Home, call: Callable[..., Result]) -> None:
    result = call("run", "health", "http://does-not-exist.invalid/", *HEADLESS)

    assert result.code == 14
    assert len(problems(result)) == 1
    assert "does-not-exist.invalid" in result.stderr
    assert home.run_folders() == []


@pytest.fixture(scope="module", autouse=True)
def silent_name_servers() -> Iterator[Future[tuple[Result, float]]]:
    """A command that waits for name servers which never answer, while the other tests of the module work."""

    def look_up() -> tuple[Result, float]:
        with new_home() as home:
            begin_s = time.monotonic()
            result = run_in_own_network(home, health_of("silent.test"), names={"silent.test": ["silence"]})
            return result, time.monotonic() - begin_s

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(look_up)


@pytest.fixture(scope="module", autouse=True)
def failing_target() -> Iterator[Future[Result]]:
    """A run that gets nothing but errors, which needs ten seconds to stop by itself, while the other tests work."""

    def load() -> Result:
        broken = answering(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
        with new_home() as home, fault_server(broken) as server:
            return run_preset(home, preset_text(server.url, {"read": "/"}, rate=20, duration="60s"))

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(load)


def health_of(host: str) -> tuple[str, ...]:
    return ("run", "health", f"http://{host}:{PORT}/", "--duration", "60s", "--warmup", "0s", *HEADLESS)


@pytest.mark.parametrize(
    ("said", "hint"),
    [("SERVFAIL", "check the name server"), ("NXDOMAIN", "check the name")],
    ids=["SERVFAIL", "NXDOMAIN"],
)
def test_what_a_name_server_refuses_is_one_line(home: Home, said: str, hint: str) -> None:
    result = run_in_own_network(home, health_of("a.test"), names={"a.test": [said]})

    assert result.code == 14
    assert len(problems(result)) == 1
    assert result.stderr.startswith("perftui: a.test: its address was not found (")
    assert result.stderr.endswith(f"; {hint}\n")
    assert home.run_folders() == []


def test_a_name_that_comes_to_mean_a_public_host_ends_the_run_with_15(home: Home) -> None:
    names = {"moves.test": ["127.0.0.1", "127.0.0.1", "93.184.216.34"]}
    result = run_in_own_network(home, (*health_of("moves.test"), "--set", "target.re_resolve=300ms"), names=names)

    assert result.code == 15, result.stderr
    assert_conserved(result.record)
    assert result.record.status == "stopped"
    assert result.record.stopped_by_guard.startswith("moves.test is a public host")


@pytest.mark.slow
def test_a_machine_without_free_ports_blames_itself(home: Home) -> None:
    """Fifty ports for a hundred connections that are open at a time."""
    preset = write_preset(
        home,
        preset_text(f"http://127.0.0.1:{PORT}", {"read": "/"}, target={"keep_alive": False}, rate=100, auto_stop=False),
    )
    result = run_in_own_network(home, ("run", preset, *HEADLESS), delay_s=2, ports="50000 50049")

    assert result.code == 12, result.stderr
    assert "note: without keep-alive about 1 new connections/s last" in result.stderr
    assert_conserved(result.record)
    counts, classes = result.record.whole_run, result.record.summary.total.error_classes
    assert 40 <= classes.pop("client.ports") == counts.client_errors <= 60
    assert (counts.ok, classes) == (100 - counts.client_errors, {})
    assert "generator itself" in " ".join(reason.detail for reason in result.record.trust.reasons)


@pytest.mark.parametrize(
    "options",
    [("stress", PUBLIC), ("write", PUBLIC, "--rate", "60"), ("write", PUBLIC, "--users", "30")],
    ids=["stress", "rate", "users"],
)
@pytest.mark.parametrize("typed", [(), ("--confirm-host", "100.64.0.2")], ids=["nothing typed", "mistyped"])
def test_a_public_host_needs_its_name_typed(
    home: Home, call: Callable[..., Result], options: Sequence[str], typed: Sequence[str]
) -> None:
    result = call("run", *options, *typed, *HEADLESS)

    assert result.code == 15
    assert "--confirm-host" in result.stderr
    assert "100.64.0.1" in result.stderr
    assert home.run_folders() == []


@pytest.mark.parametrize(("typed", "code"), [((), 15), (("--confirm-host", "public.test"), 14)])
def test_nothing_is_sent_to_a_public_host_whose_name_is_not_typed(home: Home, typed: Sequence[str], code: int) -> None:
    result = run_in_own_network(
        home, ("run", "stress", "http://public.test", *typed, *HEADLESS), names={"public.test": ["8.8.8.8"]},
        public="8.8.8.8",
    )  # fmt: skip

    assert result.code == code, result.stderr
    assert bool(segments_sent(home)) is bool(typed)
    assert home.run_folders() == []


@pytest.mark.parametrize("host", ["169.254.169.254", "255.255.255.255", "224.0.0.1"])
def test_some_addresses_are_refused_always(home: Home, call: Callable[..., Result], host: str) -> None:
    result = call("run", "health", f"http://{host}/", *HEADLESS, "--confirm-host", host)

    assert result.code == 15
    assert home.run_folders() == []


def test_a_small_limit_of_descriptors_is_found_before_the_start(home: Home) -> None:
    """Either the limit is raised by perftui itself, or it says what to type; the server never gets the blame."""
    limit = 64
    with fault_server(answering(delay_s=0.3)) as server:
        done = subprocess.run(
            [
                PERFTUI, "run", write_preset(home, preset_text(server.url, {"read": "/"}, users=200, duration="1s")),
                *HEADLESS,
            ],
            env=home.environment,
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
        )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "ulimit -n" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def run_tls(home: Home, url: str, **tls: object) -> Result:
    target = {"timeout": "500ms", **({"tls": tls} if tls else {})}
    return run_preset(
        home, preset_text(url, {"read": "/"}, target=target, rate=20, duration="500ms", auto_stop=False), "--warn-only"
    )


def errors(result: Result) -> dict[str, int]:
    """What went wrong in a saved run, and how often. No look before the start shakes hands: it is the run that says."""
    assert_conserved(result.record)
    return result.record.summary.total.error_classes


@pytest.mark.parametrize(
    ("names", "days", "said"),
    [("DNS:localhost", -1, "tls.expired"), ("DNS:elsewhere.example", 2, "tls.hostname")],
    ids=["expired", "for another host"],
)
def test_certificates_that_do_not_hold(home: Home, names: str, days: int, said: str) -> None:
    authority = Authority(home.path / "authority")
    with fault_server(answering(), server_context(authority.issue("wrong", names=names, days=days))) as server:
        result = run_tls(home, server.url, ca_file=str(authority.certificate))

    assert errors(result) == {said: 10}
    assert server.requests == 0


@pytest.mark.slow
def test_an_unknown_authority(home: Home, authority: Authority) -> None:
    with fault_server(answering(), server_context(authority.issue("localhost"))) as server:
        refused = run_tls(home, server.url)
        trusted = run_tls(home, server.url, ca_file=str(authority.certificate))
        careless = run_tls(home, server.url, insecure=True)

    assert errors(refused) == {"tls.untrusted": 10}
    for result in (trusted, careless):
        assert errors(result) == {}
        assert result.record.whole_run.ok == 10


@pytest.mark.slow
def test_old_tls_and_no_tls(home: Home, authority: Authority) -> None:
    old = server_context(authority.issue("old"))
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1
    with fault_server(answering(), old) as server:
        result = run_tls(home, server.url, ca_file=str(authority.certificate))
    assert errors(result) == {"tls.version": 10}

    came = itertools.count()  # the two looks before the start, at the port and at its TLS, are hung up on
    with fault_server(lambda connection: answering_anything(connection) if next(came) >= 2 else None) as server:
        result = run_tls(home, server.url.replace("http:", "https:"))
    assert errors(result) == {"tls.not_tls": 10}


def test_plain_http_under_https_is_found_before_the_start(home: Home) -> None:
    with fault_server(answering_anything) as server:
        result = run_preset(home, preset_text(server.url.replace("http:", "https:"), {"read": "/"}))

    assert result.code == 14
    https = server.url.replace("http:", "https:")
    assert problems(result) == [f"perftui: {https}: this port speaks plain HTTP, not TLS: try {server.url}"]
    assert home.run_folders() == []


def answering_anything(connection: Connection) -> None:
    """Plain HTTP to whatever comes."""
    connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.mark.slow
def test_a_handshake_that_never_answers_ends_at_the_timeout(home: Home) -> None:
    with fault_server(lambda connection: connection.hold()) as server:
        result = run_tls(home, server.url.replace("http:", "https:"))

    assert errors(result) == {"tls.timeout": 10}


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """A listener that accepts nothing and whose queue is full: further connections get no answer at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)  # noqa: FBT003 - socket's own signature
            client.connect_ex(listener.getsockname())
            waiting.append(client)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for client in waiting:
            client.close()


@pytest.mark.slow
def test_a_full_backlog_is_found_before_the_start(home: Home, full_backlog: str) -> None:
    result = run_preset(
        home, preset_text(full_backlog, {"read": "/"}, target={"timeout": "300ms"}, rate=20, auto_stop=False)
    )

    assert result.code == 14
    assert problems(result) == [
        f"perftui: {full_backlog}: does not answer within 0.3 s (127.0.0.1); check the address, or a firewall"
    ]
    assert home.run_folders() == []


@pytest.mark.slow
def test_two_runs_at_the_same_moment_get_folders_of_their_own(home: Home) -> None:
    results: list[Result] = []
    with fault_server(answering()) as server:
        preset = write_preset(home, preset_text(server.url, {"read": "/"}, rate=20))
        threads = [
            threading.Thread(target=lambda: results.append(run_cli(home, "run", preset, *HEADLESS))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len({result.record.id for result in results}) == len(home.run_folders()) == 4
    for result in results:
        assert_conserved(result.record)


def test_nothing_but_errors_stops_the_run_by_itself(failing_target: Future[Result]) -> None:
    result = failing_target.result()

    assert result.code == 15
    record = result.record
    assert_conserved(record)
    assert record.summary.total.error_rate == 1
    assert record.summary.total.error_classes == {"http.500": record.whole_run.errors}
    assert 10 * 20 <= record.whole_run.scheduled < 20 * 20
    assert "auto-stop" in record.status_detail


def test_name_servers_that_never_answer_hold_nobody_up(silent_name_servers: Future[tuple[Result, float]]) -> None:
    result, took_s = silent_name_servers.result()

    assert result.code == 14
    assert problems(result) == ["perftui: silent.test: its address was not found within 10 s; check the name server"]
    # three of them, asked twice for five seconds each
    assert took_s < 25


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_what_is_saved_is_the_owners_only(home: Home, mask: int) -> None:
    with fault_server(answering()) as server:
        preset = write_preset(home, preset_text(server.url, {"read": "/"}, rate=20, duration="500ms"))
        subprocess.run(
            ["sh", "-c", f'umask {mask:03o}; exec "$@"', "sh", PERFTUI, "run", preset, *HEADLESS],
            env=home.environment,
            capture_output=True,
            timeout=60,
        )
    saved = list((home.path / "data").rglob("*"))

    assert saved
    assert {path: oct(path.stat().st_mode & 0o777) for path in saved if path.stat().st_mode & 0o077} == {}
