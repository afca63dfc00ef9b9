"""A server that misbehaves as told: a function gets the raw socket of each connection.

    def cut(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    with fault_server(cut) as server: ...   # server.url, server.connections, server.requests

The connection is closed when the function returns; `reset` closes with RST instead.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from support.certificates import Certificate

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_PIECE = 65536


class Connection:
    """One connection of a client, as its handler sees it."""

    def __init__(self, server: FaultServer, raw: socket.socket) -> None:
        self._server = server
        self._raw = raw
        self._buffer = b""
        self.served = 0
        """Requests read from this connection."""

    def read_request(self) -> bytes:
        """Head and length-delimited body of the next request; empty when the client closed first."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                return b""
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(self._buffer) < length:
            if not self._receive():
                return b""
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        self.served += 1
        self._server.count_request(head)
        return head + b"\r\n\r\n" + body

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._raw.sendall(data)

    def send_in_pieces(self, data: bytes, size: int = 1, pause_s: float = 0.0) -> None:
        """Send bytes in packets of their own."""
        self._raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), size):
            self._raw.sendall(data[start : start + size])
            if pause_s:
                self.sleep(pause_s)

    def sleep(self, seconds: float) -> None:
        """Wait, unless the server is told to end.

        Raises:
            ConnectionAbortedError: the server ends.
        """
        if self._server.ending.wait(seconds):
            raise ConnectionAbortedError("the server ends")

    def hold(self) -> None:
        """Keep the connection open and silent until the client or the server ends it."""
        self._raw.settimeout(0.1)
        while not self._server.ending.is_set():
            try:
                if not self._raw.recv(_PIECE):
                    return
            except TimeoutError:
                continue

    def reset(self) -> None:
        """Close with RST."""
        self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._raw.close()

    def _receive(self) -> bool:
        data = self._raw.recv(_PIECE)
        self._buffer += data
        return bool(data)


Handler = Callable[[Connection], None]


class FaultServer:
    """Accepts connections and gives each to the handler, in a thread of its own."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None, port: int, host: str) -> None:
        self.ending = threading.Event()
        self._handler = handler
        self._context = context
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, port), backlog=1024)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"{'https' if context else 'http'}://{'localhost' if context else host}:{self.port}"
        self.connections = 0
        self.requests = 0
        self.last_head = b""
        self.failures: list[BaseException] = []
        """What a handler raised that is no closed connection: a mistake in the test."""
        self._acceptor = threading.Thread(target=self._accept, name="fault-server", daemon=True)
        self._acceptor.start()

    def count_request(self, head: bytes) -> None:
        """Count one request and keep its head."""
        with self._lock:
            self.requests += 1
            self.last_head = head

    def close(self) -> None:
        """End the listener and every connection, and wait for their threads."""
        self.ending.set()
        self._acceptor.join(timeout=2)
        self._listener.close()
        with self._lock:
            remaining = list(self._open)
        for raw in remaining:
            try:
                raw.shutdown(socket.SHUT_RDWR)
            except OSError:
                raw.close()
        for thread in self._threads:
            thread.join(timeout=5)
        assert not self.failures, self.failures

    def _accept(self) -> None:
        self._listener.settimeout(0.05)
        while not self.ending.is_set():
            try:
                raw, _ = self._listener.accept()
            except TimeoutError:
                continue
            raw.settimeout(None)
            with self._lock:
                self.connections += 1
                self._open.add(raw)
            thread = threading.Thread(target=self._serve, args=(raw,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        connected: socket.socket = raw
        try:
            if self._context:
                connected = self._context.wrap_socket(raw, server_side=True)
                with self._lock:
                    self._open.add(connected)
            self._handler(Connection(self, connected))
        except OSError:
            pass  # a client that goes away, or an end in the middle, is what these servers are for
        except Exception as error:  # noqa: BLE001 - close() reports it
            self.failures.append(error)
        finally:
            connected.close()
            raw.close()
            with self._lock:
                self._open -= {raw, connected}


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """A TLS context that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


@contextmanager
def fault_server(
    handler: Handler, context: ssl.SSLContext | None = None, port: int = 0, host: str = "127.0.0.1"
) -> Iterator[FaultServer]:
    """Run a server with this handler until the block is left."""
    server = FaultServer(handler, context, port, host)
    try:
        yield server
    finally:
        server.close()


def answering(response: bytes = OK, delay_s: float = 0.0) -> Handler:
    """A handler that gives the same answer to every request of a connection."""

    def handle(connection: Connection) -> None:
        while connection.read_request():
            if delay_s:
                connection.sleep(delay_s)
            connection.send(response)

    return handle


def answering_once(response: bytes) -> Handler:
    """A handler that answers one request and closes."""

    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(response)

    return handle
