"""curl commands as browsers copy them and as documentation has them: shells, quotes, variables, odd options."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from perftui.model.errors import UsageError
from perftui.model.plan import Auth, Part, Plan
from perftui.presets.importing.curl import import_curl
from perftui.presets.importing.shell import commands
from perftui.presets.importing.shell_words import preset_text
from perftui.presets.loading import parse_preset
from support.imported import load, only
from support.mutation import with_a_part_replaced

CHROME = r"""
curl 'https://www.shop.example/api/session?next=%2Fhome' \
  -H 'accept: */*' \
  -b 'sid=abc; consent=1' \
  -H 'priority: u=1, i' \
  -H 'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"' \
  --data-raw $'{"note":"it\'s \u00e9 \U0001F600 \u0021","ends":"$"}' \
  --compressed ;
curl 'https://www.shop.example/graphql' --data-raw $'{"query":"{ a(b: \\"$x\\") }"}' ;
curl 'wss://www.shop.example/socket?token=abcdef' -H 'Upgrade: websocket' ;
curl 'data:image/png;base64,AAAA' ;
curl 'https://www.shop.example/search?q=price$' -H 'x: y$'
"""
CHROME_ON_WINDOWS = (
    'curl ^"https://www.shop.example/api?a=1^&b=^%^5B2^%^5D^" ^\r\n  -H ^"accept: */*^" ^\r\n'
    '  --data-raw ^"^{^\\^"a^\\^":^\\^"it\'s $x^\\^"^}^" &\r\ncurl ^"https://www.shop.example/b^"\r\n'
)
FORM = (
    "curl 'https://h/upload' -H 'content-type: multipart/form-data; boundary=----X' --data-raw "
    r"""$'------X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n------X\r\n"""
    r"""Content-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhi\r\n------X--\r\n'"""
)
DOCUMENTED = """
# Don't use in production
curl https://api.example/v1/chat \\
  -H "Authorization: Bearer $API_KEY" -d '{
    "model": "m"
  }'
$ curl "${BASE}/v1/models/$ID?x=$X" -s -o /dev/null > out.txt 2>&1 | jq .
TOKEN=$(curl -s https://api.example/login)
"""


def imported(text: str) -> Plan:
    """The plan of commands."""
    return parse_preset(import_curl(text), "imported.toml")


def test_what_chrome_copies() -> None:
    text = import_curl(CHROME)
    session, graphql, search = parse_preset(text, "imported.toml").operations
    assert session.body == '{"note":"it\'s \u00e9 \U0001f600 !","ends":"$"}'
    assert session.query == {"next": "/home"}
    assert session.headers == {
        "accept": "*/*",
        "priority": "u=1, i",
        "sec-ch-ua": '"Chromium";v="130", "Not?A_Brand";v="99"',
        "Accept-Encoding": "deflate, gzip, br, zstd",
        "Cookie": "${env:COOKIE}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert graphql.body == r'{"query":"{ a(b: \"$x\") }"}'
    assert (search.path, search.headers) == ("/search?q=price$", {"x": "y$"})
    assert (
        "# left out, as they are not HTTP: GET wss://www.shop.example/socket, GET data:image/png;base64,AAA…\n" in text
    )
    assert "abcdef" not in text


def test_what_chrome_copies_on_windows() -> None:
    first, second = imported(CHROME_ON_WINDOWS).operations
    assert first.query == {"a": 1, "b": "[2]"}
    assert first.body == '{"a":"it\'s $x"}'
    assert second.path == "/b"


def test_multipart_as_text_has_parts() -> None:
    parts = imported(FORM).operations[0].multipart
    assert parts == (Part(name="a", value="1"), Part(name="f", value="hi", filename="a.txt"))


def test_what_documentation_has() -> None:
    text = import_curl(DOCUMENTED)
    chat = parse_preset(text, "imported.toml").operations[0]
    assert (chat.method, chat.body) == ("POST", '{\n    "model": "m"\n  }')
    assert "# curl -d says that its JSON is a form; say Content-Type where that is wrong\n" in text
    assert "API_KEY" in text.splitlines()[0]
    assert "# $BASE is the server; set target.url or give a URL on the command line\n" in text
    other = imported(DOCUMENTED.replace("https://api.example/v1/chat", "http://127.0.0.1:8000/v1/chat"))
    assert other.operations[0].headers["Authorization"] == "Bearer ${env:API_KEY}"
    assert other.operations[1].path == "/v1/models/${env:ID}"
    assert other.operations[1].query == {"x": "${env:X}"}
    assert imported("curl http://$HOST:8080/x").target.url == "http://${env:HOST}:8080"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("curl -u sk_live_abcdef: https://h", Auth(basic=("${env:API_KEY}", ""))),
        ("curl -u ann https://h", Auth(basic=("ann", "${env:PASSWORD}"))),
        ('curl -u "$ME:$PW" https://h', Auth(basic=("${env:ME}", "${env:PW}"))),
        ("curl --digest -u ann:pw https://h", Auth(digest=("ann", "${env:PASSWORD}"))),
        ("curl --oauth2-bearer abc https://h", Auth(bearer="${env:API_TOKEN}")),
    ],
)
def test_who_we_are(command: str, expected: Auth) -> None:
    assert imported(command).target.auth == expected
    assert "sk_live" not in import_curl(command)


