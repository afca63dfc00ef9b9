"""The pure parts: plans in few words, keys that fit, columns that fit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from perftui.model.plan import Load, Stage
from perftui.tui import describe
from perftui.tui.describe import level_text, metric_text, path_text, planned_requests, when_text
from perftui.tui.forms import FormValues, changed, level_problem, workers_problem
from perftui.tui.key_line import KeyHint, fitting
from perftui.tui.keymap import key_name

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("load", "level", "requests"),
    [
        (Load(stages=(Stage(duration_s=30, to=100),), start_level=100, warmup_s=5), "100/s", 3500),
        (Load(stages=(Stage(duration_s=10, to=100),)), "0→100/s", 500),
        (Load(stages=(Stage(duration_s=10, to=200),), start_level=100), "100→200/s", 1500),
        (Load(stages=(Stage(duration_s=10, to=20), Stage(duration_s=10, to=40))), "0→40/s", 400),
        (Load(stages=(Stage(duration_s=10, to=100),), max_requests=7), "0→100/s", 7),
        (Load(mode="users", stages=(Stage(duration_s=10, to=50),)), "0→50 users", None),
        (Load(mode="users", stages=(Stage(duration_s=10, to=50),), max_requests=9), "0→50 users", 9),
    ],
)
def test_loads(load: Load, level: str, requests: int | None) -> None:
    assert level_text(load) == level
    assert planned_requests(load) == requests


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-21T08:05:09+00:00", "08:05:09"),
        ("2026-11-02T08:05:09+00:00", "2 Nov 08:05"),
        ("2025-11-02T08:05:09+00:00", "2025-11-02"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_moments(place: object, moment: str, text: str) -> None:
    assert when_text(moment) == text


def test_the_clock_is_the_present() -> None:
    assert abs((describe.now() - datetime.now(UTC)).total_seconds()) < 60


def test_paths_and_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/x")
    assert path_text(Path("/home/x/a/b.toml")) == "~/a/b.toml"
    assert path_text(Path("/etc/\x1b[2J")) == "/etc/\\x1b[2J"
    assert [metric_text(name) for name in ("response_time.p99_9", "error_rate", "service_time.mean")] == [
        "response p99.9",
        "error rate",
        "service mean",
    ]


def test_only_what_differs_from_the_preset_is_an_override() -> None:
    preset = FormValues(url="http://a", level="100", duration="30s", warmup="5s", workers="1")
    assert changed(preset, preset) == {}
    typed = FormValues(url="http://b", level="1.5", duration="2m", warmup="0", workers="")
    assert changed(typed, preset) == {"level": 1.5, "duration_s": 120.0, "warmup_s": 0.0}


@pytest.mark.parametrize(
    ("typed", "level"),
    [("1,000", 1000.0), ("10,000.5", 10_000.5), ("1,000,000", 1e6), ("2,5", 2.5), ("2.5", 2.5), (" 250 ", 250.0)],
)
def test_numbers_are_read_as_they_are_shown(typed: str, level: float) -> None:
    """The lists say 1,000/s: who types that means a thousand."""
    assert level_problem(typed, "rate") == ""
    assert changed(FormValues(level=typed), FormValues(level="100")) == {"level": level}


@pytest.mark.parametrize(
    "typed", ["1,00,0", ",5", "1,000,00", "1.000.000", "1 000", "0,", "abc", "-5", "1e3", "9" * 400]
)
@pytest.mark.parametrize("mode", ["rate", "users"])
def test_what_is_no_number_is_said(typed: str, mode: str) -> None:
    assert level_problem(typed, mode) == "a number, such as 100"


def test_a_number_without_end_is_no_number_of_workers() -> None:
    assert workers_problem("9" * 5_000) == "at most 64"


@pytest.mark.parametrize("width", [200, 78, 60, 40, 20, 8, 3, 0])
@pytest.mark.parametrize("count", [0, 3, 7, 12])
def test_keys_are_whole_at_most_eight_and_help_is_among_them(width: int, count: int) -> None:
    own = [KeyHint(letter, letter, "does it") for letter in "abcdefghijkl"[:count]]
    everywhere = [KeyHint("?", "?", "help"), KeyHint("q", "q", "quit")]
    chosen = fitting(own, everywhere, width)
    assert len(chosen) <= 8
    assert sum(hint.width + 2 for hint in chosen) - 2 <= max(0, width)
    assert everywhere[0] in chosen or width < everywhere[0].width


def test_keys_as_they_stand_on_a_keyboard() -> None:
    names = [key_name(key) for key in ("enter", "question_mark", "f3", "ctrl+p", "slash", "shift+tab", "D")]
    assert names == ["Enter", "?", "F3", "Ctrl+P", "/", "Shift+Tab", "D"]
