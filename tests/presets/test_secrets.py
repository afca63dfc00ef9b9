"""Secrets: read right before the start, literal whatever they hold, refused where they would break a request."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.errors import ExitCode, UsageError
from perftui.model.plan import Auth, Plan
from perftui.presets.loading import parse_preset
from perftui.presets.placeholders import Template
from perftui.presets.redaction import REDACTED, Redactor, redact_plan, typed_values
from perftui.presets.secrets import resolve_secrets
from perftui.presets.values import ValueStream

CANARY = "canary-7f3a/+é$x"
TEXT = """schema = 1
name = "x"
[target]
url = "${env:BASE}/api"
auth = { bearer = "${env:TOKEN}" }
headers = { X-Trace = "${env:TOKEN}", X-Plain = "plain" }
[load]
rate = 1
duration = "1s"
[[operations]]
path = "/${env:TOKEN}"
query = { q = "${env:TOKEN}", access_token = "literal-secret-1" }
method = "POST"
json = { user = "u", password = "literal-secret-2", inner = { note = "${file:token.txt}" } }
"""


def plan(text: str = TEXT, directory: Path | None = None) -> Plan:
    """The preset above."""
    return parse_preset(text, str((directory or Path()) / "x.toml"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Values for the preset above."""
    monkeypatch.setenv("BASE", "http://127.0.0.1:1")
    monkeypatch.setenv("TOKEN", CANARY)
    (tmp_path / "token.txt").write_text("from-a-file\n", encoding="utf-8")
    return tmp_path


def test_secrets_are_resolved_everywhere(environment: Path) -> None:
    resolved, secrets = resolve_secrets(plan(directory=environment))
    assert resolved.target.url == "http://127.0.0.1:1/api"
    assert resolved.target.auth == Auth(bearer=CANARY)
    assert resolved.target.headers["X-Trace"] == CANARY
    assert resolved.operations[0].path == f"/{CANARY}"
    assert resolved.operations[0].json["inner"]["note"] == "from-a-file"
    assert set(secrets) == {CANARY, "from-a-file", "literal-secret-1", "literal-secret-2"}
    assert resolved.operations[0].name == "POST /${env:TOKEN}"


def test_the_plan_as_loaded_holds_no_secret(environment: Path) -> None:
    saved = msgspec.json.encode(plan(directory=environment)).decode()
    assert CANARY not in saved
    assert "from-a-file" not in saved
    assert "${env:TOKEN}" in saved


