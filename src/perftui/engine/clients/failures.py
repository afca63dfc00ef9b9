"""From what the operating system, OpenSSL and the peer did to an error class (model/error_classes.py)."""

from __future__ import annotations

import errno
import socket
import ssl

from perftui.model.text import safe_text

_OS_CLASSES = {
    errno.ECONNREFUSED: ("connect.refused", "connection refused"),
    errno.ENOENT: ("connect.refused", "no such socket"),
    errno.ECONNRESET: ("connect.reset", "connection reset"),
    errno.EPIPE: ("connect.reset", "connection closed while writing"),
    errno.ECONNABORTED: ("connect.reset", "connection aborted"),
    errno.ETIMEDOUT: ("connect.timeout", "no answer to the connection request"),
    errno.EHOSTUNREACH: ("connect.unreachable", "host unreachable"),
    errno.ENETUNREACH: ("connect.unreachable", "network unreachable"),
    errno.EHOSTDOWN: ("connect.unreachable", "host down"),
    errno.EMFILE: ("client.descriptors", "the generator is out of file descriptors: raise `ulimit -n`"),
    errno.ENFILE: ("client.descriptors", "this machine is out of file descriptors"),
    errno.EADDRNOTAVAIL: (
        "client.ports",
        "the generator is out of local ports: keep connections alive or lower the rate",
    ),
    errno.EADDRINUSE: ("client.ports", "the generator is out of local ports: keep connections alive or lower the rate"),
    errno.ENOBUFS: ("client.memory", "the kernel has no buffers left for connections"),
    errno.ENOMEM: ("client.memory", "the generator is out of memory"),
}
_EXPIRED = {9, 10}
_WRONG_NAME = {62, 64}
_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
}
_VERSION = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "UNSUPPORTED_SSL_VERSION"}
_CLIENT_CERTIFICATE = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "TLSV1_ALERT_ACCESS_DENIED",
}  # fmt: skip


def connect_error(error: OSError) -> tuple[str, str]:
    """Class and detail of a connection that could not be opened: libraries count the TLS handshake to that."""
    if isinstance(error, ssl.SSLError):
        return tls_error(error)
    if isinstance(error, socket.gaierror):
        known = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        return ("dns.not_found" if known else "dns.failed"), str(error.strerror or error)
    if error.errno in _OS_CLASSES:
        return _OS_CLASSES[error.errno]
    return "connect.other", str(error.strerror or error)


def lost_error(error: BaseException | None, *, answered: bool, in_body: bool) -> tuple[str, str]:
    """Class and detail of a connection that ended before the response did."""
    reset = isinstance(error, OSError) and error.errno in {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}
    how = "reset" if reset else "closed"
    if in_body:
        return "body_short", f"connection {how} in the middle of the body"
    if isinstance(error, ssl.SSLError):
        return tls_error(error)
    if isinstance(error, OSError) and not reset and error.errno in _OS_CLASSES:
        return _OS_CLASSES[error.errno]
    return how, f"connection {how} {'in the middle of the head' if answered else 'without an answer'}"


def tls_error(error: BaseException) -> tuple[str, str]:
    """Class and detail of a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", 0)  # only OpenSSL's own has these, no copy of it
        detail = getattr(error, "verify_message", "") or str(error)
        return (
            "tls.expired" if code in _EXPIRED else "tls.hostname" if code in _WRONG_NAME else "tls.untrusted"
        ), detail
    reason = getattr(error, "reason", None) or ""
    if reason in _NOT_TLS:
        return "tls.not_tls", "the server does not speak TLS on this port"
    if reason in _VERSION:
        return "tls.version", "no common TLS version"
    if reason in _CLIENT_CERTIFICATE:
        return "tls.client_certificate", reason.lower().replace("_", " ")
    return "tls.other", reason.lower().replace("_", " ") or str(error) or "connection closed during the handshake"


def words_of(error: BaseException, limit: int = 200) -> str:
    """Type and message of an error, made safe."""
    return f"{safe_text(type(error).__name__, 60)}: {said_by(error, limit)}"


def said_by(error: BaseException, limit: int = 200) -> str:
    """The message of an error, made safe. Whose error it is may have made a mistake in saying it, too."""
    try:
        return safe_text(str(error), limit)
    except Exception as other:  # noqa: BLE001 - whatever it raises instead
        return f"(no message: {type(other).__name__})"
