"""Digest authentication: one refusal, then every request carries its answer."""

from __future__ import annotations

import hashlib
import itertools
import threading
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from perftui.engine.clients.http.digest import Digest
from perftui.model.plan import Auth, Operation, Target
from support.fault_server import OK, Connection, Handler, fault_server
from support.load_worker import make_plan, one_by_one, run_load


class Guard:
    """Checks answers as a server does; a nonce is good for some uses."""

    def __init__(self, algorithm: str, uses: int, *, quality: str = 'qop="auth", ', close: bool = False) -> None:
        self._algorithm, self._uses, self._quality, self._close = algorithm, uses, quality, close
        self._hash = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5
        self._nonces, self._lock = itertools.count(), threading.Lock()
        self._left: dict[str, int] = {}
        self.refused = 0
        self.numbers: list[str] = []

    def _refusal(self) -> bytes:
        with self._lock:
            nonce = f"nonce{next(self._nonces)}"
            self._left[nonce] = self._uses
            self.refused += 1
        challenge = (
            f'Digest realm="a \\"shop\\"", {self._quality}nonce="{nonce}", algorithm={self._algorithm}, opaque="o"'
        )
        close = "Connection: close\r\n" if self._close else ""
        return f"HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\n{close}Content-Length: 2\r\n\r\nno".encode()

    def _h(self, text: str) -> str:
        return self._hash(text.encode()).hexdigest()

    def _accepts(self, request: str) -> bool:
        method, uri, _ = request.split(" ", 2)
        lines = [line for line in request.split("\r\n") if line.startswith("Authorization: Digest ")]
        if not lines:
            return False
        assert len(lines) == 1
        found = parse_keqv_list(parse_http_list(lines[0].removeprefix("Authorization: Digest ")))
        with self._lock:
            self._left[found["nonce"]] -= 1
            if self._left[found["nonce"]] < 0:
                return False
        secret, action = self._h('user:a "shop":pass'), self._h(f"{method}:{uri}")
        middle = f":{found['nc']}:{found['cnonce']}:{found['qop']}" if "qop" in found else ""
        self.numbers.append(found.get("nc", ""))
        return found["response"] == self._h(f"{secret}:{found['nonce']}{middle}:{action}") and found["opaque"] == "o"

    def handler(self) -> Handler:
        def handle(connection: Connection) -> None:
            while request := connection.read_request():
                if self._accepts(request.decode()):
                    connection.send(OK)
                else:
                    connection.send(self._refusal())
                    if self._close:
                        return

        return handle


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("close", [False, True])
def test_requests_answer_the_challenge(algorithm: str, close: bool) -> None:  # noqa: FBT001 - by parametrisation
    guard = Guard(algorithm, 6, close=close)
    operations = [
        Operation(name="get", path="/${rand:1..9}", query={"q": "a b"}),
        Operation(name="post", method="POST", body="x"),
    ]
    with fault_server(guard.handler()) as server:
        target = Target(url=server.url, auth=Auth(digest=("user", "pass")))
        measured = run_load(make_plan("", load=one_by_one(20), target=target, operations=operations))
    assert measured.counts().ok == measured.counts().started == 20, measured.classes()
    assert guard.refused == 4  # six uses each for twenty requests
    assert guard.numbers[:6] == ["00000001", "00000002", "00000003", "00000004", "00000005", "00000006"]


def test_without_quality_of_protection() -> None:
    guard = Guard("MD5", 1000, quality="")
    with fault_server(guard.handler()) as server:
        target = Target(url=server.url, auth=Auth(digest=("user", "pass")))
        assert run_load(make_plan("", rate=50, duration_s=0.2, target=target)).counts().ok == 10


def test_a_wrong_password_is_refused_and_not_repeated() -> None:
    guard = Guard("MD5", 1000)
    with fault_server(guard.handler()) as server:
        target = Target(url=server.url, auth=Auth(digest=("user", "wrong")))
        measured = run_load(make_plan("", rate=50, duration_s=0.2, target=target))
        assert measured.classes() == {"http.401": 10}
        assert server.requests <= 20


@pytest.mark.parametrize(
    "challenge", [None, b"Basic realm=x", b'Digest realm="x"', b'Digest realm="x", nonce="n", algorithm=X']
)
def test_challenges_that_cannot_be_answered(challenge: bytes | None) -> None:
    digest = Digest("user", "pass")
    assert not digest.learn(challenge)
    assert digest.sign(b"GET / HTTP/1.1\r\n\r\n") == b"GET / HTTP/1.1\r\n\r\n"
