"""The simplest client for calls that block: `open_session` and `exchange` as plain functions, a thread for each lane.

Going to a thread and back costs more than a fast call does. So the thread of a user who does nothing but ask runs
several requests in a row, about as many as fill BLOCK_NS, each with its own clock, and hands them back together.
"""

from __future__ import annotations

import asyncio
import threading
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import perf_counter_ns
from typing import Any

from perftui.engine.clients.client import Asked
from perftui.engine.clients.failures import connect_error, words_of
from perftui.engine.clients.operation import Fault as Failure
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.reply_lane import ReplyLane
from perftui.engine.clients.response import Response
from perftui.engine.clients.target_pool import SessionPool
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.text import safe_text

BLOCK_NS = 5_000_000
MOST_IN_BLOCK = 1024
_GROWTH = 4
_LEAVE_S = 0.25
"""What threads may still take for the call in hand when all is over; they are left alone then."""
Outcome = int | tuple[int, Response | Fault]
"""How long a request took (ns), and what came of it if that is to be looked at."""


_PART = "answer"
"""What all of the time of a request goes to."""
_NOTHING: Response | Fault = Reply()


class Block:
    """Requests that a thread runs one after the other, and what came of them so far."""

    __slots__ = ("asked", "is_bare", "is_over", "outcomes", "took_ns")

    def __init__(self, asked: list[Asked]) -> None:
        self.asked = asked
        self.outcomes: list[Outcome] = []
        """Position by position; only the thread adds to it."""
        self.is_bare = True
        """Whether every outcome is just its time."""
        self.is_over = False
        """The rest is not to be begun any more."""
        self.took_ns = 0

    def is_through(self, outcomes: list[Outcome]) -> bool:
        """Whether these are all that will ever come of it."""
        return len(outcomes) == len(self.asked) or (bool(outcomes) and _ends_block(outcomes[-1]))


def _fault_in(outcome: Outcome) -> Fault | None:
    return outcome[1] if isinstance(outcome, tuple) and isinstance(outcome[1], Fault) else None


def _ends_block(outcome: Outcome) -> bool:
    """Whether the user must be asked before anything else is done: the session is lost, or the fault is ours."""
    fault = _fault_in(outcome)
    return fault is not None and (fault.lost or fault.error_class.startswith("client."))


