"""TLS: who is trusted, who is refused and why, and that nothing hangs."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import Operation, Target, Tls
from support.certificates import Authority, Certificate
from support.fault_server import OK, Connection, answering, fault_server, server_context
from support.load_worker import Measured, make_plan, one_by_one, run_load
from support.nginx import nginx

pytestmark = pytest.mark.xdist_group("one set of certificates")


@dataclass(frozen=True)
class Certificates:
    authority: Authority
    server: Certificate
    expired: Certificate
    elsewhere: Certificate


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    return Certificates(
        authority,
        authority.issue("server"),
        authority.issue("expired", days=-1),
        authority.issue("elsewhere", names="DNS:elsewhere.example"),
    )


def run(url: str, tls: Tls, *, rate: float = 50, timeout_s: float = 5.0) -> Measured:
    target = Target(url=url, tls=tls, timeout_s=timeout_s)
    return run_load(make_plan(url, rate=rate, duration_s=0.2, target=target))


def test_private_authority(certificates: Certificates) -> None:
    trusted = Tls(ca_file=str(certificates.authority.certificate))
    with nginx(certificate=certificates.server) as server:
        operations = [Operation(name="small"), Operation(name="large", path="/large")]
        plan = make_plan(
            "", users=8, duration_s=0.5, target=Target(url=server.tls_url, tls=trusted), operations=operations[:1]
        )
        measured = run_load(plan)
        assert measured.counts().ok == measured.counts().scheduled == server.requests()
    times: dict[str, int] = {}
    for cell in measured.cells():
        for name, part in cell.times.items():
            times[name] = times.get(name, 0) + part.count
    assert times["tls"] == times["connect"] == 8
    parts = measured.parts_us()
    assert min(parts["tls"], parts["connect"]) > 0
    assert sum(parts.values()) == pytest.approx(measured.histogram("service_time").sum_us, rel=0.01)


@pytest.mark.parametrize("size", [10, 16_384, 16_385, 300_000])
def test_records(certificates: Certificates, size: int) -> None:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    with fault_server(answering(response), server_context(certificates.server)) as server:
        target = Target(url=server.url, tls=Tls(insecure=True))
        measured = run_load(make_plan("", load=one_by_one(10), target=target))
    assert measured.counts().ok == 10, measured.classes()
    assert sum(cell.received_bytes for cell in measured.cells()) == 10 * len(response)
    assert measured.opened == 1


def test_answers_ended_by_the_close(certificates: Certificates) -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")

    with fault_server(handle, server_context(certificates.server)) as server:
        assert run(server.url, Tls(insecure=True)).counts().ok == 10


def test_the_name_to_check_can_be_given(certificates: Certificates) -> None:
    ca_file = str(certificates.authority.certificate)
    with fault_server(answering(), server_context(certificates.elsewhere)) as server:
        assert run(server.url, Tls(ca_file=ca_file)).classes() == {"tls.hostname": 10}
        assert run(server.url, Tls(ca_file=ca_file, server_name="elsewhere.example")).counts().ok == 10


def test_the_server_learns_the_name(certificates: Certificates) -> None:
    names: list[str | None] = []
    context = server_context(certificates.server)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with fault_server(answering(), context) as server:
        run(server.url, Tls(insecure=True, server_name="shop.example"))
    assert set(names) == {"shop.example"}


def test_an_expired_certificate(certificates: Certificates) -> None:
    with fault_server(answering(), server_context(certificates.expired)) as server:
        measured = run(server.url, Tls(ca_file=str(certificates.authority.certificate)))
    assert measured.classes() == {"tls.expired": 10}


def test_an_unknown_authority(certificates: Certificates) -> None:
    with fault_server(answering(), server_context(certificates.server)) as server:
        measured = run(server.url, Tls())
    assert measured.classes() == {"tls.untrusted": 10}


def test_an_old_version(certificates: Certificates) -> None:
    context = server_context(certificates.server)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with fault_server(answering(), context) as server:
        measured = run(server.url, Tls(insecure=True))
    assert measured.classes() == {"tls.version": 10}


def test_no_tls_at_all() -> None:
    with nginx() as server:
        measured = run(server.url.replace("http://", "https://"), Tls(insecure=True))
    assert measured.classes() == {"tls.not_tls": 10}


def test_bytes_that_are_no_tls() -> None:
    def handle(connection: Connection) -> None:
        connection.send(OK)
        connection.hold()

    with fault_server(handle) as server:
        measured = run(server.url.replace("http://", "https://"), Tls(insecure=True))
    assert measured.classes() == {"tls.not_tls": 10}


def test_a_handshake_that_stalls() -> None:
    with fault_server(Connection.hold) as server:
        measured = run(server.url.replace("http://", "https://"), Tls(insecure=True), timeout_s=0.3)
    assert measured.classes() == {"tls.timeout": 10}
    assert measured.counts().timeouts == 10


def test_a_handshake_cut_off() -> None:
    def handle(connection: Connection) -> None:
        connection.sleep(0.01)

    with fault_server(handle) as server:
        measured = run(server.url.replace("http://", "https://"), Tls(insecure=True))
    assert measured.classes() == {"tls.other": 10}


@pytest.fixture
def asking_server(certificates: Certificates) -> Iterator[str]:
    context = server_context(certificates.server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates.authority.certificate)
    with fault_server(answering(), context) as server:
        yield server.url


def test_client_certificate(certificates: Certificates, asking_server: str) -> None:
    mine = Tls(insecure=True, cert_file=str(certificates.server.certificate), key_file=str(certificates.server.key))
    assert run(asking_server, mine).counts().ok == 10


def test_client_certificate_missing(asking_server: str) -> None:
    assert run(asking_server, Tls(insecure=True)).classes() == {"tls.client_certificate": 10}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"target\.tls\.ca_file"):
        run("https://localhost:1", Tls(ca_file=str(tmp_path / "none.pem")))


def test_a_key_with_a_pass_phrase_is_refused_and_nobody_is_asked(certificates: Certificates, tmp_path: Path) -> None:
    """OpenSSL would ask at the terminal, if there is one, in every process that loads it."""
    mine, encrypted = certificates.server, tmp_path / "encrypted.key"
    command = ["openssl", "pkey", "-in", str(mine.key), "-out", str(encrypted), "-aes128", "-passout", "pass:abc"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    with pytest.raises(UsageError, match=r"target\.tls\.key_file: .*encrypted\.key' asks for a pass phrase"):
        run("https://localhost:1", Tls(cert_file=str(mine.certificate), key_file=str(encrypted)))
