"""Ways to the target: proxies, IPv6, several addresses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from perftui.model.plan import Target, Tls
from support.certificates import Authority
from support.fault_server import OK, Connection, FaultServer, answering, fault_server, server_context
from support.load_worker import Measured, make_plan, one_by_one, run_load


def run(target: Target, **options: object) -> Measured:
    return run_load(make_plan("", rate=50, duration_s=0.2, target=target), **options)  # type: ignore[arg-type]  # as the test says


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def tunnel(connection: Connection) -> None:
    """CONNECT as a proxy does it."""
    line = connection.read_request().split(b"\r\n", 1)[0].decode()
    method, authority, _ = line.split()
    assert method == "CONNECT"
    host, _, port = authority.rpartition(":")
    with socket.create_connection((host, int(port))) as upstream:
        connection.send(b"HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n")
        back = threading.Thread(target=pump, args=(upstream, connection._raw))
        back.start()
        pump(connection._raw, upstream)
        back.join()


def test_plain_requests_through_a_proxy() -> None:
    with fault_server(answering()) as proxy:
        address = f"http://user:pass%20word@127.0.0.1:{proxy.port}"
        measured = run(Target(url="http://shop.example:8080/base", proxy=address))
        head = proxy.last_head
    assert measured.counts().ok == 10
    assert head.startswith(b"GET http://shop.example:8080/base/ HTTP/1.1\r\nHost: shop.example:8080\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=" in head


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def tls_server(authority: Authority) -> Iterator[FaultServer]:
    with fault_server(answering(), server_context(authority.issue("server"))) as server:
        yield server


def test_tls_through_a_tunnel(authority: Authority) -> None:
    with tls_server(authority) as server, fault_server(tunnel) as proxy:
        target = Target(url=server.url, proxy=proxy.url, tls=Tls(ca_file=str(authority.certificate)))
        measured = run_load(make_plan("", load=one_by_one(10), target=target))
        assert server.requests == measured.counts().ok == 10
        assert proxy.requests == 1
        assert b"Host: localhost:" in proxy.last_head


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n", b""]
)
def test_a_proxy_that_refuses(answer: bytes) -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(answer)

    with fault_server(handle) as proxy:
        assert run(Target(url="https://shop.example", proxy=proxy.url)).classes() == {"proxy": 10}


def test_ipv6() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    heads: list[bytes] = []

    def serve() -> None:
        with listener:
            while True:
                connected, _ = listener.accept()
                with connected:
                    head = connected.recv(65536)
                    if not head:
                        return
                    heads.append(head)
                    connected.sendall(OK.replace(b"200 OK\r\n", b"200 OK\r\nConnection: close\r\n"))

    thread = threading.Thread(target=serve)
    thread.start()
    port = listener.getsockname()[1]
    measured = run(Target(url=f"http://[::1]:{port}"))
    socket.create_connection(("::1", port)).close()
    thread.join(5)
    assert measured.counts().ok == 10, measured.classes()
    assert f"Host: [::1]:{port}\r\n".encode() in heads[0]


def test_several_addresses_in_turn() -> None:
    closing = OK.replace(b"200 OK\r\n", b"200 OK\r\nConnection: close\r\n")
    with fault_server(answering(closing)) as one, fault_server(answering(closing)) as two:
        addresses = (("127.0.0.1", one.port), ("127.0.0.1", two.port))
        assert run(Target(url=one.url), addresses=addresses).counts().ok == 10
        assert one.requests == two.requests == 5


def test_an_address_that_refuses_is_passed_over() -> None:
    with fault_server(answering()) as server, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        addresses = (("127.0.0.1", taken.getsockname()[1]), ("127.0.0.1", server.port))
        assert run(Target(url=server.url), addresses=addresses).counts().ok == 10


def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    measured = run(Target(url="http://local", unix_socket=str(tmp_path / "none.sock")))
    assert measured.classes() == {"connect.refused": 10}
