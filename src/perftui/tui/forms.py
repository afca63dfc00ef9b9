"""What a person types into the home form: checked while they type, in words. Pure."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from perftui.engine.fleet.dask_settings import need_dask
from perftui.model.errors import PerftuiError
from perftui.model.plan import Plan
from perftui.model.units import format_duration, parse_duration, whole_number
from perftui.presets import texts
from perftui.presets.cluster import hosts_of, parse_cluster
from perftui.presets.files import with_hosts_file
from perftui.presets.format import MOST_DURATION_S, MOST_RATE, MOST_USERS, MOST_WORKERS
from perftui.presets.overrides import apply_url
from perftui.presets.problems import Problems
from perftui.tui.describe import holds, level_text

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
"""As the lists show them: `1,000`."""
_MOST_DIGITS = 30
_SECOND_URL = re.compile(r"[^/?#]*://[^/?#]*?(https?://.*)", re.IGNORECASE | re.DOTALL)
"""A URL written behind host and port of another."""


class FormValues(Struct, frozen=True, kw_only=True):
    """The texts of the form's fields."""

    url: str = ""
    level: str = ""
    duration: str = ""
    warmup: str = ""
    workers: str = ""
    cluster: str = ""
    """Where workers run."""


def values_of(plan: Plan) -> FormValues:
    """The preset's own values; fields that one number cannot say stay empty, which keeps the preset's stages."""
    load = plan.load
    simple = holds(load)
    return FormValues(
        url=plan.target.url,
        level=f"{load.stages[0].to:g}" if simple else "",
        duration=format_duration(load.duration_s) if simple else "",
        warmup=format_duration(load.warmup_s),
        workers=str(load.workers),
        cluster=load.cluster,
    )


def hints_of(plan: Plan) -> FormValues:
    """What an empty field means."""
    load = plan.load
    return FormValues(
        url="http://127.0.0.1:8000",
        level=level_text(load),
        duration=format_duration(load.duration_s),
        warmup="none",
        workers="1",
        cluster="this machine",
    )


def at_url(plan: Plan, url: str) -> Plan:
    """The plan as it will be sent to this URL; the preset's own while the URL is no good."""
    problems = Problems()
    changed_plan = apply_url(plan, url.strip(), problems)
    return plan if problems else changed_plan


def newest_url(text: str) -> str:
    """Of a whole URL that was typed behind the one that stood there only that one is meant."""
    second = _SECOND_URL.fullmatch(text.strip())
    return second[1] if second else text


def origin_of(url: str) -> str:
    """A URL without path and query; as it stands when it is none."""
    parts = urlsplit(url.strip())
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else url


def problems_of(values: FormValues, mode: str) -> dict[str, str]:
    """What is wrong, by field, in a few words. Empty fields keep the preset's value, but a URL is needed."""
    found = {
        "url": url_problem(values.url),
        "level": level_problem(values.level, mode),
        "duration": duration_problem(values.duration, zero=False),
        "warmup": duration_problem(values.warmup, zero=True),
        "workers": workers_problem(values.workers),
        "cluster": cluster_problem(values.cluster),
    }
    return {field: problem for field, problem in found.items() if problem}


def url_problem(text: str) -> str:
    """What is wrong with a URL; empty when nothing is."""
    return texts.url_problem(text.strip()) if text.strip() else "needed: where the load goes"


def level_problem(text: str, mode: str) -> str:
    """What is wrong with a rate or a number of users."""
    text = text.strip()
    if not text:
        return ""
    number = _number(text)
    if number is None:
        return "a number, such as 100"
    if number <= 0:
        return "more than 0"
    if mode == "users":
        if number != int(number):
            return "whole users only"
        return f"at most {MOST_USERS:,}" if number > MOST_USERS else ""
    return f"at most {MOST_RATE:,}/s" if number > MOST_RATE else ""


def duration_problem(text: str, *, zero: bool) -> str:
    """What is wrong with a duration; `zero` says whether none at all is fine."""
    text = text.strip()
    if not text or (zero and text == "0"):
        return ""
    try:
        seconds = parse_duration(text)
    except ValueError:
        return "number and unit: 30s, 2m, 1h" if not _NUMBER.fullmatch(text) else f"add a unit: {text}s or {text}m"
    if seconds <= 0 and not zero:
        return "more than 0"
    return "at most 24h" if seconds > MOST_DURATION_S else ""


def workers_problem(text: str) -> str:
    """What is wrong with a number of worker processes."""
    text = text.strip()
    if not text:
        return ""
    if not text.isdecimal():
        return "a whole number"
    number = whole_number(text)
    return "" if number is not None and number <= MOST_WORKERS else f"at most {MOST_WORKERS}"


def cluster_problem(text: str) -> str:
    """What is wrong with the place of the workers, as far as this machine knows."""
    text = text.strip()
    if not text:
        return ""
    try:
        place = parse_cluster(text)
        if place.kind == "ssh":
            hosts_of(os.path.expanduser(place.file))  # noqa: PTH111 - no shell did
        need_dask()
    except (ValueError, PerftuiError) as error:
        return str(error).replace("\n", "; ")
    return ""


def changed_cluster(values: FormValues, preset: FormValues) -> str | None:
    """Where workers are to run instead, whatever folder the run is started from; None: where the preset says."""
    text = values.cluster.strip()
    return with_hosts_file(text, Path.cwd()) if text and text != preset.cluster else None


def changed(values: FormValues, preset: FormValues) -> dict[str, float | int]:
    """The overrides a form asks for, by name: only what differs from the preset. The values must have no problems."""
    overrides: dict[str, float | int] = {}
    if values.level.strip() and values.level != preset.level:
        overrides["level"] = _number(values.level) or 0.0
    for field, name in (("duration", "duration_s"), ("warmup", "warmup_s")):
        text = getattr(values, field).strip()
        if text and text != getattr(preset, field):
            overrides[name] = 0.0 if text == "0" else parse_duration(text)
    if values.workers.strip() and values.workers != preset.workers:
        overrides["workers"] = int(values.workers)
    return overrides


def _number(text: str) -> float | None:
    """A number with thousands as they are shown (`1,000`), or with a decimal point or comma; None: not a number."""
    text = text.strip()
    plain = text.replace(",", "" if _THOUSANDS.fullmatch(text) else ".")
    return float(plain) if _NUMBER.fullmatch(plain) and len(plain) <= _MOST_DIGITS else None
