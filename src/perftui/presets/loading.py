"""From a preset to a plan: read, checked, changed as asked. Every mistake is told at once, and nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.model.plan import Plan, Target
from perftui.model.text import safe_text
from perftui.presets.catalog import find_preset
from perftui.presets.drivers import driver_named
from perftui.presets.files import with_absolute_files
from perftui.presets.format import ELSEWHERE, PRESET_KEYS
from perftui.presets.one_request import url_preset
from perftui.presets.overrides import Overrides, apply_overrides, apply_url
from perftui.presets.problems import GIVEN_URL, KeyPath, Problems
from perftui.presets.redaction import with_shown_names
from perftui.presets.references import check_references
from perftui.presets.sections import Section
from perftui.presets.settings import apply_settings
from perftui.presets.toml_files import read_tables
from perftui.presets.urls import is_url

SCHEMA = 1
LONGEST_COUNTED_S = 600.0
"""A number of requests of a URL may take so long."""
_NO_OVERRIDES = Overrides()


def load_plan(
    reference: str, url: str | None = None, overrides: Overrides = _NO_OVERRIDES, settings: Sequence[str] = ()
) -> Plan:
    """The plan of a preset.

    Args:
        reference: name or path of a preset; a URL is a preset of one request.
        url: replaces the target; with a path or query it also replaces the operations by one with that path.
            The two may stand in either order.
        overrides: replace values of the load and the target.
        settings: single keys, such as `load.rate=200`, changed before the file is checked.

    Raises:
        UsageError: with every mistake.
    """
    if is_url(reference) and url is not None:
        if is_url(url):
            raise UsageError("two URLs were given; write a preset's name or file, then a URL, or one URL alone")
        reference, url = url, reference
    if is_url(reference):
        return parse_preset(url_preset(reference), GIVEN_URL, None, _for_url(overrides), settings)
    text, source = find_preset(reference)
    return parse_preset(text, source, url, overrides, settings)


def _for_url(overrides: Overrides) -> Overrides:
    """Who says a number of requests and no duration wants just these, as other tools send them: without a warm-up."""
    if not overrides.max_requests or overrides.duration_s is not None:
        return overrides
    warmup_s = overrides.warmup_s if overrides.warmup_s is not None else 0.0
    return replace(overrides, duration_s=LONGEST_COUNTED_S, warmup_s=warmup_s)


def parse_preset(
    text: str,
    source: str,
    url: str | None = None,
    overrides: Overrides = _NO_OVERRIDES,
    settings: Sequence[str] = (),
) -> Plan:
    """The plan of a preset's text.

    Args:
        text: of the file.
        source: its name in messages; relative files are looked for beside it.
        url: as load_plan.
        overrides: as load_plan.
        settings: as load_plan.

    Raises:
        UsageError: with every mistake.
    """
    return read_preset(text, source, url=url, overrides=overrides, settings=settings, needs_url=True)


def read_preset(
    text: str,
    source: str,
    *,
    url: str | None = None,
    overrides: Overrides = _NO_OVERRIDES,
    settings: Sequence[str] = (),
    needs_url: bool = False,
    whole_files: bool = False,
) -> Plan:
    """As parse_preset; without `needs_url` the file may leave the URL to the command line.

    With `whole_files`, every row of its data files is looked at, as a run would do only when it starts.

    Raises:
        UsageError: with every mistake.
    """
    shown = safe_text(source)
    tables = read_tables(text, shown)
    problems = Problems()
    changed: list[KeyPath] = []
    if _schema_is_known(tables, problems):
        changed = apply_settings(tables, settings, problems)
        directory = Path(source).resolve().parent
        plan = PRESET.read(tables, (), problems)
        if isinstance(plan, Plan):
            plan = with_absolute_files(plan, directory)
            if url is not None:
                plan = apply_url(plan, url, problems, changed)
            plan = apply_overrides(plan, overrides, problems)
            plan = _with_default_url(plan)
            if needs_url and url is None and not plan.target.url and "" in plan.used_targets:
                problems.add(("target", "url"), "is missing; write it here, or give a URL on the command line")
            check_references(plan, problems, whole_files=whole_files)
            plan = with_shown_names(plan)
            if not problems:
                return plan
    raise UsageError(*problems.lines(shown, text, changed=changed))


def _with_default_url(plan: Plan) -> Plan:
    """The plan with a URL where its operations need none: functions, files in a folder of their own."""
    drivers = {operation.driver for operation in plan.all_operations if not operation.target}
    if plan.target.url or len(drivers) != 1:
        return plan
    return replace(plan, target=replace(plan.target, url=driver_named(drivers.pop()).default_url))


def _schema_is_known(tables: dict[str, Any], problems: Problems) -> bool:
    version = tables.get("schema", SCHEMA)
    if isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA:
        problems.add(("schema",), f"is {version % 10**6}, of a newer perftui; this one reads {SCHEMA}")
        return False
    return True


def _build_plan(read: dict[str, Any], _path: KeyPath, _problems: Problems) -> object:
    read.setdefault("target", Target(url=""))
    return Plan(**read)


PRESET = Section(PRESET_KEYS, _build_plan, "A preset of perftui.", elsewhere=ELSEWHERE)
