"""A real nginx on loopback, with its own counters."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from support.certificates import Certificate
from support.programs import need_program
from support.waiting import free_port, wait_for_port

_CONFIGURATION = """
{user}
daemon off;
worker_processes {processes};
pid {directory}/nginx.pid;
error_log {directory}/error.log crit;
events {{ worker_connections 4096; multi_accept on; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests {keepalive_requests};
    keepalive_timeout {keepalive_timeout};
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen unix:{directory}/http.sock;
        {tls}
        location = /status {{ stub_status; }}
        location = /empty {{ return 204; }}
        location / {{ default_type application/json; return 200 '{{"status":"ok","items":[{{"id":1}}]}}'; }}
        {locations}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class NginxStatus:
    """What stub_status says, without the questions for it."""

    connections: int
    requests: int


@dataclass(slots=True)
class Nginx:
    """An nginx that runs. `/` answers a small JSON object, `/empty` 204."""

    url: str
    port: int
    pid: int
    directory: Path
    tls_port: int = 0
    _asked: int = field(default=0)

    @property
    def tls_url(self) -> str:
        """The same over TLS, by name."""
        return f"https://localhost:{self.tls_port}"

    @property
    def unix_socket(self) -> str:
        """Path of the socket that answers the same."""
        return str(self.directory / "http.sock")

    def status(self) -> NginxStatus:
        """Connections accepted and requests received since the start; those of this method are not counted."""
        answer = httpx.get(f"{self.url}/status", trust_env=False, headers={"Connection": "close"})
        self._asked += 1
        accepted, _handled, requests = map(int, re.findall(r"^ (\d+) (\d+) (\d+)", answer.text, re.MULTILINE)[0])
        # the look for the port at the start was a connection, too
        return NginxStatus(connections=accepted - self._asked - 1, requests=requests - self._asked)

    def requests(self) -> int:
        """Requests received since the start, by nginx's own count."""
        return self.status().requests


@contextmanager
def nginx(
    *,
    keepalive_requests: int = 100_000_000,
    keepalive_timeout: str = "300s",
    certificate: Certificate | None = None,
    client_authority: Path | None = None,
    locations: str = "",
    processes: int = 1,
    addresses: Sequence[str] = (),
) -> Iterator[Nginx]:
    """Run nginx until the block is left.

    Args:
        keepalive_requests: requests that one connection may carry.
        keepalive_timeout: how long an idle connection stays; "0" closes after each answer.
        certificate: also listen with TLS.
        client_authority: ask for client certificates of this authority.
        locations: further `location` blocks.
        processes: worker processes.
        addresses: further ones of this machine to listen on, at the same port.
    """
    program = need_program("nginx")
    with tempfile.TemporaryDirectory(prefix="pt-nginx-") as name:
        directory = Path(name)
        port, tls_port = free_port(), free_port() if certificate else 0
        tls = "".join(f"listen {address}:{port}; " for address in addresses)
        if certificate:
            tls += f"listen 127.0.0.1:{tls_port} ssl backlog=4096; ssl_certificate {certificate.certificate};"
            tls += f" ssl_certificate_key {certificate.key};"
        if client_authority:
            tls += f" ssl_verify_client on; ssl_client_certificate {client_authority};"
        configuration = directory / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                user="user root;" if os.geteuid() == 0 else "",
                directory=directory,
                port=port,
                tls=tls,
                keepalive_requests=keepalive_requests,
                keepalive_timeout=keepalive_timeout,
                locations=locations,
                processes=processes,
            ),
            encoding="utf-8",
        )
        process = subprocess.Popen(
            [program, "-p", name, "-e", f"{name}/error.log", "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        server = Nginx(f"http://127.0.0.1:{port}", port, process.pid, directory, tls_port)
        try:
            wait_for_port(port)
            yield server
        finally:
            process.terminate()
            _, said = process.communicate(timeout=10)
            assert process.returncode == 0, said.decode(errors="replace")
