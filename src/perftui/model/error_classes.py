"""The fixed list of error classes: each with a number that never changes, and what it means.

10xx general, 11xx DNS, 12xx TCP, 13xx TLS, 14xx HTTP protocol, 15xx checks, 16xx SQL, 17xx Redis, 18xx Memcached, 19xx
the generator, 20xx pages, 21xx streams of events, 1990 what a driver from elsewhere calls its own; the class of a wrong
status is `http.NNN` and has the number NNN. A class names what went wrong as the client saw it; `client.*` is never the
server's and makes a run invalid.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from msgspec import Struct


class ErrorClass(Struct, frozen=True, kw_only=True):
    """One kind of failure."""

    number: int
    meaning: str
    """In words, without a full stop."""


def _class(number: int, meaning: str) -> ErrorClass:
    return ErrorClass(number=number, meaning=meaning)


ERROR_CLASSES: dict[str, ErrorClass] = {
    "timeout": _class(1050, "no complete answer within the target's timeout"),
    "dropped.late": _class(1060, "due, but never sent: it waited longer than the timeout for a free place in flight"),
    "dropped.generator": _class(1062, "due, but the generator did not get to it before the end of the load"),
    "dropped.worker_lost": _class(1061, "due, but the worker process that should have sent it was lost"),
    "cancelled": _class(1070, "unfinished at the end of the drain or at an abort"),
    "dns.not_found": _class(1101, "the host name does not exist"),
    "dns.failed": _class(1102, "the name server failed or refused"),
    "dns.timeout": _class(1103, "no answer from the name server in time"),
    "connect.refused": _class(1201, "nothing listens on that port"),
    "connect.timeout": _class(1202, "no connection within the timeout: packets are dropped, or the backlog is full"),
    "connect.unreachable": _class(1203, "no route to the host"),
    "connect.reset": _class(1204, "the connection was reset while it was opened"),
    "connect.other": _class(1209, "the connection could not be opened for another reason"),
    "reset": _class(1210, "the server reset the connection before the answer was complete"),
    "closed": _class(1211, "the server closed the connection without a complete answer"),
    "proxy": _class(1220, "the proxy refused or failed to open a tunnel"),
    "tls.untrusted": _class(1301, "the certificate is not signed by an authority that is trusted here"),
    "tls.expired": _class(1302, "the certificate has expired or is not valid yet"),
    "tls.hostname": _class(1303, "the certificate is for another name"),
    "tls.version": _class(1304, "no TLS version in common"),
    "tls.not_tls": _class(1305, "the port does not speak TLS"),
    "tls.timeout": _class(1306, "the TLS handshake did not end within the timeout"),
    "tls.client_certificate": _class(1307, "the server wants another client certificate, or one at all"),
    "tls.other": _class(1309, "the TLS handshake failed for another reason"),
    "protocol": _class(1401, "the answer is not what the protocol allows"),
    "body_short": _class(1402, "the connection ended in the middle of the body"),
    "body_too_large": _class(1403, "the body is larger than target.max_body, which is 10 MiB when not said"),
    "head_too_large": _class(1404, "the head is larger than 64 KiB or 200 lines"),
    "redirect.limit": _class(1405, "redirected more often than target.redirects allows: a loop, perhaps"),
    "redirect.elsewhere": _class(1406, "redirected to another host, port or scheme, which is not loaded"),
    "check": _class(1501, "the answer came, and a check of the preset failed on it"),
    "asset": _class(2001, "a part of the page could not be had"),
    "page.elsewhere": _class(2002, "the page sends to a host that is not among those that may be asked"),
    "page.redirects": _class(2003, "the page sends on and on"),
    "page.no_paint": _class(2004, "the browser painted nothing"),
    "page.failed": _class(2005, "the browser could not show the page"),
    "events.ended": _class(2101, "the stream of events ended before those that were wanted had come"),
    "events.no_stream": _class(2102, "the answer is no stream of events"),
    "client.descriptors": _class(1901, "this machine is out of file descriptors: raise `ulimit -n`"),
    "client.ports": _class(1902, "this machine is out of local ports: keep connections alive or lower the rate"),
    "client.memory": _class(1903, "this machine is out of memory"),
    "client.capture": _class(1904, "a value of the request was missing: nothing was captured or set up for it"),
    "client.driver": _class(1905, "the driver of this protocol made a mistake of its own"),
    "client.other": _class(1909, "the generator failed for another reason"),
}
"""By name. Beside these there are `http.NNN` for statuses, `check:NAME`, which is a `check`, and `asset:PATH`."""

REDIS_CODES: dict[str, int] = {
    "ERR": 1701, "WRONGTYPE": 1702, "MOVED": 1703, "ASK": 1704, "NOAUTH": 1705, "WRONGPASS": 1706, "NOPERM": 1707,
    "OOM": 1708, "LOADING": 1709, "BUSY": 1710, "READONLY": 1711, "CLUSTERDOWN": 1712, "TRYAGAIN": 1713,
    "CROSSSLOT": 1714, "EXECABORT": 1715, "NOSCRIPT": 1716, "BUSYKEY": 1717, "BUSYGROUP": 1718, "NOGROUP": 1719,
    "MASTERDOWN": 1720, "MISCONF": 1721, "NOREPLICAS": 1722, "NOTBUSY": 1723, "UNKILLABLE": 1724, "NOPROTO": 1725,
    "INPROG": 1726, "UNBLOCKED": 1727, "WRONGID": 1728, "other": 1799,
}  # fmt: skip
"""First words of Redis's errors; any other one is `redis.other`: a server cannot make up classes without end."""
MEMCACHED_CODES: dict[str, int] = {"ERROR": 1801, "CLIENT_ERROR": 1802, "SERVER_ERROR": 1803}
_SQL, _SQL_OTHER, _STRANGER = 1600, 1699, 1990
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,40}\.\S{1,60}")


