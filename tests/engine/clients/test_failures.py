"""What the system says when a connection fails, and the class that it is booked under."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from perftui.engine.clients.failures import connect_error, lost_error
from perftui.model.error_classes import error_class

pytestmark = pytest.mark.quick


def failed(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (failed(errno.ECONNREFUSED), "connect.refused"),
        (failed(errno.ECONNRESET), "connect.reset"),
        (failed(errno.ETIMEDOUT), "connect.timeout"),
        (failed(errno.EHOSTUNREACH), "connect.unreachable"),
        (failed(errno.ENETUNREACH), "connect.unreachable"),
        (failed(errno.EACCES), "connect.other"),
        (failed(errno.EMFILE), "client.descriptors"),
        (failed(errno.ENFILE), "client.descriptors"),
        (failed(errno.EADDRNOTAVAIL), "client.ports"),
        (failed(errno.ENOBUFS), "client.memory"),
        (failed(errno.ENOMEM), "client.memory"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "dns.not_found"),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "dns.failed"),
        (OSError("the target has no address"), "connect.other"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "tls.untrusted"),
        (ssl.SSLError(1, "handshake failure"), "tls.other"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value),
)
def test_a_connection_that_cannot_be_opened(error: OSError, name: str) -> None:
    found, detail = connect_error(error)
    assert found == name
    assert error_class(found).meaning
    assert detail


@pytest.mark.parametrize(
    ("error", "answered", "in_body", "name"),
    [
        (None, False, False, "closed"),
        (None, True, False, "closed"),
        (None, True, True, "body_short"),
        (failed(errno.ECONNRESET), False, False, "reset"),
        (failed(errno.EPIPE), False, False, "reset"),
        (failed(errno.ECONNRESET), True, True, "body_short"),
        (failed(errno.ENOBUFS), False, False, "client.memory"),
        (failed(errno.ETIMEDOUT), False, False, "connect.timeout"),
        (ssl.SSLError(1, "broken"), False, False, "tls.other"),
    ],
)
def test_a_connection_that_is_lost(error: OSError | None, answered: bool, in_body: bool, name: str) -> None:  # noqa: FBT001 - columns of a table
    assert lost_error(error, answered=answered, in_body=in_body)[0] == name
