"""A server that keeps the bytes of every request as they came, and what of them means something."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BOUNDARY = re.compile(rb'boundary="?([^";\r\n]+)')
_ESCAPE = re.compile(rb"%[0-9a-fA-F]{2}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff\"<>`{}]")
_OF_THE_CLIENT = {"expect", "content-length"}
"""Headers about how a client sends, not what."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a request says."""

    line: bytes
    headers: tuple[tuple[str, bytes], ...]
    body: bytes


class EchoServer:
    """Answers 200 and closes; `take` gives what came."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._came: list[bytes] = []

    def serve(self) -> None:
        """Serve one connection after the other until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    self._came.append(_read(connection))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        """Stop."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def send(self, data: bytes) -> None:
        """Send the bytes of a request, and wait for the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(data)
            while connection.recv(4096):
                pass

    def take(self) -> list[Request]:
        """The requests since the last call."""
        came, self._came = self._came, []
        return [parsed(data) for data in came]


@contextmanager
def echo_server() -> Iterator[EchoServer]:
    """An echo server until the block is left."""
    server = EchoServer()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(5)


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head = data.partition(b"\r\n\r\n")[0]
    if b"\r\nexpect: 100-continue" in head.lower():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        while not data.endswith(b"\r\n0\r\n\r\n"):
            data += connection.recv(65536)
        return data
    length = _LENGTH.search(head)
    wanted = len(head) + 4 + (int(length[1]) if length else 0)
    while len(data) < wanted:
        data += connection.recv(65536)
    return data


def parsed(data: bytes) -> Request:
    """A request without what means nothing.

    That is: the order of headers, the case of their names, spaces around their values, the text between parts of a
    form, upper or lower case of a percent escape, and whether a byte that no URL may hold is escaped; headers of
    one name are one list.
    """
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.split(b"\r\n")
    line = _BEYOND_ASCII.sub(lambda match: b"%%%02X" % match[0][0], line)
    line = _ESCAPE.sub(lambda match: match[0].upper(), line)
    found: dict[str, bytes] = {}
    for header in rest:
        name, _, value = header.partition(b":")
        known = found.get(name.decode().lower())
        found[name.decode().lower()] = value.strip() if known is None else known + b", " + value.strip()
    if found.pop("transfer-encoding", b"") == b"chunked":
        body = _unchunked(body)
    boundary = _BOUNDARY.search(found.get("content-type", b""))
    if boundary:
        body = body.replace(boundary[1], b"BOUNDARY")
        found = {name: value.replace(boundary[1], b"BOUNDARY") for name, value in found.items()}
    if found.get("connection", b"").lower() == b"keep-alive":
        del found["connection"]  # what HTTP/1.1 means anyway
    kept = sorted((name, value) for name, value in found.items() if name not in _OF_THE_CLIENT)
    return Request(line, tuple(kept), body)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole += rest[:length]
        body = rest[length + 2 :] if length else b""
    return whole
