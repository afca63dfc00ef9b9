"""A server of any protocol that answers wrongly: cut, dripped, without end, with lies, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

Answer = Callable[[socket.socket], None]
MOST_BYTES = 200 * 1024 * 1024
"""Of a flood: more than anybody may keep."""


@contextmanager
def answering(answer: Answer, hello: Mapping[bytes, bytes], greeting: bytes = b"") -> Iterator[int]:
    """A server whose port this is.

    Args:
        answer: to all that is asked.
        hello: what holds a key of it is answered with its value instead: what opens a connection.
        greeting: said before anything was asked.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.sendall(greeting)
                while data := connection.recv(65536):
                    said = next((said for asked, said in hello.items() if asked in data), None)
                    if said is None:
                        answer(connection)
                    else:
                        connection.sendall(said)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def say(data: bytes) -> Answer:
    """Exactly that."""
    return lambda connection: connection.sendall(data)


def cut_after(data: bytes) -> Answer:
    """That, and the end of the connection."""

    def cut(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return cut


def drip(data: bytes) -> Answer:
    """That, byte by byte."""

    def send(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))

    return send


def flood(begin: bytes, piece: Callable[[int], bytes]) -> Answer:
    """That, and then pieces, by their number, almost without end."""

    def send(connection: socket.socket) -> None:
        connection.sendall(begin)
        sent = number = 0
        while sent < MOST_BYTES:
            data = piece(number)
            connection.sendall(data)
            sent, number = sent + len(data), number + 1

    return send


def silence(_: socket.socket) -> None:
    """No answer."""
