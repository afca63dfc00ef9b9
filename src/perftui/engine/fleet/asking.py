"""An answer from a machine of a cluster, or why none will come: who asks never waits for somebody who is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

from perftui.model.errors import PerftuiError, UnreachableError
from perftui.model.text import safe_text

Answer = TypeVar("Answer")
_LOOK_S = 0.25
_NEWS_S = 1.0
"""How long after a failed question it may take until it is known why."""


async def answer_of(question: Awaitable[Answer], loss: Callable[[], Awaitable[str]], within_s: float) -> Answer:
    """Wait for an answer, for as long as whoever is asked is there.

    Args:
        question: gives the answer.
        loss: why no answer will come any more; empty: it may still come. Looked at now and then.
        within_s: the longest wait.

    Raises:
        UnreachableError: who is asked is gone, cannot be reached, or takes too long.
        PerftuiError: what was asked for cannot be had.
        AnswerError: anything else went wrong there.
    """
    answers: list[Answer] = []
    failures: list[Exception] = []
    done = anyio.Event()

    async def ask() -> None:
        try:
            answers.append(await question)
        except Exception as error:  # noqa: BLE001 - whatever Dask or its far end raises
            failures.append(error)
        done.set()

    gone = ""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        with anyio.move_on_after(within_s):
            while not done.is_set() and not gone:
                with anyio.move_on_after(_LOOK_S):
                    await done.wait()
                gone = "" if done.is_set() else await loss()
        tasks.cancel_scope.cancel()
    if answers:
        return answers[0]
    if not failures:
        raise UnreachableError(gone or f"does not answer within {within_s:.0f} s")
    if isinstance(failures[0], PerftuiError):
        raise failures[0]
    if gone := await loss_after_failure(loss):
        raise UnreachableError(gone) from failures[0]
    raise AnswerError(safe_text(f"{type(failures[0]).__name__}: {failures[0]}")) from failures[0]


class AnswerError(PerftuiError):
    """What was asked failed, in a way that the one who was asked did not foresee. The cause is the original error."""


def raise_together(errors: Sequence[PerftuiError]) -> None:
    """Raise what several machines failed with as one, of the worst kind; nothing without any."""
    if errors:
        worst = max(errors, key=lambda error: error.exit_code)
        raise type(worst)(*(problem for error in errors for problem in error.problems))


async def loss_after_failure(loss: Callable[[], Awaitable[str]]) -> str:
    """A connection breaks a moment before it is known why: wait for that moment; empty when it stays unknown."""
    with anyio.move_on_after(_NEWS_S):
        while not (gone := await loss()):  # noqa: ASYNC110 - nobody sets an event when a machine is gone
            await anyio.sleep(_LOOK_S / 5)
        return gone
    return ""
