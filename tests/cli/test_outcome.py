"""Exit codes: which one wins, what --warn-only silences, what is said."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import msgspec
import pytest

from perftui.cli.ci import tell_ci
from perftui.cli.outcome import Reason, announce, comparison_reasons, decide, run_reasons, unless_blocking
from perftui.model.comparison import Comparison, ComparisonVerdict
from perftui.model.errors import ComparisonError, ExitCode, GuardError, PerftuiError, UnreachableError, UsageError
from perftui.model.record import Record

pytestmark = pytest.mark.quick

PRECEDENCE = (15, 14, 12, 10, 13, 11)


def record(**values: Any) -> Record:
    plan = {"name": "p", "target": {"url": "http://h"}, "load": {"stages": [{"duration_s": 1, "to": 1}]}}
    return msgspec.convert({"id": "x", "status": "finished", "plan": plan} | values, Record)


@pytest.mark.parametrize("pair", list(combinations(PRECEDENCE, 2)))
@pytest.mark.parametrize("turned", [False, True])
def test_precedence(pair: tuple[int, int], *, turned: bool) -> None:
    reasons = [Reason(ExitCode(code), "why") for code in (reversed(pair) if turned else pair)]
    assert decide(reasons, warn_only=False).code == pair[0]


@pytest.mark.parametrize("code", [10, 11, 12, 13, 14, 15])
def test_warn_only_never_blocks(code: int) -> None:
    outcome = decide([Reason(ExitCode(code), "why")], warn_only=True)
    assert (outcome.code, outcome.would_be) == (0, code)


@pytest.mark.parametrize("kind", [ComparisonError, UnreachableError, GuardError])
def test_what_cannot_begin_does_not_block_either(kind: type[PerftuiError], capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> int:
        raise kind("no answer")

    assert unless_blocking(run, warn_only=True) == 0
    assert f"--warn-only: exit 0 instead of {int(kind.exit_code)}" in capsys.readouterr().err
    with pytest.raises(kind):
        unless_blocking(run, warn_only=False)


def test_a_wrong_command_line_blocks_always() -> None:
    def run() -> int:
        raise UsageError("no such preset")

    with pytest.raises(UsageError):
        unless_blocking(run, warn_only=True)


@pytest.mark.parametrize("code", [1, 129, 130, 143])
def test_warn_only_hides_no_crash_and_no_signal(code: int) -> None:
    outcome = decide([Reason(ExitCode(code), "why"), Reason(ExitCode.REGRESSION, "slower")], warn_only=True)
    assert (outcome.code, outcome.would_be) == (code, code)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, 0),
        ({"status": "stopped", "status_detail": "stopped by ctl"}, 0),
        ({"status": "stopped", "status_detail": "signal INT"}, 130),
        ({"status": "stopped", "status_detail": "signal TERM"}, 143),
        ({"status": "stopped", "status_detail": "signal HUP"}, 129),
        ({"status": "stopped", "status_detail": "auto-stop: error rate above 50 % for 10 s"}, 15),
        ({"status": "stopped", "status_detail": "guard: api.test is a public host and the load is heavy"}, 15),
        ({"status": "failed", "status_detail": "every worker was lost"}, 1),
        ({"status": "interrupted"}, 1),
        ({"trust": {"verdict": "invalid"}}, 12),
        ({"trust": {"verdict": "degraded"}}, 0),
        ({"verdict": "fail", "objectives": [{"metric": "error_rate", "value": 0.5, "verdict": "fail"}]}, 13),
        ({"verdict": "warn"}, 0),
        ({"verdict": "fail", "trust": {"verdict": "invalid"}}, 12),
    ],
)
def test_run(values: dict[str, Any], code: int) -> None:
    assert decide(run_reasons(record(**values)), warn_only=False).code == code


def test_objectives_of_nothing_say_that_nothing_was_due() -> None:
    failed = [{"metric": name, "verdict": "fail"} for name in ("response_time.p95", "error_rate")]
    (reason,) = run_reasons(record(verdict="fail", objectives=failed))
    assert reason.text == "objective failed: no request was due in the measured time: let the load last longer"


@pytest.mark.parametrize(
    ("verdict", "strict", "code"),
    [
        ("regression", False, 10),
        ("improvement", True, 0),
        ("no_difference", True, 0),
        ("inconclusive", False, 0),
        ("inconclusive", True, 11),
        ("not_comparable", False, 12),
    ],
)
def test_comparison(verdict: ComparisonVerdict, code: int, *, strict: bool) -> None:
    comparison = Comparison(baseline_id="a", run_id="b", verdict=verdict, reasons=("why",))
    assert decide(comparison_reasons(comparison, strict=strict), warn_only=False).code == code


def test_the_words_of_a_reason_are_no_command_of_github(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = decide([Reason(ExitCode.GUARD, "errors 50 %\n::error::injected")], warn_only=True)
    assert announce(outcome) == 0
    tell_ci([], None, outcome, str, {"GITHUB_ACTIONS": "true"})
    out, err = capsys.readouterr()
    assert out == ""
    commands = [line for line in err.splitlines() if line.startswith("::")]
    assert commands == ["::warning title=perftui run::errors 50 %25%0A::error::injected"]


def test_what_blocks_is_an_error_and_elsewhere_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = decide([Reason(ExitCode.GUARD, "errors")], warn_only=False)
    tell_ci([], None, outcome, str, {})
    assert capsys.readouterr().err == ""
    tell_ci([], None, outcome, str, {"GITHUB_ACTIONS": "true"})
    assert capsys.readouterr().err == "::error title=perftui run::errors\n"
