"""An HTTP server of pages and streams of events, for visitors: sizes and delays are known, requests are counted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

DOCUMENTS: dict[str, str] = {
    "/": '<link rel=stylesheet href="/a.css?bytes=1000"><script src="b.js?bytes=2000"></script>'
    '<img src="/c.png?bytes=3000&ms=120"><img src="/c.png?bytes=3000&ms=120">',
    "/twelve": "".join(f'<img src="/{number}.png?bytes=10&ms=50">' for number in range(12)),
    "/missing": '<link rel=stylesheet href="/a.css?bytes=10"><script src="/gone/app.js?status=404&bytes=9"></script>',
    "/cut": '<img src="/half.png?bytes=100&cut=1">',
    "/elsewhere": '<script src="http://other.example/x.js"></script><img src="//pictures.example/y.png">'
    '<img src="/c.png?bytes=50">',
    "/small": '<p>number 7</p><img src="/dot.png?bytes=20">',
    "/late": '<img src="/dot.png?bytes=20&ms=2000">',
    "/cookies": '<img src="/who.png?bytes=10">',
}


class PageServer(ThreadingHTTPServer):
    """Counts what it was asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.paths: Counter[str] = Counter()
        self.headers_of: dict[str, dict[str, str]] = {}
        self.events = 0
        self.open = self.most_open = self.connections = 0
        self.lock = threading.Lock()
        self.documents = dict(DOCUMENTS)
        self.reports: list[dict[str, str]] = []
        """What pages said of themselves."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever leaves in the middle is no error of this server."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PageServer
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1
            self.server.open += 1
            self.server.most_open = max(self.server.most_open, self.server.open)

    def finish(self) -> None:
        with self.server.lock:
            self.server.open -= 1
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.server.lock:
            self.server.paths[parts.path] += 1
            self.server.headers_of[parts.path] = dict(self.headers.items())
        if parts.path == "/events":
            self._events(said)
        elif parts.path == "/report":
            self.server.reports.append(said)
            self._answer(200, b"", {})
        elif parts.path == "/loop":
            self._answer(302, b"", {"Location": "/loop"})
        elif parts.path == "/moved":
            self._answer(302, b"", {"Location": said.get("to", "/")})
        elif parts.path in self.server.documents:
            extra = {"Set-Cookie": "who=me; Path=/"} if parts.path == "/cookies" else {}
            self._answer(
                200, self.server.documents[parts.path].encode(), {"Content-Type": "text/html; charset=utf-8", **extra}
            )
        else:
            time.sleep(float(said.get("ms", 0)) / 1000)
            body = b"x" * int(said.get("bytes", 0))
            self._answer(int(said.get("status", 200)), body, {}, cut="cut" in said)

    def _answer(self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def _events(self, said: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", said.get("type", "text/event-stream"))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for number in range(int(said.get("count", 1_000_000))):
            name = "odd" if number % 2 else "even"
            with self.server.lock:  # before it is sent: whoever has it may ask at once how many there were
                self.server.events += 1
            self.wfile.write(f'event: {name}\ndata: {{"number": {number}}}\n\n'.encode())
            time.sleep(float(said.get("every", 10)) / 1000)


@contextmanager
def page_server() -> Iterator[PageServer]:
    """A server for as long as the block lasts."""
    with PageServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
