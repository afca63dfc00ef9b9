"""What real curl sends, and what perftui sends for the same command line: the same bytes."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perftui.engine.clients.http.request import USER_AGENT, RequestBuilder
from perftui.engine.clients.http.target import Endpoint
from perftui.presets.importing.curl import add_commands
from perftui.presets.importing.found import Finding
from perftui.presets.importing.whole_preset import preset_of
from perftui.presets.loading import parse_preset
from perftui.presets.secrets import resolve_secrets
from perftui.presets.values import ValueStream
from support.echo import EchoServer, Request, echo_server
from support.programs import need_program

FILES = {
    "a.json": b'{"from": "a file"}',
    "two.txt": b"first\nsecond\r\n",
    "photo.png": b"\x89PNG\r\n\x1a\n\x00binary",
    "notes.txt": b"some notes\n",
    "page.html": b"<p>",
    "data.csv": b"a,b\n1,2\n",
    "one.txt": b"one-line",
    "scan.pdf": b"%PDF-1.4",
}
ENVIRONMENT = {"ID": "42", "WHO": "Ann Lee", "MY_TOKEN": "tok-123"}
LINES = r"""
curl U
curl U/
curl U/items
curl -s U/items?page=2
curl 'U/items?page=2&size=10'
curl 'U?x=1'
curl 'U/s?pretty'
curl 'U/s?pretty&a=1'
curl 'U/s?'
curl 'U/s?a='
curl 'U/s?a=1&a=2'
curl 'U/s?a=1&b=2&a=3'
curl 'U/s?a=%E9&b=%2F&c=%2f'
curl 'U/s?q=a+b&r=a%20b'
curl 'U/s?q=a;b&r=%'
curl 'U/s?redirect=http://x/y?z=1&t=~!*()'
curl 'U/s?ids[]=1&ids[]=2' -g
curl -g 'U/s?filter={"a":1}'
curl 'U/s?q=é'
curl U/ü/café
curl U/a/../b/./c
curl --path-as-is U/a/../b
curl 'U/a//b'
curl 'U/%7Euser/%2e%2e/x'
curl 'U/a;v=1,2/b=c:d@e'
curl 'U/page#top'
curl 'U/page?x=1#top'
curl U/{a,b}/c
curl 'U/n/[1-3]'
curl 'U/n/[01-03].txt'
curl 'U/n/[a-c]'
curl 'U/n/[1-9:4]?k={x,y}'
curl -g 'U/n/[1-3]'
curl 'U/n/\[1\]'
curl U/a U/b
curl U/a --next -X DELETE U/b
curl U/a -: -d x=1 U/b
curl -I U/x
curl --head U/x
curl -X DELETE U/items/1
curl -XPUT U/items/1 -d a=1
curl -X OPTIONS U/
curl --request PURGE U/cache
curl -X GET U/search -d '{"query": {"match_all": {}}}' -H 'Content-Type: application/json'
curl -d a=1 U/form
curl -d a=1 -d b=2 U/form
curl --data 'a=1&b=x y&c=%20' U/form
curl -d 'a=1&a=2' U/form
curl -d 'name=Ann+Lee&x' U/form
curl -d 123 U/raw
curl -d '' U/empty
curl -d 'é=ü' U/form
curl -d '{"a":1}' U/json
curl -d '{"a": 1, "b": [1, 2.0, null]}' -H 'Content-Type: application/json' U/json
curl -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"a":1}' U/json
curl -H 'Content-Type: application/json; charset=utf-8' -d '{"a":"\u00e9"}' U/json
curl -H 'content-type: application/json' --data-raw '{"a":{"b":["c",true]}}' U/json
curl -H 'Content-Type: text/xml' -d '<a>1</a>' U/soap -H 'SOAPAction: "urn:x"'
curl -H 'Content-Type: application/x-ndjson' --data-binary $'{"index":{}}\n{"a":1}\n' U/_bulk
curl -H 'Content-Type:' -d abc U/untyped
curl -H 'Content-Type;' -d abc U/untyped
curl --json '{"a":1}' U/json
curl --json '{"a":' --json '1}' U/json
curl --json '{"tool": "curl"}' -H 'Accept: text/plain' U/json
curl -d @a.json -H 'Content-Type: application/json' U/file
curl -d @one.txt U/file
curl --data-binary @two.txt U/file
curl --data-binary @photo.png -H 'Content-Type: image/png' U/file
curl --data-raw '@a.json' U/raw
curl --data-ascii x=1 U/raw
curl --data-urlencode 'q=a b&c' U/enc
curl --data-urlencode '=a/b' --data-urlencode 'plain text' --data-urlencode 'ü=ü' U/enc
curl -G U/search --data-urlencode 'q=a & b' -d page=2
curl -G 'U/search?x=1' -d y=2
curl --url-query 'a=b c' --url-query '+raw=%20' U/q
curl -F a=1 -F 'b=two words' U/upload
curl -F file=@photo.png U/upload
curl -F 'file=@photo.png;type=image/x' -F 'f=@notes.txt;filename=n.log' U/upload
curl -F a=@a.json -F b=@page.html -F c=@data.csv -F d=@scan.pdf -F e=@notes.txt U/upload
curl -F 'meta={"a":1};type=application/json' -F 'n"q=1' U/upload
curl -F 'x="quoted; text"' -F 'v=<one.txt' --form-string 's=@x;type=y' U/upload
curl -X PUT -H 'Content-Type: multipart/form-data' -F a=1 U/upload
curl -T photo.png -H 'Content-Type: image/png' U/store/
curl -T a.json -H 'Content-Type: application/json' U/store/b.json
echo '{"a": 1}' | curl -d @- U/stdin
echo hello | curl --data-binary @- U/stdin
echo -n hello | curl --data-binary @- U/stdin
printf 'a\nb' | curl --data-binary @- U/stdin
printf '%s-%s' x y | curl -d @- U/stdin
cat a.json | curl -d @- U/stdin
cat two.txt | curl --data-binary @- U/stdin
curl --data-binary @- U/stdin < two.txt
curl -d @- U/stdin <<< 'here string'
curl -H 'X-A: 1' -H 'X-B:2' -H 'X-C:   3  ' U/h
curl -H 'X-F: 1' -H 'X-F: 2' U/h
curl -H 'X-Empty;' U/h
curl -H 'X-Gone:' U/h
curl -H 'x-lower: a' -H 'X-UPPER: b' U/h
curl -H 'X-Dollar: ${x} $y' U/h
curl -H 'Accept: application/json' U/h
curl -H 'Accept-Language: de, en;q=0.5' -H 'Cache-Control: no-cache' -H 'Pragma: no-cache' -H 'DNT: 1' U/h
curl -H 'If-None-Match: "abc"' -H 'If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT' U/h
curl -H 'Host: shop.example' U/h
curl -H 'Connection: close' U/h; curl -H 'Connection: keep-alive' U/h
curl -H 'Connection: close' -d x=1 U/h
curl -H 'Upgrade-Insecure-Requests: 1' -H 'Sec-Fetch-Mode: cors' -H 'X-Forwarded-For: 1.2.3.4' -H 'Priority: u=1' U/h
curl -A my-app/1.0 U/h
curl --user-agent 'Mozilla/5.0 (X11)' U/h
curl -e http://from.example/ U/h
curl -e 'http://from.example/;auto' U/h
curl -r 0-99 U/h
curl --compressed U/h
curl -H 'Accept-Encoding: gzip' U/h
curl -b a=1 U/c
curl -b 'a=1; b=2' -b c=3 U/c
curl -H 'Cookie: a=1' U/c
curl -H 'Cookie: a=1' -b b=2 U/c
curl -u ann:s3cret U/auth
curl -u 'ann:p:w&d%' U/auth
curl -u sk_live_1234: U/auth
curl --basic --user ann:x U/auth
curl http://bob:hun%20ter@127.0.0.1:PORT/auth
curl -H 'Authorization: Bearer abc.def' U/auth
curl --oauth2-bearer abc U/auth
curl -H 'Authorization: token ghp_1' U/auth
curl -H 'X-Api-Key: k-1' 'U/auth?api_key=a%26b&v=1'
curl -m 3 U/slow; curl U/fast; curl -k -H 'X-A: 1' U/other
curl http://localhost:PORT/name; curl U/address; curl -H 'X-A: 1' U/address
curl -u ann:one U/auth; curl -u ann:two U/auth; curl U/open
curl -d 'user=ann&password=a%26b' U/login; curl -d 'user=bob&password=two' U/login
curl -H 'Content-Type: application/json' -d '{"password": "x1", "b": {"token":"t"}}' U/login
curl -F password=abc -F user=ann U/login
curl "U/items/$ID"
curl U/items/${ID}?x=$ID
curl -H "X-Who: $WHO" -d "{\"id\": $ID}" U/v
curl -H "Authorization: Bearer $MY_TOKEN" U/v
curl "U/${NOT_SET:-fallback}"
BASE=U; curl $BASE/assigned
export KIND=big; curl "U/k/$KIND" -d "kind=$KIND"
(cd /tmp && curl U/sub)
{ curl U/brace; }
if true; then curl U/then; fi
true && curl U/and
X=$(curl -s U/inner)
X=`curl -s U/backtick`
time curl U/timed
curl -sS -o /dev/null -w '%{http_code}\n' --max-time 5 -f U/quiet
curl -sSLX POST -d x=1 U/together
curl -dx=1 -HX-A:b U/glued
curl --url U/url
curl -- U/dashes
curl -s U/out > /dev/null 2>&1
curl -s U/a & curl -s U/b; wait
curl U/q -d "it's" -d 'say "hi"' -d back\\slash
curl $'U/ansi?x=\x41\u0042' -H $'X-T: a\tb'
curl --request-target '/other?x=1' U/z
curl --no-progress-meter --fail-with-body --http1.1 -4 U/flags
curl --silen --insec U/short
"""
SEVERAL_LINES = [
    'curl -X POST U/lines \\\n  -H "Content-Type: application/json" \\\n  -d \'{\n  "a": 1,\n  "b": "two"\n}\'\n',
    "curl --data-binary @- U/here <<EOF\nfirst $ID\n  second \\$x\nEOF\n",
    "curl -d @- -H 'Content-Type: application/json' U/here <<'EOF'\n{\n  \"a\": \"$ID\"\n}\nEOF\ncurl U/after\n",
    "cat <<-END | curl --data-binary @- U/here\n\ttabs\n\tgone\n\tEND\n",
    "# curl U/comment\ncurl U/real # curl U/no\n\n\ncurl U/more\n",
    "#!/bin/sh\nset -e\nHOST=U\nPATH_=/v1\nfor i in 1; do\n  curl $HOST$PATH_/x\ndone\n",
    "echo 'a' |\n  curl -d @- U/pipe\n",
    (
        "curl 'U/b' \\\n  -H 'content-type: multipart/form-data; boundary=----X' --data-raw "
        "$'------X\\r\\nContent-Disposition: form-data; name=\"a\"\\r\\n\\r\\n1\\r\\n------X--\\r\\n'\n"
    ),
]
COMMANDS = [line for line in LINES.strip().splitlines() if line] + SEVERAL_LINES


@pytest.fixture(scope="module")
def server() -> Iterator[EchoServer]:
    need_program("curl")
    with echo_server() as running:
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curl")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def of_curl(server: EchoServer, script: str, place: Path) -> list[Request]:
    """What real curl sends."""
    environment = {**os.environ, **ENVIRONMENT, "HOME": str(place)}
    subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env=environment,
        timeout=20,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return server.take()


def of_perftui(server: EchoServer, script: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What perftui sends for the preset that it makes of the script, with the secrets in the environment."""
    finding = Finding()
    add_commands(script, finding)
    text = preset_of(finding, "imported", "curl")
    for name, value in {**ENVIRONMENT, **finding.secrets}.items():
        monkeypatch.setenv(name, value)
    plan, _ = resolve_secrets(parse_preset(text, str(place / "imported.toml")))
    values = ValueStream()
    for operation in plan.operations:
        aimed = plan.aimed_at(operation.target)
        builder = RequestBuilder(aimed, Endpoint.of(aimed.target))
        server.send(builder.build(operation).render(values, {}))
    return server.take()


def told(request: Request) -> tuple[Any, ...]:
    """All that is compared: a client's own name is not in a command."""
    own = {("user-agent", USER_AGENT.encode()), ("accept-encoding", b"identity")}
    headers = tuple(
        pair
        for pair in request.headers
        if pair not in own and not (pair[0] == "user-agent" and pair[1].startswith(b"curl/"))
    )
    return request.line, headers, request.body


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.slow
def test_the_same_bytes(server: EchoServer, place: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{server.port}"
    script = re.sub("(?<![A-Za-z0-9-])U(?![A-Za-z0-9-])", url, command.replace("PORT", str(server.port)))
    expected = [told(request) for request in of_curl(server, script, place)]
    assert expected, "curl sent nothing"
    sent = [told(request) for request in of_perftui(server, script, place, monkeypatch)]
    # A shell may run commands at once; an importer keeps their order.
    assert (sorted(sent) if "&" in command else sent) == (sorted(expected) if "&" in command else expected)


def test_there_are_enough() -> None:
    assert len(COMMANDS) >= 80
