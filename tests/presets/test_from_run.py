"""A plan written as a preset is the same plan when it is read again."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.presets.catalog import find_preset, list_presets
from perftui.presets.from_run import preset_from_run
from perftui.presets.loading import PRESET, load_plan, parse_preset, read_preset
from perftui.presets.overrides import Overrides
from perftui.presets.redaction import redact_plan
from perftui.presets.writing import write_preset

BUILT_IN = [info.name for info in list_presets() if info.origin == "built-in"]

EVERYTHING = """schema = 1
name = "x"
[target]
url = "https://127.0.0.1:8443"
headers = { Authorization = "Bearer canary" }
auth = { basic = { user = "me", password = "canary" } }
tls = { insecure = true, server_name = "shop" }
keep_alive = false
re_resolve = "30s"
[load]
mode = "users"
start = 3
stages = [{ duration = "1m30s", to = 10 }, { duration = "250ms", to = 0 }]
think = ["1s", "3s"]
drain = "2s"
seed = 7
on_disconnect = "stop"
[[journeys]]
name = "buy"
[[journeys.steps]]
name = "log in"
path = "/login?token=canary"
method = "POST"
multipart = [{ name = "a", value = "b" }, { name = "f", file = "f.bin", filename = "h" }]
captures = [{ name = "id", json = "$.id" }]
[[journeys.steps]]
path = "/items/${id}"
think = "100ms"
checks = [{ status = [200, 404], max_time = "1s" }, { json = "$.a", equals = 3 }]
[[data]]
name = "d"
file = "d.csv"
order = "random"
"""


def _written(plan: Plan) -> str:
    tables = PRESET.write(plan)
    assert isinstance(tables, dict)
    return write_preset(tables)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_preset_comes_back(name: str) -> None:
    plan = load_plan(name, overrides=Overrides(warmup_s=1.5))
    # functions are looked for beside the preset
    assert read_preset(_written(plan), find_preset(name)[1]) == plan


@pytest.fixture
def everything(tmp_path: Path) -> Plan:
    """A plan with every kind of key, and the files that it names."""
    (tmp_path / "d.csv").write_text("a\n1\n")
    (tmp_path / "f.bin").write_text("x")
    return parse_preset(EVERYTHING, str(tmp_path / "x.toml"))


def test_every_kind_of_key_comes_back(everything: Plan) -> None:
    assert read_preset(_written(everything), "again") == everything


def test_what_was_hidden_becomes_a_variable(everything: Plan) -> None:
    text = preset_from_run(redact_plan(everything), "again", "2026-x")
    assert "canary" not in text
    assert "REDACTED" not in text
    assert "# Made from the run 2026-x." in text
    tables = tomllib.loads(text)
    assert tables["name"] == "again"
    assert tables["target"]["headers"]["Authorization"].endswith("${env:HEADERS_AUTHORIZATION}")
    assert tables["target"]["auth"]["basic"]["password"] == "${env:BASIC_PASSWORD}"
    assert "HEADERS_AUTHORIZATION" in text.splitlines()[1]


def test_a_name_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(UsageError, match="name 'a b'"):
        preset_from_run(load_plan("health"), "a b", "x")
