"""What was met on the way to good answers and accepted: not errors, but worth a line once it is known how often."""

from __future__ import annotations

FOLLOWED = "followed"
FOLDED = "folded_header"
IDLE_LENGTH = "idle_length"
STRAY_BYTES = "stray_bytes"

ODDITIES: dict[str, str] = {
    FOLDED: "header lines that are folded over several (RFC 9112 forbids it since 2014: it is read as one line)",
    IDLE_LENGTH: "a status 204, which has no body, with a Content-Length (what follows it is thrown away, and the "
    "connection closed)",
    STRAY_BYTES: "bytes that come behind the end of an answer (they belong to no request: the connection is closed)",
}
"""What of a server's HTTP is odd and tolerated, in words, by the code that counts it."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses whose Location is the place to ask instead."""