class ThreadLane(ReplyLane):
    """A session and its thread. A daemon: a call that never returns does not keep the process alive."""

    __slots__ = ("_block", "_blocks", "_in_block", "ended", "session")

    def __init__(self, pool: ThreadClient) -> None:
        super().__init__(pool)
        self.session: Any = None
        self._block: Block | None = None
        self._blocks: SimpleQueue[Block | None] = SimpleQueue()
        self._in_block = 1
        """Requests for the next block."""
        self.ended: asyncio.Future[None] = pool.loop.create_future()

    # on the loop

    async def open(self) -> None:
        """Start the thread; it opens the session and carries the request that waits."""
        if self.operation is None:  # given up meanwhile
            self._set_ended()
            return
        self._hand_over()
        threading.Thread(target=self._work, name=self.pool.target.url.partition(":")[0], daemon=True).start()

    def assign(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: Any,  # noqa: ANN401 - what a request is, the driver says
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Take a request. What it waits for the thread belongs to its start delay."""
        super().assign(operation, cell, request, 0, user)
        self.intended_ns = intended_ns

    def send(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: Any,  # noqa: ANN401 - what a request is, the driver says
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Hand a request to the thread of this open and idle session, and what its user does next with it."""
        self.assign(operation, cell, request, intended_ns, user)
        self._hand_over()

    def _hand_over(self) -> None:
        asked: list[Asked] = [(self.operation, self.cell, self.request)]
        ahead, user = self.pool.ahead, self.user
        if self._in_block > 1 and ahead is not None and user is not None:
            asked += ahead(user, self._in_block - 1)
        self._block = block = Block(asked)
        self._blocks.put(block)

    def _opened(self, opened_ns: int) -> None:
        self.is_open = True
        self.pool.opened += 1
        self._opened_ns = opened_ns

    def _landed(self, block: Block) -> None:
        """The thread is done with a block."""
        if block is not self._block:  # given up meanwhile
            return
        self._block = None
        fault = _fault_in(block.outcomes[-1])
        lost = fault is not None and fault.lost
        failure = self._count(block, block.outcomes)
        done = len(block.outcomes)
        fitting = BLOCK_NS * done // max(1, block.took_ns)
        self._in_block = max(1, min(fitting, MOST_IN_BLOCK, self._in_block * _GROWTH))
        self._hand_back(failure, keeps=not lost)
        if lost:
            self.close()

    def _count(self, block: Block, outcomes: list[Outcome]) -> Failure | None:
        """Count what came of the requests of a block; how the last one failed, if it did."""
        if self.intended_ns:
            self.cell.delays.append(self._delay_ns)
        if block.is_bare and self.served and not self.intended_ns and len({cell for _, cell, _ in block.asked}) == 1:
            more = len(outcomes) - 1
            self.cell.scheduled += more
            self.cell.started += more
            self.cell.whole = _PART
            self.cell.plain += outcomes  # type: ignore[arg-type]  # bare: times
            return None
        failure: Failure | None = None
        for position, ((operation, cell, request), outcome) in enumerate(zip(block.asked, outcomes, strict=False)):
            if position:
                cell.scheduled += 1
                cell.started += 1
            if isinstance(outcome, int):
                if self.served and not self.intended_ns:
                    cell.whole = _PART
                    cell.plain.append(outcome)
                    failure = None
                    continue
                service_ns, came = outcome, _NOTHING
            else:
                service_ns, came = outcome
            self.request = request
            if isinstance(came, Fault):
                self._answer = came.response
                failure = came.said
                self._count_failure(operation, cell, failure, service_ns)
            else:
                failure = self._count_answer(operation, cell, self.user, came, service_ns)
            self.served += 1
        return failure

    def _give_up_block(self) -> bool:
        """Count what is done of the block. Whether a request is on its way: it is the one in flight then."""
        block, self._block = self._block, None
        if block is None:
            return self.operation is not None
        block.is_over = True
        outcomes = list(block.outcomes)
        if outcomes:
            self._count(block, outcomes)
            self.intended_ns = 0
        if block.is_through(outcomes):
            return False
        self.operation, self.cell, self.request = block.asked[len(outcomes)]
        if outcomes:
            self.cell.scheduled += 1
            self.cell.started += 1
        elif self.intended_ns:
            self.cell.delays.append(self._delay_ns)
        return True

    def expire(self, now_ns: int) -> None:
        """The request that the thread is at is past its deadline."""
        if self._block is not None and self._block.is_through(self._block.outcomes):
            return  # it is not: the block is on its way back
        user = self.user
        if self._give_up_block():
            super().expire(now_ns)
        else:
            self._clear()
            self.close()
            self.done(self.pool, None, user, None)

    def fail(self, error_class: str, detail: str) -> None:
        """The session cannot be opened."""
        self._give_up_block()
        super().fail(error_class, detail)

    def cancel(self) -> None:
        """The run ends: give up the request in flight, if any."""
        if not self._give_up_block():
            self._clear()
        super().cancel()

    def close(self) -> None:
        """End the thread after the call in hand."""
        self.pool.forget(self)
        self._blocks.put(None)
        if self.session is not None:
            self.pool.interrupt(self.session)

    # in the thread

    def _work(self) -> None:
        pool: ThreadClient = self.pool
        tell = pool.loop.call_soon_threadsafe
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            try:
                session = pool.open_session()
            except Fault as fault:
                tell(self.fail, *fault.said)
            except OSError as error:
                tell(self.fail, *connect_error(error))
            except Exception as error:  # noqa: BLE001 - the driver's own mistake ends this request, not the worker
                tell(self.fail, "client.driver", words_of(error))
            else:
                tell(self._opened, perf_counter_ns() - self.started_ns)
                self.session = session
                self._carry_all(pool.exchange, tell)
                self.session = None
                pool.close_session(session)
            tell(self._set_ended)

    def _set_ended(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def _carry_all(self, exchange: Callable[..., Response | None], tell: Callable[..., object]) -> None:
        is_first = True
        while (block := self._blocks.get()) is not None:
            began_ns = perf_counter_ns()
            if is_first:  # its time runs since before the session was opened
                self._carry(block, exchange, self.started_ns)
                is_first = False
            else:
                self._carry(block, exchange, 0)
            block.took_ns = perf_counter_ns() - began_ns
            if block.outcomes:
                tell(self._landed, block)

    def _carry(self, block: Block, exchange: Callable[..., Response | None], since_ns: int) -> None:
        session, take = self.session, block.outcomes.append
        for operation, _, request in block.asked:
            if block.is_over:
                return
            self.started_ns = began_ns = since_ns or perf_counter_ns()
            try:
                reply = exchange(session, request, operation.lean)  # type: ignore[attr-defined]  # of RenderedOperation
                ended_ns = perf_counter_ns()
            except Exception as error:  # noqa: BLE001 - the driver's own mistake ends this request, not the worker
                outcome = perf_counter_ns() - began_ns, _fault_of(error)
                block.is_bare = False
                take(outcome)
                if _ends_block(outcome):
                    return
                continue
            if reply is None:
                take(ended_ns - began_ns)
            else:
                block.is_bare = False
                take((ended_ns - began_ns, reply))


def _fault_of(error: Exception) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, OSError):
        return Fault("reset", safe_text(str(error)), lost=True)
    return Fault("client.driver", words_of(error), lost=True)


class ThreadClient(SessionPool):
    """A pool of sessions with a thread each. A driver writes `open_session` and `exchange`; both may block."""

    @abstractmethod
    def open_session(self) -> Any:  # noqa: ANN401 - whatever the driver needs
        """A new session, in its thread.

        Raises:
            Fault: it cannot be opened.
            OSError: the same, from the system.
        """

    @abstractmethod
    def exchange(self, session: Any, request: Any, lean: bool) -> Response | None:  # noqa: ANN401, FBT001 - of the driver; a keyword would cost each call
        """Make one request in the session's thread, and give its answer.

        Args:
            session: as opened.
            request: as the operation makes it.
            lean: nobody looks into a good answer. None will do where it has no bytes and no parts.

        Raises:
            Fault: the request failed.
            OSError: the session broke.
        """

    def close_session(self, session: Any) -> None:  # noqa: ANN401 - of the driver; nothing to do by default
        """Close a session, in its thread."""

    def interrupt(self, session: Any) -> None:  # noqa: ANN401 - of the driver; nothing can be done by default
        """Nobody waits for the call in hand any more; called from the loop."""

    async def try_session(self, _request: Any) -> None:  # noqa: ANN401 - as SessionPool
        """As SessionPool."""
        await asyncio.to_thread(lambda: self.close_session(self.open_session()))

    def new_lane(self) -> ThreadLane:
        """A session that is still to be opened."""
        lane = ThreadLane(self)
        self._threads.add(lane.ended)
        lane.ended.add_done_callback(self._threads.discard)
        return lane

    def begin(self) -> None:
        """As TargetPool."""
        self._threads: set[asyncio.Future[None]] = set()

    async def close(self) -> None:
        """End every session; a call that does not return is left alone."""
        await super().close()
        if self._threads:
            await asyncio.wait(self._threads, timeout=_LEAVE_S)
