"""Digest authentication: the challenge is learned from the first refusal, then answered ahead of it."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable

_LINE = re.compile(rb"Authorization: Digest [^\r\n]*\r\n")
_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
}


class Digest:
    """The answers of one worker to a target's challenges."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._hash: Callable[[bytes], str] | None = None
        self._count = 0

    def learn(self, challenge: bytes | None) -> bool:
        """Take a WWW-Authenticate header; returns whether it can be answered."""
        scheme, _, parameters = (challenge or b"").decode("latin-1").strip().partition(" ")
        if scheme.lower() != "digest":
            return False
        from urllib.request import parse_http_list, parse_keqv_list  # it brings half of the library's network modules

        found = parse_keqv_list(parse_http_list(parameters))
        algorithm = found.get("algorithm", "MD5").upper()
        hash_of = _HASHES.get(algorithm.removesuffix("-SESS"))
        offered = [quality.strip() for quality in found.get("qop", "").split(",")]
        if (
            hash_of is None
            or "nonce" not in found
            or "realm" not in found
            or (offered != [""] and "auth" not in offered)
        ):
            return False
        self._hash = hash_of
        self._algorithm = found.get("algorithm", "")
        self._realm, self._nonce, self._opaque = found["realm"], found["nonce"], found.get("opaque")
        self._has_quality = "auth" in offered
        self._count = 0
        self._client_nonce = secrets.token_hex(8)
        self._secret = hash_of(f"{self._user}:{self._realm}:{self._password}".encode())
        if algorithm.endswith("-SESS"):
            self._secret = hash_of(f"{self._secret}:{self._nonce}:{self._client_nonce}".encode())
        return True

    def sign(self, request: bytes) -> bytes:
        """The request with an answer to the challenge known so far; without one as long as there is none."""
        if self._hash is None:
            return request
        head, separator, rest = request.partition(b"\r\n")
        method, uri, _ = head.decode("latin-1").split(" ", 2)
        action = self._hash(f"{method}:{uri}".encode("latin-1"))
        self._count += 1
        quoted = {"username": self._user, "realm": self._realm, "nonce": self._nonce, "uri": uri}
        fields = [f'{name}="{_quoted(value)}"' for name, value in quoted.items()]
        if self._has_quality:
            number = f"{self._count:08x}"
            proof = f"{self._secret}:{self._nonce}:{number}:{self._client_nonce}:auth:{action}"
            fields += ["qop=auth", f"nc={number}", f'cnonce="{self._client_nonce}"']
        else:
            proof = f"{self._secret}:{self._nonce}:{action}"
        fields.append(f'response="{self._hash(proof.encode("latin-1"))}"')
        if self._algorithm:
            fields.append(f"algorithm={self._algorithm}")
        if self._opaque is not None:
            fields.append(f'opaque="{_quoted(self._opaque)}"')
        line = f"Authorization: Digest {', '.join(fields)}\r\n".encode("latin-1")
        return head + separator + line + _LINE.sub(b"", rest, count=1)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
