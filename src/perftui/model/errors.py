"""Errors a user is told about, each with its exit code (an interface: DESIGN of the command line).

* PerftuiError
  + UsageError           2   bad option, preset, file or reference
  + ComparisonError     12   run invalid or not comparable
  + UnreachableError    14   the target did not answer before the start
  + GuardError          15   refused by the safety guard
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to its caller. Values are an interface and never change."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    REGRESSION = 10
    INCONCLUSIVE = 11
    INVALID = 12
    OBJECTIVE_FAILED = 13
    UNREACHABLE = 14
    GUARD = 15
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class PerftuiError(Exception):
    """An error with one message per mistake: what, where, what to do."""

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(PerftuiError):
    """Something the user typed or wrote cannot be used."""

    exit_code = ExitCode.USAGE


class ComparisonError(PerftuiError):
    """A run is invalid, or two runs cannot be compared."""

    exit_code = ExitCode.INVALID


class UnreachableError(PerftuiError):
    """The target did not answer before the start."""

    exit_code = ExitCode.UNREACHABLE


class GuardError(PerftuiError):
    """The safety guard refused to load this target."""

    exit_code = ExitCode.GUARD
