"""`perftui presets`, `perftui probe` and `perftui demo`."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Callable

import jsonschema
import pytest

from support.cli import Result, finish, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.home import Home
from support.judged import deserved, expected

Call = Callable[..., Result]

BROKEN = 'schema = 1\nname = "x"\n[target]\nurl = "ftp://h"\n[load]\nrate = -1\ndurration = "5s"\n'


def test_list_and_show(home: Home, call: Call) -> None:
    home.extra["COLUMNS"] = "80"
    listed = call("presets")
    assert max(map(len, listed.stdout.splitlines())) <= 80
    names = [line.split()[0] for line in listed.stdout.splitlines()[1:]]
    assert names[:4] == ["health", "read", "write", "stress"]
    for name in names:
        shown = call("presets", "show", name)
        assert shown.code == 0, shown.stderr
        assert "warm-up" in shown.stdout
    assert 'name = "read"' in call("presets", "show", "read", "--toml").stdout


def test_presets_that_cannot_be_run_are_listed_with_their_place(home: Home, call: Call) -> None:
    home.extra["COLUMNS"] = "80"
    folder = home.path / "config" / "presets"
    folder.mkdir(parents=True)
    file = write_preset(home, BROKEN, str(folder / "broken.toml"))
    *_, title, line = call("presets", "list").stdout.splitlines()
    assert title == "These cannot be run; perftui presets check FILE tells every mistake:"
    assert line.startswith(f"  {file}:4: target.url: ftp:// is not spoken; known: ")
    assert {"http://", "https://"} <= set(line.removesuffix(" (and 2 more)").split(" known: ")[1].split(", "))
    assert line.endswith(" (and 2 more)")


def test_check_tells_every_mistake(home: Home, call: Call) -> None:
    assert call("presets", "check", "health", "read").code == 0
    result = call("presets", "check", write_preset(home, BROKEN), "health")
    assert result.code == 2
    problems = [line for line in result.stderr.splitlines() if "test.toml" in line]
    assert len(problems) >= 3
    assert any("'duration'" in line or "duration" in line for line in problems)


@pytest.mark.parametrize(
    ("url", "operation", "said"),
    [
        ("postgresql://127.0.0.1/db?host=127.0.0.9", 'sql = "select 1"', "leads to another place than the host"),
        ("postgresql+psycopg2://127.0.0.1/db?service=other", 'sql = "select 1"', ""),
        ("postgresql://${env:NOBODY}@127.0.0.1/db", 'sql = "select 1"', None),
        ("redis://127.0.0.1/first", 'redis = ["PING"]', "is the number of a database"),
    ],
)
def test_check_refuses_the_urls_that_a_run_refuses(
    home: Home, call: Call, url: str, operation: str, said: str | None
) -> None:
    load = "schema = 1\nname = 'x'\n[load]\nrate = 1\nduration = '1s'\n"
    text = f'{load}[target]\nurl = "{url}"\n[[operations]]\n{operation}\n'
    result = call("presets", "check", write_preset(home, text))

    assert result.code == (0 if said is None else 2), result.stderr
    assert (said or "") in result.stderr


def test_new_writes_a_preset_that_runs(home: Home, call: Call, demo_url: str) -> None:
    made = call("presets", "new", "mine", "--from", f"{demo_url}/api/items?page=2")
    assert made.code == 0, made.stderr
    assert call("presets", "check", "mine").code == 0
    assert call("presets", "new", "mine").code == 2
    assert "mine" in call("presets").stdout
    result = run_cli(home, "run", "mine", "-d", "1s", "--warmup", "0s", "--format", "json")
    assert result.code == deserved(result.record), result.stderr
    assert_conserved(result.record)
    assert result.record.plan.target.url == demo_url


def test_import_names_the_preset_by_its_file(home: Home, call: Call) -> None:
    entry = {"request": {"method": "GET", "url": "http://127.0.0.1:8000/a"}}
    recording = home.path / "localhost_Archive [26-11-21].har"
    recording.write_text(json.dumps({"log": {"entries": [entry]}}), encoding="utf-8")
    assert 'name = "localhost_Archive-26-11-21"' in call("presets", "import", str(recording)).stdout
    saved = home.path / "shop.toml"
    assert call("presets", "import", str(recording), "-o", str(saved)).code == 0
    assert 'name = "shop"' in saved.read_text(encoding="utf-8")
    assert call("presets", "check", str(saved)).code == 0
    again = call("presets", "import", str(recording), "-o", str(saved))
    assert (again.code, "exists already" in again.stderr) == (2, True)


def test_import_with_an_environment_and_of_scripts(home: Home, call: Call) -> None:
    requests = home.path / "api.http"
    requests.write_text("GET http://{{host}}/a\n", encoding="utf-8")
    environment = home.path / "http-client.env.json"
    environment.write_text(json.dumps({"dev": {"host": "127.0.0.1:81"}}), encoding="utf-8")
    imported = call("presets", "import", str(requests), "--environment", f"{environment}:dev")
    assert 'url = "http://127.0.0.1:81"' in imported.stdout
    other = call("presets", "import", str(requests), "--environment", f"{environment}:prod")
    assert (other.code, "no environment 'prod' in it, but dev" in other.stderr) == (2, True)
    script = home.path / "load.js"
    script.write_text("import http from 'k6/http';\nhttp.get('http://h/items');\n", encoding="utf-8")
    refused = call("presets", "import", str(script))
    assert refused.code == 2
    assert "a k6 script: it is for its own tool" in refused.stderr
    assert "GET http://h/items" in refused.stderr


def test_schema(call: Call) -> None:
    jsonschema.validators.validator_for(schema := call("presets", "schema").json).check_schema(schema)


def test_probe_shows_the_exchange(home: Home, call: Call, demo_url: str) -> None:
    result = call("probe", "read", demo_url, "-H", "X-Api-Key: canary-1234567")
    assert result.code == 0, result.stderr
    assert "> GET /api/items?" in result.stdout
    assert "< HTTP/1.1 200" in result.stdout
    assert "3 of 3 operations are as expected" in result.stdout
    assert "canary-1234567" not in result.stdout
    assert call("runs").stdout == ""


def test_probe_of_a_failing_check_is_13(home: Home, call: Call, demo_url: str) -> None:
    result = call("probe", "read", f"{demo_url}/fail?rate=1&status=500")
    assert result.code == 13
    assert "0 of 1 operations" in result.stdout


def test_probe_of_a_port_where_nothing_listens_is_14(call: Call) -> None:
    result = call("probe", "read", "http://127.0.0.1:1")
    assert result.code == 14
    assert result.stdout.count("http://127.0.0.1:1: refuses connections") == 3


@pytest.mark.slow
@pytest.mark.parametrize("style", ["text", "json"])
def test_demo_without_a_terminal_is_headless(home: Home, style: str) -> None:
    result = run_cli(home, "demo", "-d", "1s", "--warmup", "0s", "--format", style)
    assert result.code == expected(home, 0), result.stderr
    if style == "json":
        assert_conserved(result.record)
        assert result.record.plan.target.pid > 0
    else:
        assert f"Saved: {home.run_folders()[0]}" in result.stdout


def test_demo_serves_until_it_is_told_to_stop(home: Home) -> None:
    with start_cli(home, "demo", "--serve") as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        with urllib.request.urlopen(f"{url}/health") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert finish(process).code == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/health")


def test_taken_port_is_told(home: Home, call: Call, demo_url: str) -> None:
    result = call("demo", "--serve", "--port", demo_url.rpartition(":")[2])
    assert result.code == 2
    assert len(result.stderr.splitlines()) == 1
