"""What is asked beside the load goes where its name leads now, and never where nobody may ask."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from perftui.engine.clients.guarded_http import GuardedTransport
from perftui.engine.clients.tls import client_context
from perftui.model.plan import Tls
from support.certificates import Authority
from support.fault_server import answering, fault_server, server_context


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A name server of our own: the addresses of names."""
    known: dict[str, list[str]] = {}
    ask = socket.getaddrinfo

    def answer(host: str, port: int, *arguments: int, **options: int) -> list[object]:
        found = known.get(host, [host])
        return [entry for address in found for entry in ask(address, port, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


async def asked(url: str, tls: Tls | None = None) -> httpx.Response:
    verify = client_context(tls) if tls else True
    async with httpx.AsyncClient(transport=GuardedTransport(verify), trust_env=False, timeout=2) as client:
        return await client.get(url)


@pytest.mark.anyio
async def test_a_name_that_comes_to_mean_a_metadata_service_is_not_asked(names: dict[str, list[str]]) -> None:
    with fault_server(answering()) as server:
        names["metrics.test"] = ["127.0.0.1"]
        url = f"http://metrics.test:{server.port}/metrics"
        assert (await asked(url)).status_code == 200
        names["metrics.test"] = ["127.0.0.1", "169.254.169.254"]
        with pytest.raises(httpx.ConnectError, match=r"metrics.test \(169.254.169.254\) .* never asked"):
            await asked(url)
        assert server.connections == 1


@pytest.mark.anyio
async def test_an_address_that_does_not_listen_is_passed_over(names: dict[str, list[str]]) -> None:
    with fault_server(answering()) as server:
        names["two.test"] = ["127.0.0.2", "127.0.0.1"]
        answer = await asked(f"http://two.test:{server.port}/")
    assert answer.status_code == 200
    assert answer.request.headers["host"] == f"two.test:{server.port}"


@pytest.mark.anyio
async def test_a_certificate_is_that_of_the_name(names: dict[str, list[str]], tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = Tls(ca_file=str(authority.certificate))
    with fault_server(answering(), server_context(authority.issue("server", names="DNS:named.test"))) as server:
        names["named.test"] = names["other.test"] = ["127.0.0.1"]
        assert (await asked(f"https://named.test:{server.port}/", tls)).status_code == 200
        with pytest.raises(httpx.ConnectError, match=r"other\.test"):
            await asked(f"https://other.test:{server.port}/", tls)