def test_options_that_are_not_about_output_are_done_or_told() -> None:
    text = import_curl(
        "curl -T up.bin https://h/up --http2 -L --retry 3; curl -d @a.json -d x=1 https://h/a; curl -d @- https://h/b;"
        "curl --json '{\"a\":' --json 1} https://h/c; curl https://h/d https://h/e --next -I https://h/f;"
        "curl -G https://h/g --data-urlencode 'q=a b&c' --data-urlencode n@file.txt --url-query 'z=1 2' -r 0-9;"
        "curl -x http://me:pw@proxy:1 -m 0.5 -b jar.txt https://h/i; curl --unix-socket /s http://localhost/j;"
        "curl https://h/k -F 'a=<n.txt' -F 'm={};type=application/json' -F 'f=@\"b c.png\";filename=x.png'"
    )
    plan = parse_preset(text, "imported.toml")
    by_path = {operation.path: operation for operation in plan.operations}
    assert list(by_path) == ["/up", "/a", "/b", "/c", "/d", "/e", "/f", "/g?z=1+2&q=a+b%26c", "/i", "/j", "/k"]
    assert (by_path["/up"].method, by_path["/f"].method) == ("PUT", "HEAD")
    assert by_path["/c"].json == {"a": 1}
    assert by_path["/g?z=1+2&q=a+b%26c"].headers == {"Range": "bytes=0-9"}
    assert [part.value for part in by_path["/k"].multipart][1:] == ["{}", ""]
    assert by_path["/k"].multipart[0].value.startswith("${file:")
    assert by_path["/k"].multipart[1].content_type == "application/json"
    assert by_path["/k"].multipart[2].file.endswith("/b c.png")
    proxied = plan.targets[by_path["/i"].target]
    assert proxied.proxy == "http://${env:PROXY_USER}:${env:PROXY_PASSWORD}@proxy:1"
    assert (proxied.url, proxied.timeout_s) == ("https://h", 0.5)
    assert plan.targets[by_path["/j"].target].unix_socket == "/s"
    assert (plan.target.timeout_s, plan.target.unix_socket) == (5, "")
    assert "# no redirect is followed (--location): add redirects = 5 to [target]\n" in text
    assert [line for line in text.splitlines() if line.startswith("# left out")] == [
        "# left out, as perftui does not do it: --http2, --retry",
        "# left out, a part of the body beside a file: a.json",
        "# left out, a body that is elsewhere: what is typed",
        "# left out, a part of the body that is in a file, encoded: file.txt",
        "# left out, cookies of a file: jar.txt",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\ b 'c\' \"d$e\"", [["a b", "c\\", '"d${env:e}"']]),
        ('"a\\"b\\$c" $"d" ""', [['a"b$c', "d", ""]]),
        ("a \\\n  b\nc # d\n# it's\ne", [["a", "b"], ["c"], ["e"]]),
        ("a; b && c | d & e", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        (r"$'\x41\101\'\\\t\q'", [["AA'\\\t\\q"]]),
        ("${A:-b}$C$$1", [["b${env:C}$${env:ARGUMENT_1}"]]),
        ("${x}' '${", [["${env:x} ${$}{"]]),
        ("a \\\r b\rc", [["a", "b"], ["c"]]),
        ("a `\n  b", [["a", "b"]]),
    ],
)
def test_words_of_a_shell(text: str, expected: list[list[str]]) -> None:
    assert [[preset_text(word) for word in command.words] for command in commands(text)] == expected


