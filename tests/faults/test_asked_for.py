"""Requests are what was asked for, and answers are read as what they are: in the load, in a probe and in its set-up."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from perftui.demo.server import Demo
from perftui.engine.around.probe import probe
from perftui.engine.clients.http.greeting import check_tls
from perftui.model.errors import UnreachableError, UsageError
from perftui.model.plan import Plan
from perftui.presets.loading import load_plan, parse_preset
from perftui.presets.one_request import RequestOverrides
from perftui.presets.overrides import Overrides
from support.asked import LOAD, outcome, probed
from support.cli import run_cli
from support.fault_server import OK, Connection, answering, fault_server
from support.gunicorn import gunicorn
from support.home import Home
from support.load_worker import run_load
from support.waiting import free_port, wait_for_port

ECHO = """
import json
async def app(scope, receive, send):
    assert scope["type"] == "http"
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    said = {"path": scope["raw_path"].decode(), "query": scope["query_string"].decode(), "headers": headers}
    body = json.dumps(said).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
"""

WSGI_ECHO = """
import json
def app(environ, start_response):
    path, _, query = environ["RAW_URI"].partition("?")
    body = json.dumps({"path": path, "query": query, "headers": []}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
"""


@contextlib.contextmanager
def echo(parser: str) -> Iterator[str]:
    """A server that says what it was asked: uvicorn with h11 or httptools, or gunicorn; its URL."""
    if parser == "gunicorn":
        with gunicorn(WSGI_ECHO) as url:
            yield url
        return
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pt-echo-") as folder:
        (Path(folder) / "echo_app.py").write_text(ECHO)
        command = ["uvicorn", "echo_app:app", "--port", str(port), "--http", parser, "--lifespan", "off"]
        command += ["--log-level", "critical", "--app-dir", folder]
        process = subprocess.Popen([sys.executable, "-m", *command], stdin=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.mark.parametrize("parser", ["h11", "httptools", "gunicorn"])
def test_paths_and_headers_arrive_as_they_are_meant(parser: str) -> None:
    with echo(parser) as url:
        text = (
            '[[before]]\npath = "/vorher/ü"\n[[operations]]\npath = "/café/%20/a+b?q=ö&x=%E9"\n'
            'query = { "schlüssel" = "wert ü" }\nchecks = [{ json = "$.path", equals = "/caf%C3%A9/%20/a+b" }, '
            '{ json = "$.query", equals = "q=%C3%B6&x=%E9&schl%C3%BCssel=wert%20%C3%BC" }]\n'
        )
        assert outcome(text, url) == ("", [])
        (asked,) = anyio.run(probe, load_plan(f"{url}/ü")).operations
        assert json.loads(asked.body_start)["path"] == "/%C3%BC"


def lines_of(plan: Plan, *names: str) -> list[str]:
    """The lines of these headers as a server reads them: load and probe send the same."""
    heads: list[list[str]] = []

    def note(connection: Connection) -> None:
        while request := connection.read_request():
            heads.append(request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n"))
            connection.send(OK)

    with fault_server(note) as server:
        plan = replace(plan, target=replace(plan.target, url=server.url))
        run_load(plan)
        anyio.run(probe, plan)
    found = [[line for line in head if line.lower().startswith(names)] for head in heads]
    assert found
    assert all(lines == found[0] for lines in found)
    return found[0]


def test_a_header_that_is_given_twice_is_sent_twice() -> None:
    given = (("X-F", "1"), ("x-f", "2"), ("Cookie", "a=1"), ("Cookie", "b=2"))
    plan = load_plan("http://h/", overrides=Overrides(headers=given, max_requests=3))
    assert lines_of(plan, "x-f:", "cookie:") == ["X-F: 1", "X-F: 2", "Cookie: a=1; b=2"]


def test_a_preset_has_as_many_lines_of_a_header_as_it_lists() -> None:
    text = f'{LOAD}[[operations]]\npath = "/"\nheaders = {{ X-F = ["1", "2"], Cookie = ["a=1", "b=2"] }}\n'
    plan = parse_preset(text, "x.toml", "http://h")
    assert lines_of(plan, "x-f:", "cookie:") == ["X-F: 1", "X-F: 2", "Cookie: a=1; b=2"]


def test_a_url_beside_a_socket_keeps_the_socket_or_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed_in = tmp_path / "here"
    typed_in.mkdir()
    monkeypatch.chdir(typed_in)
    text = f'{LOAD}[[operations]]\npath = "/"\n'
    own = f'{LOAD}[target]\nunix_socket = "s.sock"\n[[operations]]\npath = "/"\n'
    plan = parse_preset(text, str(tmp_path / "x.toml"), "http://shop/other", settings=["target.unix_socket=s.sock"])
    assert (plan.target.unix_socket, plan.target.url) == (str(typed_in / "s.sock"), "http://shop")
    with pytest.raises(UsageError, match="the preset goes to the Unix socket"):
        parse_preset(own, str(tmp_path / "x.toml"), "http://shop/other")
    plan = parse_preset(own, str(tmp_path / "x.toml"), "http://shop/other", settings=["target.unix_socket=''"])
    assert (plan.target.unix_socket, plan.target.url) == ("", "http://shop")


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("operations.0.body_file=here.bin", lambda plan: plan.operations[0].body_file),
        ("target.tls.ca_file=here.bin", lambda plan: plan.target.tls.ca_file),
        ('target.tls={ca_file="here.bin"}', lambda plan: plan.target.tls.ca_file),
        ('operations.0.multipart=[{name="a", file="here.bin"}]', lambda plan: plan.operations[0].multipart[0].file),
        ('data=[{name="rows", file="here.bin"}]', lambda plan: plan.data[0].file),
    ],
)
def test_a_file_of_the_command_line_is_one_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, found: Callable[[Plan], str]
) -> None:
    (tmp_path / "preset").mkdir()
    (tmp_path / "here.bin").write_text("id\n1\n")
    monkeypatch.chdir(tmp_path)
    text = f'{LOAD}[target]\nurl = "https://127.0.0.1:1"\n[[operations]]\nmethod = "POST"\npath = "/"\n'
    plan = parse_preset(text, str(tmp_path / "preset" / "x.toml"), settings=[setting])
    assert found(plan) == str(tmp_path / "here.bin")


def test_a_setting_that_the_url_would_replace_is_refused() -> None:
    with pytest.raises(UsageError, match=r"operations\[0\].method: the path of the URL replaces"):
        load_plan("read", "http://127.0.0.1:1/x", settings=["operations.0.method=HEAD"])
    plan = load_plan("read", "http://127.0.0.1:1/x", Overrides(request=RequestOverrides(method="HEAD")))
    assert [operation.method for operation in plan.operations] == ["HEAD"]
    plan = load_plan("read", "http://127.0.0.1:1", settings=["operations.0.method=HEAD"])
    assert plan.operations[0].method == "HEAD"


def test_cookies_go_where_their_attributes_say() -> None:
    seen: list[tuple[str, str]] = []
    setting = (
        b"Set-Cookie: sid=A; Path=/\r\nSet-Cookie: sid=B; Path=/admin\r\nSet-Cookie: tls=1; Secure\r\n"
        b"Set-Cookie: other=1; Domain=example.org\r\nSet-Cookie: gone=1; Max-Age=0\r\n"
        b"Set-Cookie: late=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT\r\nSet-Cookie: kept=\xe9; Max-Age=60\r\n"
    )

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            line, *rows = request.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            cookie = next((row[8:] for row in rows if row.startswith("Cookie: ")), "")
            seen.append((line.split()[1], cookie))
            more = setting if line.split()[1] == "/login" else b""
            connection.send(b"HTTP/1.1 200 OK\r\n" + more + b"Content-Length: 0\r\n\r\n")

    paths = ("/login", "/x", "/admin/x", "/administrator")
    steps = "".join(f'[[journeys.steps]]\npath = "{path}"\n' for path in paths)
    text = f'{LOAD.replace("max_requests = 3", "max_requests = 4")}[[journeys]]\nname = "j"\n{steps}'
    with fault_server(handle) as server:
        plan = parse_preset(text, "x.toml", server.url)
        run_load(plan)
        loaded, seen[:] = dict(seen), []
        anyio.run(probe, plan)
    both = "sid=A; kept=\xe9"
    expected = {"/login": "", "/x": both, "/admin/x": f"sid=B; {both}", "/administrator": both}
    assert loaded == expected
    assert dict(seen) == expected


def test_a_length_can_be_checked_and_captured() -> None:
    text = (
        '[[operations]]\npath = "/"\nchecks = [{ header = "Content-Length", equals = "2" }]\n'
        'captures = [{ name = "length", header = "Content-Length" }]\n'
    )
    with fault_server(answering()) as server:
        assert outcome(text, server.url) == ("", [])
        assert probed(text, server.url).operations[0].captures == {"length": "2"}


FOLDED = b"HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nContent-Length: 2\r\n\r\nok"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"
EVIL = b"HTTP/1.1 200 OK\r\nX-Long: one\0two\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(("answer", "classes"), [(FOLDED, []), (NO_CONTENT, []), (EVIL, ["protocol"])])
def test_load_and_probe_are_of_one_opinion(answer: bytes, classes: list[str]) -> None:
    with fault_server(answering(answer)) as server:
        assert outcome('[[operations]]\npath = "/"\n', server.url)[1] == classes


@pytest.mark.slow
def test_the_largest_answer_is_an_option_that_the_error_names() -> None:
    body = b"x" * (1024 * 1024)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    operation = '[[operations]]\npath = "/"\n'
    with fault_server(answering(answer)) as server:
        small = f'[target]\nmax_body = "512KiB"\n{operation}'
        problem, classes = outcome(small, server.url)
        assert classes == ["body_too_large"]
        assert "target.max_body" in problem
        assert outcome(f'[target]\nmax_body = "2MiB"\n{operation}', server.url) == ("", [])
        assert outcome(operation, server.url) == ("", [])


def packed(body: bytes, **headers: str) -> bytes:
    """An answer with these headers."""
    rows = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{rows}Content-Length: {len(body)}\r\n\r\n".encode() + body


GREETING = {"greeting": "grüß dich"}
PLAIN = json.dumps(GREETING, ensure_ascii=False)


@pytest.mark.parametrize(
    "answer",
    [
        packed(PLAIN.encode()),
        packed(PLAIN.encode("utf-8-sig")),
        packed(PLAIN.encode("utf-16")),
        packed(PLAIN.encode("latin-1"), Content_Type="application/json; charset=ISO-8859-1"),
        packed(gzip.compress(PLAIN.encode(), mtime=0), Content_Encoding="gzip"),
        packed(
            gzip.compress(PLAIN.encode("latin-1"), mtime=0),
            Content_Encoding="gzip",
            Content_Type="text/x; charset=latin-1",
        ),
    ],
)
def test_json_is_read_however_it_is_packed(answer: bytes) -> None:
    text = (
        '[[operations]]\npath = "/"\nchecks = [{ json = "$.greeting", equals = "grüß dich" }, { contains = "grüß" }]\n'
    )
    with fault_server(answering(answer)) as server:
        assert outcome(text, server.url) == ("", [])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (packed(b"\x0b\x02\x80{}\x03", Content_Encoding="br"), "it is compressed by br"),
        (packed(b"{}", Content_Encoding="gzip"), "it says gzip and is none"),
        (packed(b"{}", Content_Type="text/x; charset=klingon"), "its character set klingon is not known"),
        (
            packed(gzip.compress(b"[" + b" " * 20_000_000 + b"]", 1, mtime=0), Content_Encoding="gzip"),
            "inflated it is larger than",
        ),
        (packed(b"{"), "the body is no JSON"),
    ],
)
def test_what_cannot_be_read_says_why(answer: bytes, said: str) -> None:
    with fault_server(answering(answer)) as server:
        problem, classes = outcome('[[operations]]\npath = "/"\nchecks = [{ json = "$" }]\n', server.url)
    assert said in problem
    assert len(classes) == 1


@pytest.mark.parametrize("path", ["/a/{{id}}", "/a/$id", "/a/$id/b", "/a/{id}", "/a?id=$id", "/a/{{ $guid }}"])
def test_placeholders_of_other_tools_are_refused(path: str) -> None:
    for text, url in (
        (f'{LOAD}[[operations]]\npath = "{path}"\n', "http://h"),
        (f'{LOAD}[[operations]]\npath = "/"\n', f"http://h{path}"),
    ):
        with pytest.raises(UsageError, match=r"did you mean \$\{(id|guid)\}\?"):
            parse_preset(text, "x.toml", url.replace(" ", ""))


@pytest.mark.parametrize(
    "path", ["/odata/$metadata", "/odata/Items/$count", "/Items?$top=5&$filter=a", "/a$b", "/%7Bid%7D"]
)
def test_signs_that_are_meant_are_sent(path: str) -> None:
    plan = parse_preset(f'{LOAD}[[operations]]\npath = "{path}"\n', "x.toml", "http://h")
    assert plan.operations[0].path == path


def test_tls_to_a_port_that_speaks_plain_http_is_told_before_the_load(home: Home, demo: Demo) -> None:
    url = demo.url.replace("http://", "https://")
    result = run_cli(home, f"{url}/health", "-z", "1s")
    assert result.code == 14
    assert f"this port speaks plain HTTP, not TLS: try {demo.url}" in result.stderr
    assert home.run_folders() == []


def _refusal(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.mark.parametrize(
    ("answer", "error_class", "detail", "start"),
    [
        (
            _refusal(400, b"<center>The plain HTTP request was sent to HTTPS port</center>"),
            "http.400", "status 400: this port speaks TLS: try https://", "<center>The plain HTTP",
        ),
        (b"\x15\x03\x01\x00\x02\x02\x46", "protocol", "this port speaks TLS: try https://", ""),
        (_refusal(500, b"constraint broken" + b"." * 9000), "http.500", "status 500", "constraint broken..."),
        (_refusal(404, b""), "http.404", "status 404", ""),
    ],
)  # fmt: skip
def test_a_refusal_says_why_though_nothing_looks_at_bodies(
    answer: bytes, error_class: str, detail: str, start: str
) -> None:
    with fault_server(answering(answer)) as server:
        measured = run_load(load_plan(f"{server.url}/x", overrides=Overrides(max_requests=3, users=1)))
    assert measured.classes() == {error_class: 3}
    sample = measured.samples[0]
    assert (sample.error_class, sample.detail) == (error_class, detail)
    assert sample.body_start.startswith(start)
    assert len(sample.body_start) <= 500


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.9\r\n", b"-ERR unknown command\r\n"])
def test_tls_to_a_port_that_speaks_something_else_is_told_without_a_guess(answer: bytes) -> None:
    def greet(connection: Connection) -> None:
        connection.send(answer)
        connection.hold()

    with fault_server(greet) as server:
        url = server.url.replace("http://", "https://")
        plan = parse_preset(f'{LOAD}[[operations]]\npath = "/"\n', "x.toml", url)
        with pytest.raises(UnreachableError, match="speaks neither TLS nor HTTP"):
            anyio.run(check_tls, plan.target, (("127.0.0.1", server.port),))
