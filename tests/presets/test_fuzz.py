"""Whatever a preset file holds, it is loaded or refused in words: nothing else is ever raised."""

from __future__ import annotations

import contextlib

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.presets.catalog import list_presets
from perftui.presets.format import PRESET_KEYS
from perftui.presets.loading import parse_preset, read_preset
from perftui.presets.redaction import redact_plan
from perftui.presets.secrets import resolve_secrets
from support.mutation import with_a_part_replaced

pytestmark = pytest.mark.slow

TEXTS = [info.path.read_text(encoding="utf-8") for info in list_presets() if info.origin == "built-in"]
SCALARS = (
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["1s", "${rand:1..2}", "${env:HOME}", "/", "http://h", "< 1s", "GET", "rate", "x"])
)
NAMES = st.sampled_from(
    [
        "name", "path", "json", "status", "checks", "captures", "url", "auth", "bearer", "basic", "user", "password",
        "login", "request", "rate", "users", "stages", "duration", "to", "steps", "weight", "query", "headers",
        "metric", "target",
    ]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=10
)


def use(plan: Plan) -> None:
    """What happens to a plan before it is run."""
    redact_plan(plan)
    with contextlib.suppress(UsageError):
        resolve_secrets(plan)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(sorted(PRESET_KEYS)), VALUES, max_size=len(PRESET_KEYS)))
def test_any_tables(tables: dict[str, object]) -> None:
    text = tomli_w.dumps({"schema": 1, "name": "x", **tables})
    with contextlib.suppress(UsageError):
        use(parse_preset(text, "x.toml"))


@settings(max_examples=100)
@given(with_a_part_replaced(TEXTS, "[]{}=\"'#.,\n ${}:019aeinrst\x00é"))
def test_built_in_presets_with_a_part_replaced(text: str) -> None:
    with contextlib.suppress(UsageError):
        use(read_preset(text, "x.toml"))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_url_and_setting(url: str, setting: str) -> None:
    for text in TEXTS[:2]:
        with contextlib.suppress(UsageError):
            use(parse_preset(text, "x.toml", url, settings=[setting]))
        with contextlib.suppress(UsageError):
            use(parse_preset(text, "x.toml", f"http://h/{url}", settings=[f"target.headers.{setting}"]))