@settings(max_examples=30)
@given(with_a_part_replaced([CHROME, CHROME_ON_WINDOWS, FORM, DOCUMENTED], "{}[]<>@#:;=&%^$\"'\\\n -\x00é0aF"))
def test_a_nearly_right_one_is_imported_or_refused(text: str) -> None:
    try:
        made = import_curl(text)
    except UsageError:
        return
    parse_preset(made, "imported.toml")


def test_curl_of_a_browser() -> None:
    text = import_curl(r"""curl 'https://api.example.com/v1/items?page=2&tag=a%20b&tag=c' \
      -H 'accept: application/json' -H 'authorization: Bearer eyJhbGciOi.secret' -H 'cookie: sid=12345' \
      -H 'sec-ch-ua: "Chromium";v="1"' -H 'User-Agent: Mozilla' --compressed""")
    plan = load(text)
    assert plan.target.url == "https://api.example.com"
    assert plan.target.auth == Auth(bearer="${env:API_TOKEN}")
    assert plan.target.headers == {
        "accept": "application/json",
        "cookie": "${env:COOKIE}",
        "sec-ch-ua": '"Chromium";v="1"',
        "User-Agent": "Mozilla",
        "Accept-Encoding": "deflate, gzip, br, zstd",
    }
    assert plan.operations[0].query == {"page": 2, "tag": ["a b", "c"]}
    assert "eyJ" not in text
    assert "12345" not in text
    assert text.startswith("# set before the run: API_TOKEN, COOKIE\n")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("curl localhost:8000/x", {"method": "GET", "path": "/x"}),
        ("curl -I http://h/", {"method": "HEAD"}),
        ("curl -sSLX DELETE http://h/1", {"method": "DELETE", "path": "/1"}),
        ("curl -XPUT http://h -d @body.json", {"method": "PUT"}),
        ("curl http://h --json '{\"a\": [1, true]}'", {"method": "POST", "body": '{"a": [1, true]}'}),
        ("curl http://h -H 'Content-Type: application/json' -d '{\"a\": null}'", {"body": '{"a": null}'}),
        ("curl http://h -d a=1 -d 'b=x y'", {"method": "POST", "body": "a=1&b=x y"}),
        ("curl http://h -d a=1 -d a=2", {"body": "a=1&a=2"}),
        ("curl -G http://h/s --data-urlencode 'q=a & b' -d p=1", {"method": "GET", "path": "/s?q=a+%26+b&p=1"}),
        (r"curl http://h --data-raw $'{\"a\":\"it\'s \u00e9\\n${x}\"}'", {"body": '{"a":"it\'s é\\n${$}{x}"}'}),
        ("curl http://h \\\n  -H 'A: b' \\\n  -X PATCH", {"method": "PATCH"}),
        ("curl http://h -A agent -e http://r -o out.txt -w '%{http_code}' --retry 3", {"method": "GET"}),
        ('curl http://h -d "password=hunter2&user=x"', {"form": {"password": "${env:PASSWORD}", "user": "x"}}),
        ('curl h --json \'{"password": "p1", "x": null}\'', {"body": '{"password": "${env:PASSWORD}", "x": null}'}),
        (
            "curl http://h -F 'file=@a/photo.png;type=image/png' -F 'x=1'",
            {"multipart": (Part(name="file", file="/photo.png", content_type="image/png"), Part(name="x", value="1"))},
        ),
    ],
)  # fmt: skip
def test_curl_options(command: str, expected: dict[str, Any]) -> None:
    operation = only(import_curl(command))
    for name, value in expected.items():
        found = getattr(operation, name)
        if name == "multipart":
            assert [part.name for part in found] == [part.name for part in value]
            assert found[0].file.endswith("a/photo.png")
            assert found[0].content_type == "image/png"
        else:
            assert found == value, name