def test_every_missing_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BASE", raising=False)
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(UsageError) as caught:
        resolve_secrets(plan(directory=tmp_path))
    assert caught.value.exit_code is ExitCode.USAGE
    told = "\n".join(caught.value.problems)
    assert "BASE is not set" in told
    assert "TOKEN is not set" in told
    assert "token.txt: there is no such file" in told


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb"])
def test_a_line_end_in_a_header_is_refused_without_telling_the_value(
    environment: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TOKEN", value)
    with pytest.raises(UsageError) as caught:
        resolve_secrets(plan(directory=environment))
    told = "\n".join(caught.value.problems)
    assert "header X-Trace: the value holds a line end" in told
    assert "target.auth: a value holds a line end" in told
    assert "the path holds a line end" in told
    assert "Evil" not in told


@given(st.text(st.characters(codec="utf-8", min_codepoint=0x20, exclude_characters="\x7f"), max_size=30))
def test_resolved_values_are_literal(value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", "$" + value + "${seq}$")
        text = TEXT.replace("${env:BASE}", "http://h").replace("${file:token.txt}", "{x}${env:TOKEN}{y}")
        resolved, _ = resolve_secrets(plan(text))
    template = Template.compile(resolved.operations[0].json["inner"]["note"])
    assert template.is_static
    assert template.render(ValueStream(), {}) == "{x}$" + value + "${seq}${y}"


def test_checks_compare_with_the_secret_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a${seq}b")
    text = TEXT.replace("${env:BASE}", "http://h").replace('note = "${file:token.txt}"', 'note = "x"')
    checks = 'checks = [{ contains = "=${env:TOKEN}" }, { json = "$.a", equals = "${env:TOKEN}" }, { status = 200 }]\n'
    resolved, secrets = resolve_secrets(plan(text + checks))
    found = resolved.operations[0].checks
    assert (found[0].contains, found[1].equals, found[2].status) == ("=a${seq}b", "a${seq}b", (200,))
    assert secrets == ("a${seq}b", "literal-secret-1", "literal-secret-2")


def test_files_of_the_log_in_are_beside_the_preset(tmp_path: Path) -> None:
    login = '[target.auth.login]\nrequest = { method = "POST", path = "/", body_file = "login.json" }\nvalue = "x"\n'
    text = TEXT.replace('auth = { bearer = "${env:TOKEN}" }\n', "").replace("[load]", f"{login}[load]")
    auth = plan(text, tmp_path).target.auth
    assert auth is not None
    assert auth.login is not None
    assert auth.login.request.body_file == str(tmp_path / "login.json")


def test_a_url_made_of_variables_is_checked_when_they_are_known(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE", "gopher://h/?")
    with pytest.raises(UsageError, match=r"target\.url: gopher:// is not spoken"):
        resolve_secrets(plan(directory=environment))


def test_large_secret_files_are_refused(environment: Path) -> None:
    (environment / "token.txt").write_bytes(b"x" * 70_000)
    with pytest.raises(UsageError, match="larger than 64 KiB"):
        resolve_secrets(plan(directory=environment))


FORMS: dict[str, Callable[[str], str]] = {
    "raw": lambda secret: secret,
    "JSON": lambda secret: json.dumps({"a": secret}),
    "JSON, not ASCII": lambda secret: json.dumps({"a": secret}, ensure_ascii=False),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "percent": lambda secret: "https://h/?x=" + quote(secret, safe=""),
    "error text": lambda secret: f"no such token: '{secret}' in table",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_secret_is_blanked_out(form: str) -> None:
    text = Redactor([CANARY]).text(FORMS[form](CANARY))
    assert "REDACTED" in text
    for other in FORMS.values():
        assert other(CANARY) not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET http://user:pw@h/x?token=abc&page=2", "GET http://REDACTED:REDACTED@h/x?token=REDACTED&page=2"),
        (
            "/x?X-Goog-Signature=1a&AWSAccessKeyId=b&sig=c",
            "/x?X-Goog-Signature=REDACTED&AWSAccessKeyId=REDACTED&sig=REDACTED",
        ),
        (
            '{"password": "p\\"w", "name": "n", "access_token":"t"}',
            '{"password": "REDACTED", "name": "n", "access_token":"REDACTED"}',
        ),
        ('{"code": "NOT_FOUND", "state": "x"}', '{"code": "NOT_FOUND", "state": "x"}'),
        ("password=a&user=b", "password=REDACTED&user=b"),
        ('{"token":"cut off he', '{"token":"REDACTED'),
        ("plain text", "plain text"),
    ],
)
def test_telling_names_hide_their_values(text: str, expected: str) -> None:
    assert Redactor().text(text) == expected


def test_headers_with_telling_names_are_hidden() -> None:
    names = [
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Api-Key",
        "x-auth-token",
        "X-Session-Id",
        "My-Secret",
    ]
    pairs = [*((name, "value-of-it") for name in names), ("Accept", "a/b"), ("X-Echo", CANARY)]
    shown = Redactor([CANARY]).headers(pairs)
    assert shown == (*((name, "REDACTED") for name in names), ("Accept", "a/b"), ("X-Echo", "REDACTED"))


def test_short_secrets_do_not_rewrite_innocent_text() -> None:
    assert Redactor(["id", "test"]).text("the id of the test") == "the id of the test"


def test_redacting_a_long_hostile_text_takes_linear_time() -> None:
    redactor = Redactor([CANARY])
    for piece in ('"', '"a":"', "?a=", "http://", "&", '"\\', "a://b@"):
        redactor.text((piece * 200_000)[:400_000])


def test_secrets_typed_into_a_preset_are_not_saved(environment: Path) -> None:
    text = TEXT.replace("${env:TOKEN}", "typed-secret-0").replace("X-Trace", "X-Auth-Token")
    saved = msgspec.json.encode(redact_plan(plan(text, environment))).decode()
    assert "literal-secret" not in saved
    assert saved.count("typed-secret-0") == 2, "only where nothing says that it is one: a path, a parameter"
    assert "${env:BASE}" in saved
    assert "${file:" in saved


def test_a_saved_plan_is_still_a_plan(environment: Path) -> None:
    saved = redact_plan(plan(directory=environment))
    assert msgspec.json.decode(msgspec.json.encode(saved), type=Plan) == saved


DATABASE = """schema = 1
name = "db"
[target]
url = "{url}"
[load]
rate = 1
duration = "1s"
[[operations]]
sql = "select 1"
"""


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:canary99@127.0.0.1/db",
        "postgresql://ada@127.0.0.1/db?password=canary99&application_name=x",
        "postgresql://ada:canary99@127.0.0.1/db?sslpassword=canary99",
        "mysql://127.0.0.1/db?user=ada&PASSWORD=canary99",
    ],
)
def test_a_password_in_the_url_of_a_database_is_neither_saved_nor_shown(url: str) -> None:
    typed = parse_preset(DATABASE.format(url=url), "db.toml")
    saved = redact_plan(typed)

    assert "canary99" not in msgspec.json.encode(saved).decode()
    assert saved.target.url.endswith(("/db", "application_name=x", f"={REDACTED}"))
    assert "canary99" in typed_values(typed)
    assert Redactor(typed_values(typed)).text("error for canary99") == f"error for {REDACTED}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:canary/99@127.0.0.1/db",
        "postgresql://ada:99/canary@127.0.0.1/db",
        "redis://ada:99?canary@127.0.0.1/0",
        "mysql://ada:99#canary@127.0.0.1/db",
        "memcached://ada:canary@[::1",
    ],
)
def test_a_password_that_ends_the_host_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(UsageError, match=r"write / [?] # in a user or a password as %2F %3F %23") as raised:
        parse_preset(DATABASE.format(url=url), "db.toml")
    assert "canary" not in str(raised.value)


def test_other_signs_stand_in_a_path() -> None:
    for url in ("sqlite:////home/ada@example/x.db", "postgresql://ada:p%2F@127.0.0.1/d@b"):
        assert parse_preset(DATABASE.format(url=url), "db.toml").target.url == url
