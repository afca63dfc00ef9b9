"""Plans and runs in the few words a list has room for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from perftui.model.load_profile import planned_arrivals
from perftui.model.plan import Load, Objective, Plan
from perftui.model.text import safe_text
from perftui.model.units import format_count, format_duration


def level_text(load: Load) -> str:
    """The level, or from where to where it goes: `100/s`, `50 users`, `10→1,000/s`."""
    # a fall to 0 at the end is no level that one asks for; a rise from it is
    levels = [load.start_level, *(stage.to for stage in load.stages if stage.to)]
    low, high = min(levels), max(levels)
    unit = "/s" if load.mode == "rate" else " users"
    if holds(load) or low == high:
        return f"{format_count(high)}{unit}"
    return f"{format_count(low)}→{format_count(high)}{unit}"


def holds(load: Load) -> bool:
    """Whether the level never changes, so that one number says it."""
    levels = {stage.to for stage in load.stages}
    return levels == {load.start_level}


def planned_requests(load: Load) -> int | None:
    """Arrivals of the profile, warm-up included; None where the answers decide (users mode) and nothing limits."""
    limit = load.max_requests or None
    if load.mode == "users":
        return limit
    planned = round(planned_arrivals(load))
    return min(planned, limit) if limit else planned


def objective_text(objective: Objective) -> str:
    """`p95 < 500ms  (critical < 1s)`, with the operation it is about."""
    metric = objective.metric.removeprefix("response_time.").replace("_", " ")
    where = f"{objective.operation}: " if objective.operation else ""
    critical = f"  (critical {objective.critical})" if objective.critical and objective.target else ""
    return f"{where}{metric} {objective.target or objective.critical}{critical}"


def metric_text(metric: str) -> str:
    """A metric in few letters: `response p95`, `error rate`."""
    return metric.replace("_time.", " ").replace("p99_9", "p99.9").replace("_", " ")


def plan_text(plan: Plan) -> str:
    """`rate 100/s for 30s after 5s warm-up`."""
    warmup = f" after {format_duration(plan.load.warmup_s)} warm-up" if plan.load.warmup_s else ""
    return f"{level_text(plan.load)} for {format_duration(plan.load.duration_s)}{warmup}"


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def when_text(started_at: str) -> str:
    """A moment as one remembers it: `20:45` today, `19 Nov 20:45` this year, else `2025-11-19`. Local time."""
    try:
        moment = datetime.fromisoformat(started_at)
    except ValueError:
        return started_at[:16]
    local = moment.astimezone()
    today = now().astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return f"{local.day} {local:%b %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"


def path_text(path: Path) -> str:
    """A path as one reads it: safe to print, the home directory as `~`."""
    try:
        home = Path.home()
    except RuntimeError:  # this user has none
        return safe_text(str(path))
    short = Path("~") / path.relative_to(home) if path.is_relative_to(home) else path
    return safe_text(str(short))


def host_text(url: str) -> str:
    """A URL without its scheme, as it is read in a list; whole where there is nothing after it, as of file://."""
    return url.split("://", 1)[-1].rstrip("/") or url