def test_curl_settings_of_the_target() -> None:
    plan = load(import_curl("curl -k -u bob:hunter2 -x proxy:3128 -m 3 --cacert ca.pem https://h/x"))
    assert plan.target.auth == Auth(basic=("bob", "${env:PASSWORD}"))
    assert plan.target.tls.insecure
    assert plan.target.tls.ca_file.endswith("/ca.pem")
    assert plan.target.proxy == "http://proxy:3128"
    assert plan.target.timeout_s == 3
    assert load(import_curl("curl https://bob:hunter2@h/x")).target.url == "https://h"


def test_several_curl_commands_and_other_hosts() -> None:
    text = import_curl("curl http://a/1; curl http://a/1 | jq . && curl http://b/2\ncurl -X POST http://a/3")
    plan = load(text)
    assert [operation.name for operation in plan.operations] == ["GET /1", "GET /1 (2)", "GET /2", "POST /3"]
    assert [operation.target for operation in plan.operations] == ["", "", "b", ""]
    assert (plan.target.url, plan.targets["b"].url) == ("http://a", "http://b")


def test_more_servers_than_a_preset_has_targets() -> None:
    text = import_curl("\n".join(f"curl http://h{number}.example/" for number in range(30)))
    plan = load(text)
    assert len(plan.targets) == 19
    assert "# left out, to more than 20 servers: http://h20.example (1), " in text


@pytest.mark.parametrize(
    "options",
    [
        """-d '{"user": "a", "password": "s3cret-77"}'""",
        """-H 'Content-Type: application/json' -d '{"user":"a","password":"s3cret-77"}'""",
        """-H 'Content-Type: application/json' -d '{"query":"mutation { login(password: \\"s3cret-77\\") { id } }"}'""",
        """-H 'Content-Type: application/json' -d '{"q": "{ \\"password\\": \\"s3cret-77\\" }"}'""",
        """-H 'Content-Type: application/xml' -d '<a><password>s3cret-77</password></a>'""",
        """-d 'a=1&a=2&password=s3cret-77'""",
        """-F password=s3cret-77""",
        """-u ann:s3cret-77""",
        """-H 'Referer: http://h/?token=s3cret-77'""",
        """-H 'X-Api-Key: s3cret-77'""",
        """-b 'sid=s3cret-77'""",
        """-x http://me:s3cret-77@proxy:1""",
        """-G -d token=s3cret-77 -d pretty""",
        """-d @a.json -d password=s3cret-77""",
        """--aws-sigv4 x -H 'token s3cret-77'""",
    ],
)
def test_no_secret_is_written_down(options: str) -> None:
    text = import_curl(f"curl http://h/x {options}")
    assert "s3cret-77" not in text
    load(text)


@pytest.mark.parametrize(
    ("url", "path", "note"),
    [
        ("http://h/odata/$metadata?$filter=a", "/odata/$metadata?$filter=a", ""),
        ("http://h/a/{id}", "/a/%7Bid%7D", "characters that no URL may hold are sent percent-encoded"),
        ("http://h/a/$id", "/a/%24id", "a dollar sign in a URL is sent percent-encoded"),
        ("http://h/a?b=$id&c", "/a?b=%24id&c", "a dollar sign in a URL is sent percent-encoded"),
    ],
)
def test_what_looks_like_a_variable_of_another_tool_is_sent_and_told(url: str, path: str, note: str) -> None:
    text = import_curl(f"curl -g '{url}'")
    assert only(text).path == path
    assert text.startswith(f"# {note}\n" if note else "schema")
