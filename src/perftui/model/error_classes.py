"""The fixed list of error classes, each with a number that never changes.

10xx general, 11xx DNS, 12xx TCP, 13xx TLS, 14xx HTTP protocol, 15xx checks, 4xx/5xx the status itself,
19xx the generator. A class names what went wrong as the client saw it; `client.*` is never the
server's and makes a run invalid.
"""

from __future__ import annotations

ERROR_CLASSES: dict[str, int] = {
    "timeout": 1050,
    "dropped.late": 1060,
    "dropped.worker_lost": 1061,
    "cancelled": 1070,
    "dns.not_found": 1101,
    "dns.failed": 1102,
    "dns.timeout": 1103,
    "connect.refused": 1201,
    "connect.timeout": 1202,
    "connect.unreachable": 1203,
    "connect.reset": 1204,
    "connect.other": 1209,
    "reset": 1210,
    "closed": 1211,
    "proxy": 1220,
    "tls.untrusted": 1301,
    "tls.expired": 1302,
    "tls.hostname": 1303,
    "tls.version": 1304,
    "tls.not_tls": 1305,
    "tls.timeout": 1306,
    "tls.client_certificate": 1307,
    "tls.other": 1309,
    "protocol": 1401,
    "body_short": 1402,
    "body_too_large": 1403,
    "head_too_large": 1404,
    "check": 1501,
    "client.descriptors": 1901,
    "client.ports": 1902,
    "client.memory": 1903,
    "client.capture": 1904,
    "client.other": 1909,
}
"""Name to number. `http.NNN` has the number NNN; `check:NAME` counts as `check`."""


def error_number(name: str) -> int:
    """The number of a class name.

    Raises:
        KeyError: the name is no error class.
    """
    if name.startswith("http."):
        return int(name[5:])
    return ERROR_CLASSES["check" if name.startswith("check:") else name]


def is_client_error(name: str) -> bool:
    """Whether the generator, not the server, is at fault."""
    return name.startswith("client.")