def error_class(name: str) -> ErrorClass:
    """The class of a name, also `http.NNN`, `check:NAME`, `asset:PATH`, `sql.SQLSTATE`, `redis.CODE` and `DRIVER.xxx`.

    Raises:
        KeyError: the name is no error class.
    """
    if name.startswith("http."):
        return _status_class(name)
    kind, colon, which = name.partition(":")
    if colon and kind in {"check", "asset"}:
        return ErrorClass(number=ERROR_CLASSES[kind].number, meaning=f"{ERROR_CLASSES[kind].meaning}: {which}")
    if name in ERROR_CLASSES:
        return ERROR_CLASSES[name]
    family, _, code = name.partition(".")
    if family == "redis" and code in REDIS_CODES:
        return ErrorClass(number=REDIS_CODES[code], meaning=f"Redis answered -{code}")
    if family == "memcached" and code in MEMCACHED_CODES:
        return ErrorClass(number=MEMCACHED_CODES[code], meaning=f"Memcached answered {code}")
    if family == "sql" and code:
        number = _SQL + int(code[:2]) if code[:2].isascii() and code[:2].isdigit() else _SQL_OTHER
        return ErrorClass(number=number, meaning=f"the database refused with {code}{_sql_words(code)}")
    if family in _OURS or not _WORD.fullmatch(name):
        raise KeyError(name)
    return ErrorClass(number=_STRANGER, meaning=f"the driver {family} reported {code}")


BOUNDED_FAMILIES = frozenset({"http", "sql", "redis", "memcached"})
"""Families whose codes are of a protocol: whoever reads them sees to it that there are not too many."""
_OURS = frozenset(name.partition(".")[0] for name in ERROR_CLASSES) | BOUNDED_FAMILIES
_SQL_CLASSES = {
    "08": "connection", "0A": "not supported", "21": "cardinality", "22": "data", "23": "integrity constraint",
    "25": "state of the transaction", "28": "authorization", "2D": "end of the transaction", "3D": "no such database",
    "40": "transaction rolled back: a deadlock, perhaps", "42": "syntax or access", "53": "out of resources",
    "54": "program limit", "55": "not in the state for it", "57": "intervention", "58": "system", "XX": "internal",
}  # fmt: skip


def _sql_words(code: str) -> str:
    words = _SQL_CLASSES.get(code[:2])
    return f" ({words})" if words else ""


def _status_class(name: str) -> ErrorClass:
    try:
        number = int(name.removeprefix("http."))
    except ValueError:
        raise KeyError(name) from None
    try:
        phrase = HTTPStatus(number).phrase
    except ValueError:
        phrase = "a status without a registered name"
    return ErrorClass(number=number, meaning=f"the server answered {number}: {phrase}")
